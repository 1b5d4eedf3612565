"""What customers publishes to other services' command sides."""

from typing import Protocol


class Standings(Protocol):
    """The port: whether somebody is a customer. A team with separate accounts puts an HTTP client here."""

    def is_registered(self, customer_id: str) -> bool:
        """Whether this customer is registered and was not deleted, read consistently.

        Raises:
            StoreUnreachable, Throttled: nothing was read.
        """
