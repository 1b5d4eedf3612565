"""The result of a benchmark: rows, each with a figure of ours, a figure to compare it with, and the bar to reach.

A module of bench/ that measures a path has a function `rows(size: Size) -> Iterator[Row]`, and a line in
bench/__main__.py. Its docstring says what is measured and how, and is printed in docs/performance.md. If `size.large`,
it also yields its large rows, with `Row(large=True)`; their number of orders is `size.choose(1_000_000, 60)`.
"""

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True)
class Size:
    """The amount to measure.

    Attributes:
        orders: the value of ORDERS=; None for each path's own default.
        short: whether it is CI's form, which checks that everything works and measures nothing.
        large: whether to measure the large rows as well. They take an hour in all.
    """

    orders: int | None = None
    short: bool = False
    large: bool = False

    def choose(self, usual: int, short: int) -> int:
        """Return the full or the short number of rounds, or of anything else that ORDERS= does not set."""
        return short if self.short else usual

    def choose_orders(self, usual: int, short: int) -> int:
        """Return the number of orders."""
        return self.orders or self.choose(usual, short)


@dataclass(frozen=True)
class Bar:
    """A limit that a figure has to reach.

    Attributes:
        of: "ratio", our figure divided by the other; or "ours", our figure in the row's unit.
        is_least: whether the limit is a minimum; else it is a maximum.
        limit: the value of the limit, which itself reaches the bar.
    """

    of: Literal["ratio", "ours"]
    is_least: bool
    limit: float

    def reached_by(self, value: float) -> bool:
        """Return whether a value reaches the limit."""
        return value >= self.limit if self.is_least else value <= self.limit


def at_least(ratio: float) -> Bar:
    """Return the bar that our figure is at least so many times the other."""
    return Bar("ratio", is_least=True, limit=ratio)


def at_most(ratio: float) -> Bar:
    """Return the bar that our figure is at most so many times the other."""
    return Bar("ratio", is_least=False, limit=ratio)


def within(limit: float) -> Bar:
    """Return the bar that our figure is at most so much, in the row's unit."""
    return Bar("ours", is_least=False, limit=limit)


@dataclass(frozen=True, kw_only=True)
class Row:
    """A line of the table.

    Attributes:
        path: what was measured, such as "command: change a customer".
        size: the amount of data, such as "100,000 orders".
        ours: our figure.
        unit: the unit of both figures: "ms", "orders/s".
        beside: what our figure is compared with; "" for nothing.
        figure: the other figure.
        bar: the limit to reach; None if a figure is only stated.
        note: what a reader has to know. If the bar is not reached: why, and what would be needed.
        large: whether it is measured only if `Size.large`. A later run without large rows keeps it.
    """

    path: str
    size: str
    ours: float
    unit: str
    beside: str = ""
    figure: float | None = None
    bar: Bar | None = None
    note: str = ""
    large: bool = False

    @property
    def ratio(self) -> float | None:
        """Our figure divided by the other."""
        return self.ours / self.figure if self.figure else None

    @property
    def reached(self) -> bool | None:
        """Whether the bar is reached; None if there is none."""
        if self.bar is None:
            return None
        value = self.ratio if self.bar.of == "ratio" else self.ours
        return value is not None and self.bar.reached_by(value)

    def as_json(self) -> dict[str, Any]:
        """Return all fields, for --json."""
        bar = self.bar and {"of": self.bar.of, "least" if self.bar.is_least else "most": self.bar.limit}
        return {**vars(self), "ratio": self.ratio, "bar": bar, "reached": self.reached}

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> "Row":
        """Return the row that has these fields in JSON."""
        given = {name: value for name, value in fields.items() if name not in ("ratio", "reached", "bar")}
        bar = fields["bar"]
        return cls(**given, bar=bar and Bar(bar["of"], "least" in bar, bar.get("least", bar.get("most"))))


def seconds_of(work: Callable[[], object]) -> float:
    """Return the seconds that a call takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def medians(contenders: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Return the median seconds of each contender. They take turns, so that other work of the machine affects all."""
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, work in contenders.items():
            seconds[name].append(seconds_of(work))
    return {name: statistics.median(found) for name, found in seconds.items()}
