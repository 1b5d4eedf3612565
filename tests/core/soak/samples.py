"""Samples during a soak, and checks that they stay flat."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

_MEGABYTE = 1 << 20
# Allocators keep the memory that a burst needed: that is no leak. A leak of a kilobyte a request is many times this.
ALLOWED_GROWTH, ALLOWED_MEGABYTES = 0.15, 15.0
ALLOWED_CONNECTIONS = 4


@dataclass
class Samples:
    """Figures by name, in the order in which they were taken."""

    taken: dict[str, list[float]] = field(default_factory=dict)

    def add(self, figures: Mapping[str, float]) -> None:
        """Take a sample."""
        for name, value in figures.items():
            self.taken.setdefault(name, []).append(value)

    def early_and_late(self, name: str) -> tuple[float, float]:
        """Return the median of the second fifth, after the start-up, and the median of the last fifth."""
        values = self.taken[name]
        fifth = max(1, len(values) // 5)
        return statistics.median(values[fifth : 2 * fifth] or values), statistics.median(values[-fifth:])

    def memory_is_flat(self, name: str) -> bool:
        """Return whether a process has about the same size at the end as after the start-up."""
        early, late = self.early_and_late(name)
        return late <= early * (1 + ALLOWED_GROWTH) + ALLOWED_MEGABYTES

    def connections_are_flat(self, name: str) -> bool:
        """Return whether at the end about as many connections are open as after the start-up."""
        early, late = self.early_and_late(name)
        return late <= early + ALLOWED_CONNECTIONS

    def as_lines(self) -> Sequence[str]:
        """Return a table in Markdown."""
        lines = ["| | second fifth | last fifth | least | most |", "|---|--:|--:|--:|--:|"]
        for name, values in self.taken.items():
            early, late = self.early_and_late(name)
            lines.append(f"| {name} | {early:,.0f} | {late:,.0f} | {min(values):,.0f} | {max(values):,.0f} |")
        return lines


def resident_megabytes(pid: int) -> float:
    """Return the memory of a process, as Linux reports it."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * 4096 / _MEGABYTE
