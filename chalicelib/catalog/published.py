"""What the catalog publishes to other services' command sides."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from msgspec import Struct


class Listing(Struct, frozen=True):
    """A product as the catalog lists it: price in minor units."""

    name: str
    price: int
    currency: str
    discontinued: bool


class Prices(Protocol):
    """The port: what products cost now. A team with separate accounts puts an HTTP client here."""

    def listings(self, skus: Sequence[str]) -> Mapping[str, Listing]:
        """The listings of up to 100 SKUs that exist, read consistently.

        Raises:
            StoreUnreachable, Throttled: nothing was read.
        """
