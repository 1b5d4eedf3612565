"""The port that customers publishes to the command sides of other services."""

from typing import Protocol


class Standings(Protocol):
    """The port for a customer's standing. A team with separate AWS accounts implements it with an HTTP client."""

    def is_registered(self, customer_id: str) -> bool:
        """Return whether the customer is registered and not deleted. The read is consistent.

        Raises:
            StoreUnreachable, Throttled: nothing was read.
        """
