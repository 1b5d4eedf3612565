"""What happened: how many of each request, how long they took, what was refused, which promises were broken."""

import math
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from local.load.client import TimedResponse

_MOST_EXAMPLES = 20


class Latencies(NamedTuple):
    """Latencies of successful answers, in milliseconds."""

    answers: int
    p50: float
    p95: float
    p99: float
    longest: float


def latencies(seconds: Sequence[float]) -> Latencies:
    """The percentiles (nearest rank) of some latencies; zeros of none."""
    ordered = sorted(seconds)

    def rank(share: float) -> float:
        return round(ordered[max(0, math.ceil(share * len(ordered)) - 1)] * 1000, 1) if ordered else 0.0

    return Latencies(len(ordered), rank(0.5), rank(0.95), rank(0.99), rank(1.0))


@dataclass(frozen=True)
class LoadReport:
    """What a load came to.

    Attributes:
        seconds: it took.
        offered: commands and queries a second that were meant: {"commands": 200.0, ...}.
        achieved: those a second that were answered well.
        latencies: of "commands", "queries", and of every kind of request by its name.
        errors: of "commands" and "queries", the answers that were no success, by problem type.
        checks: how many answers were compared with a promise.
        broken: how many broke it.
        examples: the first of those, in words.
    """

    seconds: float
    offered: Mapping[str, float]
    achieved: Mapping[str, float]
    latencies: Mapping[str, Latencies]
    errors: Mapping[str, Mapping[str, int]]
    checks: int
    broken: int
    examples: Sequence[str]

    def as_document(self) -> dict[str, Any]:
        """The report as JSON has it."""
        return {**vars(self), "latencies": {name: each._asdict() for name, each in self.latencies.items()}}


@dataclass
class LoadTally:
    """Collects it, from many threads."""

    errors: Counter[tuple[str, str]] = field(default_factory=Counter)
    checks: int = 0
    broken: int = 0
    examples: list[str] = field(default_factory=list)
    _seconds: dict[tuple[str, str], list[float]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def answered(self, crew: str, what: str, answer: TimedResponse) -> None:
        """Count an answer, whatever it is."""
        with self._lock:
            if answer.good:
                self._seconds.setdefault((crew, what), []).append(answer.seconds)
            else:
                self.errors[crew, answer.problem] += 1

    def check(self, holds: bool, told: str) -> None:
        """Count a promise; `told` says what was wrong if it was not kept."""
        with self._lock:
            self.checks += 1
            if not holds:
                self.broken += 1
                if len(self.examples) < _MOST_EXAMPLES:
                    self.examples.append(told)

    def report(self, seconds: float, offered: Mapping[str, float]) -> LoadReport:
        """What it comes to."""
        crews: dict[str, list[float]] = {crew: [] for crew in offered}
        for (crew, _), found in self._seconds.items():
            crews[crew] += found
        kinds = {what: latencies(found) for (_, what), found in sorted(self._seconds.items())}
        return LoadReport(
            seconds=round(seconds, 1),
            offered=offered,
            achieved={crew: round(len(found) / seconds, 1) for crew, found in crews.items()},
            latencies={**{crew: latencies(found) for crew, found in crews.items()}, **kinds},
            errors={crew: self._errors(crew) for crew in offered},
            checks=self.checks,
            broken=self.broken,
            examples=self.examples,
        )

    @property
    def refused(self) -> int:
        """How many answers were no success."""
        return self.errors.total()

    def told(self) -> str:
        """What went wrong, in a few words."""
        return "; ".join([*(f"{count} {problem}" for (_, problem), count in self.errors.items()), *self.examples[:1]])

    def _errors(self, crew: str) -> dict[str, int]:
        return {problem: count for (who, problem), count in sorted(self.errors.items()) if who == crew}
