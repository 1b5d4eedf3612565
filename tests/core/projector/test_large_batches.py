"""Batches so large that their rows go by prepared statements: the same guarantees."""

from typing import Any

import pytest

from chalicelib.core.mysql.prepared import prepared
from chalicelib.core.projector.sql import PREPARED_ROWS
from chalicelib.core.service import Head
from tests.core.histories import fold, head, record, transfer_state
from tests.core.projecting import Projector
from tests.core.reading import base_tables, query, summaries

pytestmark = pytest.mark.database

_COM_STMT_CLOSE = 0x19
NUMBER = PREPARED_ROWS + 40
IDS = [f"tra_{number:04}" for number in range(NUMBER)]


def commits(version: int, status: str) -> list[tuple[str, Head]]:
    """Return a commit of each transfer."""
    return [("transfers", head(id, version, transfer_state(status))) for id in IDS]


def deliver(projector: Projector, found: list[tuple[str, Head]]) -> None:
    """Project them in one batch."""
    assert projector([record(*commit) for commit in found]) == []


def check(url: str, found: list[tuple[str, Head]]) -> None:
    """Check that these are there, once, and that the summaries are right."""
    assert base_tables(url) == fold(found)
    kept, sums = summaries(url)
    assert kept == sums


def test_any_order_and_repeats(projector: Projector) -> None:
    """Newer rows take the place of older ones, older ones and repeats change nothing."""
    old, middle, new = commits(1, "requested"), commits(2, "accepted"), commits(3, "settled")
    for found in (middle, old, middle, new, old):
        deliver(projector, found)
    assert prepared(projector.writer.connection())
    check(projector.url, [*old, *middle, *new])
    assert not projector.dead.letters


def test_one_is_poison(projector: Projector) -> None:
    """The server refuses one row of a prepared statement: that record alone is set aside."""
    found = commits(1, "accepted")
    _, good = found[7]
    found[7] = ("transfers", head(good.id, 1, transfer_state("x" * 500)))
    deliver(projector, found)
    assert [letter.aggregate for letter in projector.dead.letters.values()] == [good.id]
    assert query(projector.url, "SELECT COUNT(*) FROM transfers") == [(NUMBER - 1,)]
    kept, sums = summaries(projector.url)
    assert kept == sums


def test_the_server_forgets(projector: Projector) -> None:
    """If the session has lost what it prepared, as behind a proxy, the projector takes another one."""
    old, new = commits(1, "accepted"), commits(2, "settled")
    deliver(projector, old)
    before: Any = projector.writer.connection()
    for id in prepared(before).values():
        before._execute_command(_COM_STMT_CLOSE, id.to_bytes(4, "little"))  # it has no answer
    deliver(projector, new)
    assert projector.writer.connection() is not before
    check(projector.url, [*old, *new])
