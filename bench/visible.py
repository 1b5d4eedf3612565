"""The time from a command's answer until queries can see the change, on the local stack, by service.

The stack of `make run` gets commands over HTTP at a steady rate, one of each service in turn: a customer is changed, a
product is repriced, stock is received, and an order of three lines is placed (which the saga confirms meanwhile). A
watcher asks the read model every two milliseconds for the commits that it does not show yet. The figure is the time
from the arrival of the command's answer until the watcher sees the commit. The load, the watcher and the whole stack
share the machine. We know of no other project that publishes this figure.
"""

import statistics
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from bench.rows import Row, Size, within
from bench.stack import processor_seconds_of, told, used_since
from chalicelib.core.mysql.connections import connect
from local.mariadb import USER, MariaDB
from local.pump import GATHER_SECONDS, LONGEST_GATHER_SECONDS
from local.stack import DATABASE
from tests.support.client import Answer, Client
from tests.support.running import Run

RATES = (20, 50)
_SERVICES = ("customers", "catalog", "inventory", "orders")
_SENDERS = 8
_LOOK_SECONDS = 0.002
_MOST_SECONDS = 60.0
_WHY = (
    "A commit is told to the pump at once; then come a read of its stream and the projector's transaction, which is"
    " committed to disk. Where a batch was just read, the next waits {pause:.0f} ms, and where a batch was large up to"
    " {longest:.0f} ms, to gather several records."
    " Meanwhile the parts of the stack used, in percent of a core: {used}; the load and the watcher are beside them."
)


class Watcher:
    """A watcher that notes when the read model shows each commit."""

    def __init__(self, url: str) -> None:
        self._connection = connect(url)
        self._lock = threading.Lock()
        self._waiting: dict[tuple[str, str, int], float] = {}
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        self.seconds: dict[str, list[float]] = {}

    def acknowledged(self, service: str, id: str, version: int) -> None:
        """Note that a command was answered just now."""
        with self._lock:
            self._waiting[service, id, version] = time.perf_counter()

    def wait(self) -> None:
        """Wait until all commits are shown.

        Raises:
            AssertionError: a commit is not shown within a minute.
        """
        deadline = time.monotonic() + _MOST_SECONDS
        while self._waiting:
            assert time.monotonic() < deadline, f"never shown: {list(self._waiting)[:3]}"
            time.sleep(0.05)

    def stop(self) -> None:
        """Stop watching."""
        self._stopped.set()
        self._thread.join()
        self._connection.close()

    def _watch(self) -> None:
        while not self._stopped.wait(_LOOK_SECONDS):
            with self._lock:
                asked = list(self._waiting)
            if not asked:
                continue
            any_of = ", ".join(["(%s, %s, %s)"] * len(asked))
            with self._connection.cursor() as cursor:
                cursor.execute(
                    f"SELECT service, id, version FROM timeline WHERE (service, id, version) IN ({any_of})",
                    [value for key in asked for value in key],
                )
                shown = cursor.fetchall()
            now = time.perf_counter()
            with self._lock:
                for service, id, version in shown:
                    since = self._waiting.pop((service, id, version))
                    self.seconds.setdefault(service, []).append(now - since)


class Load:
    """A load of commands at a steady rate.

    Args:
        client: an admin's client.
        watcher: the watcher to which each answer is reported.
    """

    def __init__(self, client: Client, watcher: Watcher) -> None:
        self._client = client
        self._watcher = watcher
        self._customers = [self._new_customer(number) for number in range(_SENDERS)]
        for number in range(_SENDERS):
            self._new_product(f"SKU-{number}")

    def run(self, rate: int, seconds: float) -> None:
        """Send so many commands a second, for so many seconds."""
        begun = time.monotonic()
        total = round(rate * seconds)
        failed: list[BaseException] = []

        def send(sender: int) -> None:
            try:
                for number in range(sender, total, _SENDERS):
                    time.sleep(max(0.0, begun + number / rate - time.monotonic()))
                    self._command(sender, number)
            except BaseException as error:
                failed.append(error)

        threads = [threading.Thread(target=send, args=(number,)) for number in range(_SENDERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if failed:
            raise failed[0]

    def _command(self, sender: int, number: int) -> None:
        service = _SERVICES[(number + number // _SENDERS) % len(_SERVICES)]  # each sender uses each service
        sku = f"SKU-{sender}"
        match service:
            case "customers":
                answer = self._client.patch(f"/customers/{self._customers[sender]}", {"name": f"Ada {number}"})
            case "catalog":
                answer = self._client.patch(f"/products/{sku}", {"price": 100 + number})
            case "inventory":
                answer = self._client.post(f"/stock/{sku}/receipts", {"quantity": 10})
            case _:
                lines = [{"sku": f"SKU-{(sender + n) % _SENDERS}", "quantity": 1} for n in range(3)]
                answer = self._client.post("/orders", {"customer_id": self._customers[sender], "lines": lines})
        if answer.status != 409:  # a lost race with the saga, five times in a row
            self._note(service, answer)

    def _note(self, service: str, answer: Answer) -> Mapping[str, Any]:
        assert answer.status in (200, 201), answer
        body: Mapping[str, Any] = answer.json
        self._watcher.acknowledged(service, body["id"], body["version"])
        return body

    def _new_customer(self, number: int) -> str:
        answer = self._client.post("/customers", {"name": "Ada", "email": f"ada{number}-{time.time_ns()}@example.com"})
        return str(self._note("customers", answer)["id"])

    def _new_product(self, sku: str) -> None:
        product = {"sku": sku, "name": f"Lantern {sku}", "price": 100, "currency": "GBP"}
        answer = self._client.post("/products", product)
        if answer.status != 409:  # added at the rate before
            self._note("catalog", answer)
            self._note("inventory", self._client.post(f"/stock/{sku}/receipts", {"quantity": 1_000_000}))


def rows(size: Size) -> Iterator[Row]:
    """Yield the median and the 99th percentile of each service at each rate, in milliseconds."""
    seconds = size.choose(20, 1)
    with tempfile.TemporaryDirectory(prefix="tributary-bench-") as name:
        stack = Run(Path(name) / "state").start()
        try:
            client = stack.ready()
            url = MariaDB(stack.folder / "mariadb", stack.ports["MYSQL_PORT"], database=DATABASE).url(USER)
            for rate in RATES:
                before, start = processor_seconds_of(stack), time.monotonic()
                found = measure(client, url, rate, seconds)
                passed = time.monotonic() - start
                used = told({part: 100 * spent / passed for part, spent in used_since(before, stack).items()})
                yield from _rows(
                    found,
                    rate,
                    seconds,
                    _WHY.format(pause=1000 * GATHER_SECONDS, longest=1000 * LONGEST_GATHER_SECONDS, used=used),
                )
            done = stack.ops("verify")
            assert done.returncode == 0, done.stdout + done.stderr
        finally:
            stack.stop()


def measure(client: Client, url: str, rate: int, seconds: float) -> Mapping[str, list[float]]:
    """Return the seconds of every command, by service."""
    watcher = Watcher(url)
    try:
        load = Load(client, watcher)
        watcher.wait()
        watcher.seconds.clear()  # the opening commands do not count
        load.run(rate, seconds)
        watcher.wait()
    finally:
        watcher.stop()
    return watcher.seconds


def _rows(found: Mapping[str, list[float]], rate: int, seconds: float, note: str) -> Iterator[Row]:
    for service in _SERVICES:
        milliseconds = sorted(1000 * value for value in found[service])
        cuts = statistics.quantiles(milliseconds, n=100) if len(milliseconds) > 1 else milliseconds * 99
        for name, value, most in (("p50", cuts[49], 25), ("p99", cuts[98], 150)):
            yield Row(
                path=f"visible: {service}, {name}",
                size=f"{rate} commands/s for {seconds:g} s, {len(milliseconds)} of {service}",
                ours=value,
                unit="ms",
                bar=within(most),
                note=note,
            )
