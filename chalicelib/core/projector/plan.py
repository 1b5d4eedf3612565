"""Compaction: of each aggregate in a batch the newest state alone becomes rows, and those are planned here."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from chalicelib.core.projector import timeline
from chalicelib.core.projector.records import Commit
from chalicelib.core.service import Head, Projection, Row


class Plan(NamedTuple):
    """The rows that one head becomes.

    Attributes:
        key: the root row's key.
        version: the root row's version.
        root: the root row.
        children: the child rows, by their table's name.
    """

    key: str
    version: int
    root: Row
    children: Mapping[str, Sequence[Row]]


class Group(NamedTuple):
    """All records of one aggregate in a part of a batch, and what they become.

    Attributes:
        commits: in the order of their versions.
        plan: of the newest of them; None where the projection does not show the aggregate.
        timeline: a row of each.
        fault: why no rows could be made; then plan and timeline are empty.
    """

    commits: Sequence[Commit]
    plan: Plan | None = None
    timeline: Sequence[Row] = ()
    fault: Exception | None = None


def group(commits: Iterable[Commit], projection: Projection) -> list[Group]:
    """The records by aggregate, in the order in which each aggregate first appears."""
    by_id: dict[str, list[Commit]] = {}
    for commit in commits:
        by_id.setdefault(commit.head.id, []).append(commit)
    return [_planned(sorted(found, key=_version) if len(found) > 1 else found, projection) for found in by_id.values()]


def plan(head: Head, projection: Projection) -> Plan | None:
    """The rows of a head; None where the projection does not show such an aggregate.

    Raises:
        Exception: whatever the projection raises of a state that it cannot read.
        ValueError: its rows do not fit its tables.
    """
    if not projection.owns(head.id):
        return None
    rows = projection.rows(head)
    if len(rows.root) != len(projection.root.columns):
        raise ValueError(f"{len(rows.root)} values for the {len(projection.root.columns)} columns of the root row")
    key = rows.root[projection.root.columns.index(projection.root.key[0])]
    return Plan(key, head.version, rows.root, rows.children)


def _planned(commits: list[Commit], projection: Projection) -> Group:
    try:
        lines = [timeline.row(commit.source.service.name, commit.head) for commit in commits]
        return Group(commits, plan(commits[-1].head, projection), lines)
    except Exception as error:  # a projection may raise anything of a state that it cannot read
        return Group(commits, fault=error)


def _version(commit: Commit) -> int:
    return commit.head.version
