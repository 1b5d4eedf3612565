"""What customers publishes to other services' command sides."""

from typing import Protocol

from msgspec import Struct


class Standing(Struct, frozen=True):
    """A living customer."""

    name: str


class Standings(Protocol):
    """The port: whether somebody is a customer. A team with separate accounts puts an HTTP client here."""

    def standing(self, customer_id: str) -> Standing | None:
        """The customer's standing, read consistently; None for the unknown and the deleted.

        Raises:
            StoreUnreachable, Throttled: nothing was read.
        """
