"""Drift: the kinds of differences between the sides, and their description."""

import enum
import hashlib
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from msgspec.structs import astuple

from chalicelib.core.projector.compaction import AggregateRows
from chalicelib.core.projector.transaction import FoundChildren
from chalicelib.core.service import ChildRows, Projection, Row


class DriftKind(enum.StrEnum):
    """The kinds of drift."""

    MISSING = "missing"  # an item that no row shows
    STALE = "stale"  # a row whose version is older than the item's was at the first look
    AHEAD = "ahead"  # a row whose version the item has not reached: the table was restored, or the row tampered with
    CHANGED = "changed"  # the item's version, but other contents, in the root row or in a child row
    UNDELETED = "undeleted"  # a tombstone that is shown as living
    FOREIGN = "foreign"  # rows without an item
    UNREADABLE = "unreadable"  # an item of which no rows can be made; it should be a dead letter
    SUM = "sum"  # a summary that is not the SUM over its base rows


class Drift(NamedTuple):
    """A difference between the sides.

    Attributes:
        service: the service.
        table: the root table, or the summary's table.
        key: the aggregate's id, or the summary's key with its columns joined by "/".
        kind: the kind of difference.
        detail: a description with versions, columns and checksums.
        outcome: "" if no repair was tried; "repaired"; or why it was left.
    """

    service: str
    table: str
    key: str
    kind: DriftKind
    detail: str
    outcome: str = ""

    @property
    def repaired(self) -> bool:
        """Whether the difference was repaired."""
        return self.outcome == REPAIRED


REPAIRED = "repaired"
NOT_REPAIRABLE: Mapping[DriftKind, str] = MappingProxyType(
    {
        DriftKind.AHEAD: "`python -m ops rebuild` makes the read model follow a table that was restored",
        DriftKind.UNREADABLE: "correct the projection or the item; `python -m ops dead-letters list` shows"
        " what was refused",
    }
)
"""What a repair leaves whenever it finds it, and what to do instead."""


class FoundRows(NamedTuple):
    """An aggregate's rows in the read model: its root row, if there is one, and its child rows."""

    root: Row | None
    children: FoundChildren


NOTHING = FoundRows(None, {})


def equal(meant: AggregateRows, found: FoundRows) -> bool:
    """Whether the rows found are the expected ones, in any order."""
    if found.root != meant.root:
        return False
    return all(
        rows == found.children.get(name, []) or _sorted(rows) == _sorted(found.children.get(name, []))
        for name, rows in _all_children(meant, found).items()
    )


def _all_children(meant: AggregateRows, found: FoundRows) -> ChildRows:
    return {name: meant.children.get(name, ()) for name in meant.children.keys() | found.children.keys()}


def difference(projection: Projection, meant: AggregateRows, found: FoundRows) -> str:
    """How rows of the same version differ: columns of the root row, tables of child rows, checksums."""
    places = [
        column for column in projection.root.columns if getattr(meant.root, column) != getattr(found.root, column)
    ]
    places += [
        f"rows of {name}"
        for name, rows in sorted(_all_children(meant, found).items())
        if _sorted(rows) != _sorted(found.children.get(name, []))
    ]
    return (
        f"{', '.join(places)}: checksum {checksum(found.root, found.children)}"
        f" instead of {checksum(meant.root, meant.children)}"
    )


def checksum(root: Row | None, children: ChildRows) -> str:
    """A short digest of an aggregate's rows. It is the same for the same rows in any order."""
    rows: list[Any] = [
        root and astuple(root),
        *((name, _sorted(children[name])) for name in sorted(children) if children[name]),
    ]
    return hashlib.sha256(repr(rows).encode()).hexdigest()[:12]


def _sorted(rows: Iterable[Row]) -> list[tuple[Any, ...]]:
    return sorted(map(astuple, rows))
