"""The routes of the inventory."""

from chalicelib.core.commands.pipeline import Envelope
from chalicelib.core.http.chalice_adapter import Api
from chalicelib.core.http.endpoint import Call
from chalicelib.core.queries.limit import QueryCursor
from chalicelib.inventory.bodies import Adjustment, Receipt, StockAnswer
from chalicelib.inventory.commands import Adjust, Receive
from chalicelib.inventory.queries import StockDetail, get_stock
from chalicelib.vocabulary import Sku

api = Api("inventory", sku=Sku)


@api.command("POST", "/stock/{sku}/receipts", "inventory.receive", body=Receipt, answer=StockAnswer)
def receive(call: Call[Receipt]) -> Envelope:
    """Add received pieces to the stock."""
    sku = call["sku"]
    return call.envelope(Receive(sku, call.body.quantity, call.body.reference), (sku,))


@api.command("POST", "/stock/{sku}/adjustments", "inventory.adjust", body=Adjustment, answer=StockAnswer)
def adjust(call: Call[Adjustment]) -> Envelope:
    """Correct the stock after a count."""
    sku = call["sku"]
    return call.envelope(Adjust(sku, call.body.change, call.body.reason), (sku,))


@api.query("/stock/{sku}", "inventory.get", answer=StockDetail)
def get(call: Call[None], cursor: QueryCursor) -> StockDetail:
    """Show the stock of a SKU."""
    return call.found(get_stock(cursor, call["sku"]), "stock")
