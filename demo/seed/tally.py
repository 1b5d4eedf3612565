"""What was loaded, what was there, what failed; counted by many threads, told in one line."""

import threading
from collections import Counter
from decimal import Decimal
from enum import StrEnum

from demo.http import FinalResponse
from demo.seed.rules import Reason
from demo.seed.survey import Skips, Survey

_MOST_MESSAGES = 20


class SeedKind(StrEnum):
    """What is loaded, in the order of loading."""

    CUSTOMERS = "customers"
    PRODUCTS = "products"
    RECEIPTS = "stock receipts"
    ORDERS = "orders"


class SeedTally:
    """Counts of outcomes; safe to use from many threads.

    Attributes:
        loaded, existing, failed: by kind.
        pence: worth of the orders that are loaded, or were there, or failed: by the same three words.
        confirmed: orders that are confirmed, or further.
        cancelled: orders that somebody cancelled since.
        unconfirmed: orders that are there and were not confirmed.
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
        """Count what the API answered to a command that brings something in; whether that is there now."""
        if answer.status in (200, 201):
            self.load(kind, pence)
        elif answer.code == "duplicate" and answer.body.get("existing"):
            self.exist(kind, pence)
        else:
            self.fail(kind, answer.told(what), pence)
            return False
        return True

    def load(self, kind: SeedKind, pence: int = 0) -> None:
        """Count something that this run brought in."""
        with self._lock:
            self.loaded[kind] += 1
            self.pence["loaded"] += pence

    def exist(self, kind: SeedKind, pence: int = 0) -> None:
        """Count something that was there already."""
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
        """Count an order that is there but not as it should be."""
        with self._lock:
            self.unconfirmed += 1
            self._keep(message)

    def fail(self, kind: SeedKind, message: str, pence: int = 0) -> None:
        """Count a failure and keep the first messages."""
        with self._lock:
            self.failed[kind] += 1
            self.pence["failed"] += pence
            self._keep(message)

    @property
    def failures(self) -> int:
        """How much went wrong, whatever it was."""
        return self.failed.total() + self.unconfirmed

    def _keep(self, message: str) -> None:
        if len(self.messages) < _MOST_MESSAGES:
            self.messages.append(message)


def summary(survey: Survey, tally: SeedTally, waited: bool) -> str:
    """The last line: loaded, already there, skipped and why, failed."""
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
    """1234567 -> "12,345.67 GBP"."""
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
