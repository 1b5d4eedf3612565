"""What a benchmark answers: rows, each a figure of ours beside another's, with the bar that it has to reach.

A module of bench/ that measures a path has a function `rows(size: Size) -> Iterator[Row]`, and a line in
bench/__main__.py. Its docstring says what is measured and how; it is printed in docs/performance.md.
"""

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True)
class Size:
    """How much to measure.

    Attributes:
        orders: what ORDERS= asks for; None for each path's own default.
        short: CI's form, which asserts that all works and measures nothing.
    """

    orders: int | None = None
    short: bool = False

    def choose(self, usual: int, short: int) -> int:
        """A number of rounds, or of whatever ORDERS= does not set."""
        return short if self.short else usual

    def choose_orders(self, usual: int, short: int) -> int:
        """The number of orders."""
        return self.orders or self.choose(usual, short)


@dataclass(frozen=True)
class Bar:
    """What has to be reached.

    Attributes:
        of: "ratio", ours through the other's; or "ours", in the row's unit.
        is_least: whether the limit is the least that is enough, or the most.
        limit: itself reaches the bar.
    """

    of: Literal["ratio", "ours"]
    is_least: bool
    limit: float

    def reached_by(self, value: float) -> bool:
        """Whether a value is on the right side of the limit."""
        return value >= self.limit if self.is_least else value <= self.limit


def at_least(ratio: float) -> Bar:
    """Ours is so many times the other's, or more."""
    return Bar("ratio", is_least=True, limit=ratio)


def at_most(ratio: float) -> Bar:
    """Ours is so many times the other's, or less."""
    return Bar("ratio", is_least=False, limit=ratio)


def within(limit: float) -> Bar:
    """Ours is so much, or less, in the row's unit."""
    return Bar("ours", is_least=False, limit=limit)


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the table.

    Attributes:
        path: what was measured, such as "command: change a customer".
        size: on how much, such as "100,000 orders".
        ours: our figure.
        unit: of both figures: "ms", "orders/s".
        beside: what our figure is compared with; "" for nothing.
        figure: the figure of that.
        bar: what to reach; None where a figure is only stated.
        note: whatever a reader has to know; where the bar is not reached, why, and what would be needed.
    """

    path: str
    size: str
    ours: float
    unit: str
    beside: str = ""
    figure: float | None = None
    bar: Bar | None = None
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """Ours through the other's."""
        return self.ours / self.figure if self.figure else None

    @property
    def reached(self) -> bool | None:
        """Whether the bar is reached; None where there is none."""
        if self.bar is None:
            return None
        value = self.ratio if self.bar.of == "ratio" else self.ours
        return value is not None and self.bar.reached_by(value)

    def as_json(self) -> dict[str, Any]:
        """All of it, for --json."""
        bar = self.bar and {"of": self.bar.of, "least" if self.bar.is_least else "most": self.bar.limit}
        return {**vars(self), "ratio": self.ratio, "bar": bar, "reached": self.reached}


def seconds_of(work: Callable[[], object]) -> float:
    """How long a call takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def medians(contenders: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """The median seconds of each contender. They take turns, so that whatever else the machine does falls on all."""
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, work in contenders.items():
            seconds[name].append(seconds_of(work))
    return {name: statistics.median(found) for name, found in seconds.items()}
