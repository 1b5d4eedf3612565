"""What a benchmark returns: one row for each value that it measured, and how that compares with a peer's."""

from typing import NamedTuple


class BenchRow(NamedTuple):
    """A measured value.

    Attributes:
        path: what was measured: "projector".
        name: the contender, or what is stated of it: "ours", "memory".
        value: the median.
        unit: of the value: "orders/s".
        beside: the peer that `ratio` compares with; "" if the value is only stated.
        ratio: value / the peer's value; None without a peer.
        bar: what the ratio should reach; None if it is only stated.
        at_most: whether the ratio should be at most the bar, as with times. Otherwise it should be at least the bar.
        note: one line, for example why the bar is not reached.
    """

    path: str
    name: str
    value: float
    unit: str
    beside: str = ""
    ratio: float | None = None
    bar: float | None = None
    at_most: bool = False
    note: str = ""

    @property
    def reached(self) -> bool | None:
        """Whether the bar is reached; None if there is none."""
        if self.ratio is None or self.bar is None:
            return None
        return self.ratio <= self.bar if self.at_most else self.ratio >= self.bar


def beside(row: BenchRow, peer: BenchRow, bar: float | None = None, *, at_most: bool = False) -> BenchRow:
    """The row, compared with a peer's."""
    return row._replace(beside=peer.name, ratio=row.value / peer.value, bar=bar, at_most=at_most)
