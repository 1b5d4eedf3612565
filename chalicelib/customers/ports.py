"""The published port of customers on its own table: one GetItem."""

from chalicelib.core.commands.store import WriteStore
from chalicelib.customers.published import Standing, Standings


class TableStandings(Standings):
    """Standings from the customers' table."""

    def __init__(self, store: WriteStore) -> None:
        self._store = store

    def standing(self, customer_id: str) -> Standing | None:
        """See Standings.standing."""
        head = self._store.load([customer_id]).get(customer_id)
        return Standing(head.state["name"]) if head and not head.deleted else None
