"""The order saga's world: orders and inventory, and a reactor between them."""

from collections.abc import Iterable

from chalicelib.catalog.published import Listing
from chalicelib.inventory.commands import Adjust, Receive
from chalicelib.inventory.service import SERVICE as INVENTORY
from chalicelib.orders.commands import Cancel, Deliver, Expire, Place, RequestedLine, Ship
from chalicelib.orders.service import SERVICE as ORDERS
from tests.core.reacting import AT, LATER, ReactingWorld

SERVICES = {service.name: service for service in (ORDERS, INVENTORY)}


class World(ReactingWorld):
    """Orders and inventory, in memory."""

    def __init__(self) -> None:
        super().__init__(SERVICES)

    def receive(self, sku: str, quantity: int) -> None:
        """Receive pieces into stock."""
        self.run("inventory", "inventory.receive", Receive(sku, quantity), sku)

    def adjust(self, sku: str, change: int) -> None:
        """Correct a stock."""
        self.run("inventory", "inventory.adjust", Adjust(sku, change, reason="counted"), sku)

    def place(self, id: str, lines: Iterable[tuple[str, int]]) -> None:
        """Place an order of (SKU, pieces)."""
        wanted = [RequestedLine(sku, quantity) for sku, quantity in lines]
        listings = {line.sku: Listing(line.sku, 100, "GBP", False) for line in wanted}
        place = Place(customer_id="cus_1", placed_at=AT, lines=wanted, registered=True, listings=listings)
        self.run("orders", "orders.place", place, id)

    def cancel(self, id: str) -> None:
        """Cancel an order."""
        self.run("orders", "orders.cancel", Cancel(None), id)

    def ship(self, id: str) -> None:
        """Ship an order."""
        self.run("orders", "orders.ship", Ship(), id)

    def deliver(self, id: str) -> None:
        """Deliver an order."""
        self.run("orders", "orders.deliver", Deliver(), id)

    def expire(self, id: str) -> None:
        """Expire an order."""
        self.run("orders", "orders.expire", Expire(LATER), id)

    def stock(self, sku: str) -> tuple[int, int]:
        """Return the pieces on hand and the reserved pieces."""
        state = self.newest("inventory")[sku].state
        return state.get("on_hand", 0), state.get("reserved", 0)
