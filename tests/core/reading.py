"""What the read model holds, and what its summaries should hold by its own base rows."""

import time
from typing import Any

from chalicelib.core.mysql.connections import connect
from chalicelib.core.projector import timeline
from tests.core.histories import PROJECTIONS

Values = tuple[Any, ...]
COUNTED = "status IN ('accepted', 'settled')"
# The sums, written in SQL apart from the projector's code.
SUMS = {
    "turnover_by_account": f"""
        SELECT DATE(t.requested_at), l.account, COUNT(DISTINCT t.id), SUM(IF(l.amount > 0, l.amount, 0)),
          SUM(IF(l.amount < 0, -l.amount, 0))
        FROM transfers t JOIN transfer_legs l ON l.transfer_id = t.id WHERE {COUNTED}
        GROUP BY DATE(t.requested_at), l.account""",
    "owner_activity": f"""
        SELECT owner, SUM({COUNTED}), SUM(IF({COUNTED}, volume, 0)), MAX(requested_at)
        FROM transfers GROUP BY owner""",
}
KEPT = {
    "turnover_by_account": "SELECT day, account, transfers, incoming, outgoing FROM turnover_by_account",
    "owner_activity": "SELECT owner, transfers, volume, last_requested_at FROM owner_activity",
}


def query(url: str, statement: str) -> list[Values]:
    """The rows of a statement, in a connection of its own."""
    connection = connect(url)
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement)
            rows: Any = cursor.fetchall()
            return list(rows)
    finally:
        connection.close()


def base_tables(url: str) -> dict[str, set[Values]]:
    """The base tables and the timeline, as `histories.fold` gives them."""
    tables = [timeline.TABLE]
    for projection in PROJECTIONS.values():
        tables += [projection.root, *projection.children]
    return {table.name: set(query(url, f"SELECT {','.join(table.columns)} FROM {table.name}")) for table in tables}


def summaries(url: str) -> tuple[dict[str, set[Values]], dict[str, set[Values]]]:
    """The summaries as kept, and as they add up from the base rows."""
    return (
        {name: set(query(url, statement)) for name, statement in KEPT.items()},
        {name: set(query(url, statement)) for name, statement in SUMS.items()},
    )


def _waiting_for_a_lock(url: str) -> bool:
    """Whether any transaction of the server waits for a row's lock."""
    return bool(query(url, "SELECT 1 FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'"))


def until_waiting_for_a_lock(url: str) -> None:
    """Wait until some transaction waits for a row's lock."""
    deadline = time.monotonic() + 30
    while not _waiting_for_a_lock(url):
        assert time.monotonic() < deadline, "nobody ever waited for a lock"
        time.sleep(0.2)  # InnoDB refreshes that table only if nobody read it for 0.1 s
