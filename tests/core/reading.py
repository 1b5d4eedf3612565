"""The contents of the read model, and the sums that its summaries should have by its base rows."""

from tests.core.histories import PROJECTIONS
from tests.support import reading
from tests.support.reading import Values, query, until_waiting_for_a_lock

__all__ = ["base_tables", "query", "summaries", "until_waiting_for_a_lock"]

COUNTED = "status IN ('accepted', 'settled')"
# The sums, in SQL that does not come from the projector's code.
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
    """Return the base tables and the timeline, in the form of `histories.fold`."""
    return reading.base_tables(url, PROJECTIONS.values())


def summaries(url: str) -> tuple[dict[str, set[Values]], dict[str, set[Values]]]:
    """Return the stored summaries, and the sums of the base rows."""
    return reading.results(url, KEPT), reading.results(url, SUMS)
