"""The queries of the load, and what they must show.

With a Consistency-Token: what it names, or that it cannot be shown yet. Without: what is there; and where all
queries go to one server, never less than was shown before.
"""

import random
from typing import Any

from local.load.client import Sends, TimedResponse
from local.load.ledger import AcknowledgedCommit, Ledger
from local.load.mix import MOST_LISTED, Mix
from local.load.tally import LoadTally

_EXPECTED_REFUSALS = frozenset({0, 429, 502, 503, 504})
_WITH_TOKEN = 0.6


class Looker:
    """Sends queries, one after the other.

    Args:
        client: that may send every query of the mix.
        mix: the domain's.
        ledger: what was acknowledged and shown.
        tally: where answers and broken promises are counted.
        chance: what is random comes from it.
        one_server: whether all queries are answered by one server, so that time never goes back for them.
    """

    def __init__(
        self,
        client: Sends,
        mix: Mix,
        ledger: Ledger,
        tally: LoadTally,
        chance: random.Random,
        *,
        one_server: bool = False,
    ) -> None:
        self._client = client
        self._mix = mix
        self._ledger = ledger
        self._tally = tally
        self._chance = chance
        self._one_server = one_server

    def look(self) -> None:
        """One query of the mix."""
        commit = self._ledger.recent(self._chance)
        if commit is None or self._chance.random() < 0.25:
            self.list_something()
        elif self._chance.random() < _WITH_TOKEN:
            if commit.shown.list and self._chance.random() < 0.5:
                self.own_write_in_list(commit)
            else:
                self.own_write(commit)
        else:
            self.without_token(commit)

    def list_something(self) -> None:
        """One of the mix's lists."""
        path = self._chance.choice(self._mix.lists)
        answer = self._send(path.partition("?")[0], path)
        if answer.good:
            self._mix.listed(path, answer.body.get("items", ()))

    def own_write(self, commit: AcknowledgedCommit, wait: int = 2) -> TimedResponse:
        """What was acknowledged is shown at that version or a newer one."""
        path = commit.shown.path
        headers = {"Consistency_Token": commit.token, "Prefer": f"wait={wait}"}
        answer = self._send("with token", path, expected={404}, **headers)
        if commit.shown.has_version and (answer.good or answer.status == 404):
            told = f"GET {path} with the token of version {commit.version}: {answer.status} {answer.body}"
            self._tally.check(_version(answer) >= commit.version, told)
        return answer

    def own_write_in_list(self, commit: AcknowledgedCommit) -> None:
        """What was acknowledged is in a list of its own kind, newest first."""
        path = commit.shown.list
        answer = self._send("list with token", path, Consistency_Token=commit.token)
        if answer.good:
            versions = {item["id"]: item["version"] for item in answer.body["items"]}
            # It may be on the next page by now.
            full = len(versions) == MOST_LISTED and commit.id not in versions
            told = f"GET {path} with the token of {commit.id}, version {commit.version}: {versions.get(commit.id)}"
            self._tally.check(full or versions.get(commit.id, 0) >= commit.version, told)

    def without_token(self, commit: AcknowledgedCommit) -> None:
        """What is there; of one server, never less than it has shown."""
        shown = commit.shown
        if shown.list and self._chance.random() < 0.5:
            self._never_less("list of its kind", shown.list, lambda answer: len(answer.body["items"]))
        elif shown.has_version:
            self._never_less("item", shown.path, _version)
        else:
            self._send("item", shown.path, expected={404})

    def _never_less(self, what: str, path: str, much: Any) -> None:
        before = self._ledger.most_shown(path)
        answer = self._send(what, path, expected={404})
        if answer.good or answer.status == 404:
            shown = much(answer) if answer.good else 0
            if self._one_server:
                self._tally.check(shown >= before, f"GET {path} shows {shown} after {before}")
            self._ledger.show(path, shown)

    def _send(self, what: str, path: str, *, expected: Any = (), **headers: str) -> TimedResponse:
        answer = self._client.send("GET", path, **headers)
        self._tally.answered("queries", f"GET {what}", answer)
        refused = answer.status in _EXPECTED_REFUSALS or answer.status in expected
        self._tally.check(answer.good or refused, f"GET {path}: {answer.status} {answer.body}")
        return answer


def _version(answer: TimedResponse) -> int:
    """The version that is shown; 0 where nothing is."""
    return int(answer.body["version"]) if answer.good else 0
