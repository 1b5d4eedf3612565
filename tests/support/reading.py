"""The contents of a read model, and the sums that its summaries should have by its base rows, for any domain."""

import time
from collections.abc import Iterable, Mapping
from typing import Any

from chalicelib.core.mysql.connections import connect
from chalicelib.core.projector import timeline
from chalicelib.core.service import Projection
from tests.support.waiting import PATIENT_SECONDS

Values = tuple[Any, ...]


def query(url: str, statement: str) -> list[Values]:
    """Return the rows of a statement, in a connection of its own."""
    connection = connect(url)
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement)
            rows: Any = cursor.fetchall()
            return list(rows)
    finally:
        connection.close()


def base_tables(url: str, projections: Iterable[Projection]) -> dict[str, set[Values]]:
    """Return the base tables of those projections and the timeline, in the form of `histories.fold`."""
    tables = [timeline.TABLE]
    for projection in projections:
        tables += [projection.root, *projection.children]
    return {table.name: set(query(url, f"SELECT {','.join(table.columns)} FROM {table.name}")) for table in tables}


def results(url: str, statements: Mapping[str, str]) -> dict[str, set[Values]]:
    """Return the rows of each statement, by its name."""
    return {name: set(query(url, statement)) for name, statement in statements.items()}


def until_waiting_for_a_lock(url: str) -> None:
    """Wait until a transaction of the server waits for a row lock."""
    deadline = time.monotonic() + PATIENT_SECONDS
    while not query(url, "SELECT 1 FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'"):
        assert time.monotonic() < deadline, "nobody ever waited for a lock"
        time.sleep(0.2)  # InnoDB refreshes that table only if nobody has read it for 0.1 s
