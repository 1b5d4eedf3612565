"""The routes of the inventory."""

from chalicelib.core.commands.pipeline import Envelope
from chalicelib.core.http.chalice_adapter import Api
from chalicelib.core.http.endpoint import Call
from chalicelib.inventory.commands import Adjust, Adjustment, Receipt, Receive, StockAnswer
from chalicelib.vocabulary import Sku

api = Api("inventory", sku=Sku)


@api.command("POST", "/stock/{sku}/receipts", "inventory.receive", body=Receipt, answer=StockAnswer)
def receive(call: Call[Receipt]) -> Envelope:
    """Put received goods into stock."""
    return call.envelope(Receive(call["sku"], call.body), (call["sku"],))


@api.command("POST", "/stock/{sku}/adjustments", "inventory.adjust", body=Adjustment, answer=StockAnswer)
def adjust(call: Call[Adjustment]) -> Envelope:
    """Correct the stock after counting."""
    return call.envelope(Adjust(call["sku"], call.body), (call["sku"],))
