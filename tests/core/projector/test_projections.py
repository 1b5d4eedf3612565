"""How states become rows."""

import pytest

from tests.core.histories import account_state, head, record, transfer_state
from tests.core.projecting import Projector
from tests.core.reading import query, summaries

pytestmark = pytest.mark.database


def test_a_transfer_becomes_a_row_and_one_a_leg(projector: Projector) -> None:
    """It also adds to the summaries once it counts."""
    assert projector([record("transfers", head("tra_1", 1, transfer_state()))]) == []
    assert query(projector.url, "SELECT account, amount FROM transfer_legs ORDER BY leg_no") == [
        ("A", -300),
        ("B", 300),
    ]
    assert query(projector.url, "SELECT transfers FROM turnover_by_account") == []
    assert projector([record("transfers", head("tra_1", 2, transfer_state("accepted")))]) == []
    kept, sums = summaries(projector.url)
    assert kept == sums
    assert len(kept["turnover_by_account"]) == 2


def test_summaries_of_a_transfer_whose_child_rows_are_gone(projector: Projector) -> None:
    """Sums of child rows are unchanged, and the root row's own part is subtracted."""
    assert projector([record("transfers", head("tra_1", 1, transfer_state("accepted")))]) == []
    query(projector.url, "DELETE FROM transfer_legs")
    assert projector([record("transfers", head("tra_1", 2, transfer_state("cancelled")))]) == []
    assert query(projector.url, "SELECT transfers, volume FROM owner_activity") == [(0, 0)]


def test_a_tombstone_stays_as_a_row(projector: Projector) -> None:
    """The row is marked, so that a late record cannot bring it back."""
    deliveries = [head("A", 2, account_state(), deleted=True), head("A", 1, account_state())]
    assert projector([record("accounts", one) for one in deliveries]) == []
    ((version, deleted_at),) = query(projector.url, "SELECT version, deleted_at FROM accounts")
    assert version == 2
    assert deleted_at is not None
