"""What a service may say of how a query's answer is shown; openapi.json carries it as `x-tributary-display`.

The console shows every route without it. A member is named by its path in the answer, or in an item of a list:
"name", "owner.name".
"""

from collections.abc import Iterator
from typing import Any

import msgspec


class Chart(msgspec.Struct, frozen=True):
    """A list as a chart.

    Attributes:
        x: the member along the axis: a day, a time or a name.
        y: the member that is drawn, a number.
        series: the member by whose values the items are told apart, a line each; "" for one line.
    """

    x: str
    y: str
    series: str = ""


class Display(msgspec.Struct, frozen=True):
    """How a query's answer is shown.

    Attributes:
        columns: the members that a table has as columns, in that sequence; by default the plain ones.
        title: the member that names an item: "name".
        chart: beside the table.
        board: a filter of the list with a few values, such as a status: each becomes a column of cards.
    """

    columns: tuple[str, ...] = ()
    title: str = ""
    chart: Chart | None = None
    board: str = ""

    def members(self) -> Iterator[str]:
        """The paths of all members that it names."""
        yield from self.columns
        yield from filter(None, (self.title, self.board))
        if self.chart:
            yield from filter(None, (self.chart.x, self.chart.y, self.chart.series))

    def as_json(self) -> dict[str, Any]:
        """What openapi.json carries: only what is said."""
        chart = {"x": self.chart.x, "y": self.chart.y, "series": self.chart.series} if self.chart else {}
        said = {
            "columns": list(self.columns),
            "title": self.title,
            "chart": {name: member for name, member in chart.items() if member},
            "board": self.board,
        }
        return {name: value for name, value in said.items() if value}
