"""What the read model holds, and what its summaries should hold by its own base rows."""

from tests.core.histories import PROJECTIONS
from tests.support import reading
from tests.support.reading import Values, query, until_waiting_for_a_lock

__all__ = ["base_tables", "query", "summaries", "until_waiting_for_a_lock"]

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


def base_tables(url: str) -> dict[str, set[Values]]:
    """The base tables and the timeline, as `histories.fold` gives them."""
    return reading.base_tables(url, PROJECTIONS.values())


def summaries(url: str) -> tuple[dict[str, set[Values]], dict[str, set[Values]]]:
    """The summaries as kept, and as they add up from the base rows."""
    return reading.results(url, KEPT), reading.results(url, SUMS)
