"""The routes of the catalog."""

from chalicelib.catalog.bodies import DiscontinuedAnswer, NewProduct, ProductAnswer, ProductChange
from chalicelib.catalog.commands import Add, Change, Discontinue
from chalicelib.catalog.queries import ProductDetail, ProductFilters, ProductSummary, get_product, list_products
from chalicelib.core.commands.pipeline import Envelope
from chalicelib.core.http.chalice_adapter import Api
from chalicelib.core.http.endpoint import Call
from chalicelib.core.queries.limit import QueryCursor
from chalicelib.core.queries.listing import Page
from chalicelib.vocabulary import Sku

api = Api("catalog", sku=Sku)


@api.command("POST", "/products", "catalog.add", body=NewProduct, answer=ProductAnswer, location="/products/{id}")
def add(call: Call[NewProduct]) -> Envelope:
    """Add a product, or add a discontinued one again."""
    new = call.body
    add = Add(
        at=call.at,
        sku=new.sku,
        name=new.name,
        price=new.price,
        currency=new.currency,
        description=new.description,
    )
    return call.envelope(add, (new.sku,), new_ids=True)


@api.command("PATCH", "/products/{sku}", "catalog.change", body=ProductChange, answer=ProductAnswer)
def change(call: Call[ProductChange]) -> Envelope:
    """Change a product's description or price."""
    new = call.body
    change = Change(name=new.name, description=new.description, price=new.price, currency=new.currency)
    return call.envelope(change, (call["sku"],))


@api.command("DELETE", "/products/{sku}", "catalog.discontinue", answer=DiscontinuedAnswer)
def discontinue(call: Call[None]) -> Envelope:
    """Remove a product from the catalog."""
    return call.envelope(Discontinue(), (call["sku"],))


@api.query("/products", "catalog.list", parameters=ProductFilters, answer=ProductSummary, is_list=True)
def list_(call: Call[ProductFilters], cursor: QueryCursor) -> Page[ProductSummary]:
    """List products with their stock."""
    return list_products(cursor, call.body, call.runtime.signer)


@api.query("/products/{sku}", "catalog.get", answer=ProductDetail)
def get(call: Call[None], cursor: QueryCursor) -> ProductDetail:
    """Show a product with its stock and its sales."""
    return call.found(get_product(cursor, call["sku"]), "product")
