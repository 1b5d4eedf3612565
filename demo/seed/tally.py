"""The outcomes of a run: loaded, existing, failed. Many threads count them, and one line summarizes them."""

import threading
from collections import Counter
from decimal import Decimal
from enum import StrEnum

from demo.http import FinalResponse
from demo.seed.rules import Reason
from demo.seed.survey import Skips, Survey

_MOST_MESSAGES = 20


class SeedKind(StrEnum):
    """A kind of item to load, in the order of loading."""

    CUSTOMERS = "customers"
    PRODUCTS = "products"
    RECEIPTS = "stock receipts"
    ORDERS = "orders"


class SeedTally:
    """Counts of outcomes. Safe to use from many threads.

    Attributes:
        loaded, existing, failed: by kind.
        pence: the worth of the loaded, existing and failed orders, by these words.
        confirmed: orders that are confirmed, or shipped or delivered since.
        cancelled: orders that somebody has cancelled since.
        unconfirmed: orders that exist and were not confirmed.
        messages: the first failures, as sentences.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.loaded: Counter[SeedKind] = Counter()
        self.existing: Counter[SeedKind] = Counter()
        self.failed: Counter[SeedKind] = Counter()
        self.pence: Counter[str] = Counter()
        self.confirmed = 0
        self.cancelled = 0
        self.unconfirmed = 0
        self.messages: list[str] = []

    def count(self, kind: SeedKind, answer: FinalResponse, what: str, pence: int = 0) -> bool:
        """Count the API's answer to a command that adds an item. Return whether the item exists now."""
        if answer.status in (200, 201):
            self.load(kind, pence)
        elif answer.code == "duplicate" and answer.body.get("existing"):
            self.exist(kind, pence)
        else:
            self.fail(kind, answer.told(what), pence)
            return False
        return True

    def load(self, kind: SeedKind, pence: int = 0) -> None:
        """Count an item that this run loaded."""
        with self._lock:
            self.loaded[kind] += 1
            self.pence["loaded"] += pence

    def exist(self, kind: SeedKind, pence: int = 0) -> None:
        """Count an item that existed already."""
        with self._lock:
            self.existing[kind] += 1
            self.pence["existing"] += pence

    def confirm(self) -> None:
        """Count an order that is confirmed now."""
        with self._lock:
            self.confirmed += 1

    def leave_cancelled(self) -> None:
        """Count an order that stays cancelled."""
        with self._lock:
            self.cancelled += 1

    def not_confirmed(self, message: str) -> None:
        """Count an order that exists but is not as expected."""
        with self._lock:
            self.unconfirmed += 1
            self._keep(message)

    def fail(self, kind: SeedKind, message: str, pence: int = 0) -> None:
        """Count a failure, and keep the first messages."""
        with self._lock:
            self.failed[kind] += 1
            self.pence["failed"] += pence
            self._keep(message)

    @property
    def failures(self) -> int:
        """The number of all failures."""
        return self.failed.total() + self.unconfirmed

    def _keep(self, message: str) -> None:
        if len(self.messages) < _MOST_MESSAGES:
            self.messages.append(message)


def summary(survey: Survey, tally: SeedTally, waited: bool) -> str:
    """Return the last line of output: loaded, existing, skipped with reasons, failed."""
    parts = [
        f"loaded: {_counts(tally.loaded, tally.pence['loaded'])}",
        f"already there: {_counts(tally.existing, tally.pence['existing'])}",
        f"confirmed: {_confirmed(tally)}" if waited else "not waited for, as told",
        f"skipped: {_skipped(survey.skips, survey.lines)}",
        f"failed: {_counts(tally.failed, tally.pence['failed'])}",
    ]
    if survey.renamed:
        changes = ", ".join(
            f"{old!r} is {new} ({lines:,} lines)" for (old, new), lines in sorted(survey.renamed.items())
        )
        parts.insert(4, f"stock codes that cannot be SKUs: {changes}")
    return "; ".join(parts)


def pounds(pence: int) -> str:
    """Return an amount as text: 1234567 -> "12,345.67 GBP"."""
    return f"{Decimal(pence).scaleb(-2):,.2f} GBP"


def _confirmed(tally: SeedTally) -> str:
    told = f"{tally.confirmed:,} orders"
    if tally.cancelled:
        told += f", {tally.cancelled:,} were cancelled since"
    if tally.unconfirmed:
        told += f", {tally.unconfirmed:,} were not"
    return told


def _counts(counts: Counter[SeedKind], pence: int) -> str:
    told = [f"{counts[kind]:,} {kind}" for kind in SeedKind if counts[kind]]
    if counts[SeedKind.ORDERS]:
        told[-1] += f" worth {pounds(pence)}"
    return ", ".join(told) or "nothing"


def _skipped(skips: Skips, lines: int) -> str:
    if not skips.count:
        return f"none of {lines:,} lines"
    reasons = [
        f"{skips.count[reason]:,} {reason} ({skips.worth[reason]:,} GBP)" for reason in Reason if skips.count[reason]
    ]
    return f"{skips.count.total():,} of {lines:,} lines, {', '.join(reasons)}"
