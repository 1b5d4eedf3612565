"""The catalog's published port on its own table: one BatchGetItem."""

from collections.abc import Mapping, Sequence

from chalicelib.catalog.published import Listing, Prices
from chalicelib.core.service import HeadReader


class TablePrices(Prices):
    """Prices from the catalog's table."""

    def __init__(self, store: HeadReader) -> None:
        self._store = store

    def listings(self, skus: Sequence[str]) -> Mapping[str, Listing]:
        """See Prices.listings."""
        return {
            sku: Listing(head.state["name"], head.state["price"], head.state["currency"], head.deleted)
            for sku, head in self._store.load(skus).items()
        }
