"""What is sampled while a soak goes on, and whether it stays flat."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

_MEGABYTE = 1 << 20
# Allocators keep what a burst needed once: that is no leak. A leak of a kilobyte a request is many times this.
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
        """The median of the second fifth, when everything is warm, and that of the last."""
        values = self.taken[name]
        fifth = max(1, len(values) // 5)
        return statistics.median(values[fifth : 2 * fifth] or values), statistics.median(values[-fifth:])

    def memory_is_flat(self, name: str) -> bool:
        """Whether a process is about as large at the end as it was when it was warm."""
        early, late = self.early_and_late(name)
        return late <= early * (1 + ALLOWED_GROWTH) + ALLOWED_MEGABYTES

    def connections_are_flat(self, name: str) -> bool:
        """Whether no more connections are open at the end than were when all was warm, but for a few."""
        early, late = self.early_and_late(name)
        return late <= early + ALLOWED_CONNECTIONS

    def as_lines(self) -> Sequence[str]:
        """A table in Markdown."""
        lines = ["| | second fifth | last fifth | least | most |", "|---|--:|--:|--:|--:|"]
        for name, values in self.taken.items():
            early, late = self.early_and_late(name)
            lines.append(f"| {name} | {early:,.0f} | {late:,.0f} | {min(values):,.0f} | {max(values):,.0f} |")
        return lines


def resident_megabytes(pid: int) -> float:
    """The memory of a process, as Linux tells it."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * 4096 / _MEGABYTE
