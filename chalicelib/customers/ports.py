"""The published port of customers on its own table: one GetItem."""

from chalicelib.core.service import HeadReader
from chalicelib.customers.published import Standings


class TableStandings(Standings):
    """Standings from the customers' table."""

    def __init__(self, store: HeadReader) -> None:
        self._store = store

    def is_registered(self, customer_id: str) -> bool:
        """See Standings.is_registered."""
        head = self._store.load([customer_id]).get(customer_id)
        return head is not None and not head.deleted
