"""The port that the catalog publishes to the command sides of other services."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from msgspec import Struct


class Listing(Struct, frozen=True):
    """A product as the catalog lists it. The price is in minor units."""

    name: str
    price: int
    currency: str
    discontinued: bool


class Prices(Protocol):
    """The port for current prices. A team with separate AWS accounts implements it with an HTTP client."""

    def listings(self, skus: Sequence[str]) -> Mapping[str, Listing]:
        """The listings of up to 100 SKUs that exist, read consistently.

        Raises:
            StoreUnreachable, Throttled: nothing was read.
        """
