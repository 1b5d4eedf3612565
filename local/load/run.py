"""The run itself: an opening, two crews at their pace, and a last look at what was acknowledged."""

import random
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace

from local.load.client import NO_ANSWER, CannotGoOn, LoadClient
from local.load.commanding import Commander
from local.load.ledger import AcknowledgedCommit, Ledger
from local.load.looking import Looker
from local.load.mix import Mix
from local.load.pace import Pace
from local.load.tally import LoadReport, LoadTally
from ops.progress import phase

_OPENING_SECONDS = 120.0
_PAUSE_SECONDS = 0.5
# API Gateway says outcome-unknown of queries too, where a function did not answer in time.
_NOT_YET = frozenset({"read-model-behind", "unavailable", "outcome-unknown", "not-found", NO_ANSWER})


@dataclass(frozen=True)
class LoadOptions:
    """What a load is told.

    Attributes:
        url: of the API.
        token: a JWT that may send all of the mix.
        rate: commands a second.
        queries: queries a second.
        seconds: how long.
        clients: how many commands are under way at once.
        readers: how many queries are.
        one_server: whether all queries go to one server; see `Looker`.
        last_look: of how many aggregates the last version is looked for in the end.
        settle: seconds after which the read model is said not to show it.
        seed: of what is random.
    """

    url: str
    token: str
    rate: float = 200.0
    queries: float = 50.0
    seconds: float = 30.0
    clients: int = 8
    readers: int = 4
    one_server: bool = False
    last_look: int = 1000
    settle: float = 300.0
    seed: int = 0


def run(options: LoadOptions, mix: Mix, stopped: threading.Event | None = None) -> LoadReport:
    """Do it all.

    Args:
        options: how much, for how long.
        mix: the domain's commands and lists.
        stopped: set by others to have the last look at once.

    Raises:
        CannotGoOn: the API does not serve even the first commands.
    """
    return _Load(options, mix, stopped or threading.Event()).run()


class _Load:
    def __init__(self, options: LoadOptions, mix: Mix, stopped: threading.Event) -> None:
        self._options = options
        self._stopped = stopped
        self._mix = mix
        self._ledger = Ledger()
        self._tally = LoadTally()
        self._random = random.Random(options.seed)

    def run(self) -> LoadReport:
        self._open()
        self._tally = LoadTally()  # the opening does not count
        begun = time.monotonic()
        self._crews()
        seconds = time.monotonic() - begun
        report = self._tally.report(seconds, {"commands": self._options.rate, "queries": self._options.queries})
        self._last_look()
        return replace(report, checks=self._tally.checks, broken=self._tally.broken, examples=self._tally.examples)

    def _open(self) -> None:
        """What the mix begins with; a store may be away for a while even then."""
        deadline = time.monotonic() + _OPENING_SECONDS
        with self._client() as client:
            commander = self._commander(client, self._random)
            while not self._mix.is_open():
                before = self._tally.refused
                self._mix.open(commander)
                if self._tally.broken or time.monotonic() > deadline:
                    raise CannotGoOn(f"the API refuses what the load begins with: {self._tally.told()}")
                if self._tally.refused > before:
                    time.sleep(_PAUSE_SECONDS)

    def _crews(self) -> None:
        options = self._options
        commands, queries = (Pace(rate, options.seconds, self._stopped) for rate in (options.rate, options.queries))
        with phase("requests", commands.total + queries.total) as advance:

            def command(number: int) -> None:
                with self._client() as client:
                    commander = self._commander(client, self._chance(number))
                    for _ in commands:
                        self._mix.act(commander)
                        advance()

            def look(number: int) -> None:
                with self._client() as client:
                    looker = self._looker(client, number)
                    for _ in queries:
                        looker.look()
                        advance()

            self._together([(command, options.clients), (look, options.readers)])

    def _together(self, crews: list[tuple[Callable[[int], None], int]]) -> None:
        """Run the crews to their end, or all of them to the end of the first that fails."""
        with ThreadPoolExecutor(sum(count for _, count in crews), thread_name_prefix="load") as threads:
            working = [threads.submit(work, number) for work, count in crews for number in range(count)]
            try:
                for future in working:
                    future.result()
            finally:
                self._stopped.set()

    def _last_look(self) -> None:
        """What was acknowledged last of each aggregate is shown, within the time that the read model has."""
        newest = self._ledger.newest(self._options.last_look)
        left, lock = iter(newest), threading.Lock()
        deadline = time.monotonic() + self._options.settle
        with phase("last look", len(newest)) as advance:

            def look(number: int) -> None:
                with self._client() as client:
                    looker = self._looker(client, number)
                    while True:
                        with lock:
                            commit = next(left, None)
                        if commit is None:
                            return
                        self._find(looker, commit, deadline)
                        advance()

            self._together([(look, self._options.readers)])

    def _find(self, looker: Looker, commit: AcknowledgedCommit, deadline: float) -> None:
        while (answer := looker.own_write(commit, wait=10)).problem in _NOT_YET:
            if time.monotonic() > deadline:
                break
        self._tally.check(
            answer.good, f"{commit.shown.path}, version {commit.version}, was acknowledged: {answer.problem}"
        )

    def _commander(self, client: LoadClient, chance: random.Random) -> Commander:
        return Commander(client, self._mix, self._ledger, self._tally, chance)

    def _looker(self, client: LoadClient, number: int) -> Looker:
        chance = self._chance(1000 + number)
        return Looker(client, self._mix, self._ledger, self._tally, chance, one_server=self._options.one_server)

    def _chance(self, number: int) -> random.Random:
        return random.Random(self._options.seed * 10_000 + number)

    @contextmanager
    def _client(self) -> Iterator[LoadClient]:
        client = LoadClient(self._options.url, self._options.token)
        try:
            yield client
        finally:
            client.close()
