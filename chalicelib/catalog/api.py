"""The routes of the catalog."""

from chalicelib.catalog.commands import (
    Add,
    Change,
    Discontinue,
    DiscontinuedAnswer,
    NewProduct,
    ProductAnswer,
    ProductChange,
)
from chalicelib.core.endpoint import Call, Planned
from chalicelib.core.fields import Sku
from chalicelib.core.http import Api

api = Api("catalog", sku=Sku)


@api.command("POST", "/products", "catalog.add", body=NewProduct, answer=ProductAnswer, location="/products/{id}")
def add(call: Call[NewProduct]) -> Planned:
    """Add a product, or bring a discontinued one back."""
    return Planned(Add(call.at, call.body), (call.body.sku,))


@api.command("PATCH", "/products/{sku}", "catalog.change", body=ProductChange, answer=ProductAnswer)
def change(call: Call[ProductChange]) -> Planned:
    """Change a product's description or price."""
    return Planned(Change(call.body), (call["sku"],))


@api.command("DELETE", "/products/{sku}", "catalog.discontinue", answer=DiscontinuedAnswer)
def discontinue(call: Call[None]) -> Planned:
    """Take a product off the catalog."""
    return Planned(Discontinue(), (call["sku"],))
