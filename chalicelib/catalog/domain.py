"""The rules of the catalog: a SKU is unique, a discontinued product can be neither repriced nor ordered."""

from collections.abc import Sequence
from typing import Any

import msgspec

from chalicelib.catalog.commands import Add, Change, Discontinue, ProductChange
from chalicelib.core.decider import Event, Missing, Rejected, State, Unacceptable, differences


class Product(State, frozen=True):
    """One product; its id is the SKU."""

    name: str
    price: int
    currency: str
    created_at: str
    description: str = ""


class ProductAdded(Event, frozen=True):
    """A product came into the catalog, or back into it."""

    name: str
    price: int
    currency: str
    at: str
    description: str = ""


class ProductChanged(Event, frozen=True):
    """Name or description changed; only those are named."""

    changes: dict[str, str]


class ProductRepriced(Event, frozen=True):
    """The price changed."""

    price: int
    currency: str


class ProductDiscontinued(Event, frozen=True):
    """The product is sold no more."""


def decide(command: Any, state: Product | None) -> Sequence[Event]:
    """What a command does to a product."""
    match command:
        case Add(product=new, at=at):
            if state and not state.deleted:
                raise Rejected("duplicate", f"{new.sku} is in the catalog; change it instead.", existing=new.sku)
            return [
                ProductAdded(name=new.name, description=new.description, price=new.price, currency=new.currency, at=at)
            ]
        case Change(change=change):
            return _change(change, _sold(state))
        case Discontinue():
            _sold(state)
            return [ProductDiscontinued()]
    raise TypeError(f"the catalog knows no {type(command).__name__}")


def evolve(state: Product | None, event: Any) -> Product:
    """The state after an event."""
    match event:
        case ProductAdded():
            return Product(
                name=event.name,
                description=event.description,
                price=event.price,
                currency=event.currency,
                created_at=event.at,
            )
        case ProductChanged(changes=changes):
            return msgspec.structs.replace(_sold(state), **changes)
        case ProductRepriced():
            return msgspec.structs.replace(_sold(state), price=event.price, currency=event.currency)
        case ProductDiscontinued():
            return msgspec.structs.replace(_sold(state), deleted=True)
    raise TypeError(f"the catalog knows no {type(event).__name__}")


def _sold(state: Product | None) -> Product:
    if state is None:
        raise Missing("There is no such product; check its SKU, or add it first.")
    if state.deleted:
        raise Rejected("discontinued", "The product is discontinued; add it again to sell it again.")
    return state


def _change(change: ProductChange, state: Product) -> list[Event]:
    news = differences(change, state)
    if "currency" in news and change.price is msgspec.UNSET:
        raise Unacceptable(
            "price-needed", "A price in another currency is another price; state it.", faults={"/price": "missing"}
        )
    words = {name: value for name, value in news.items() if name in ("name", "description")}
    events: list[Event] = [ProductChanged(changes=words)] if words else []
    if news.keys() - words.keys():
        price, currency = news.get("price", state.price), news.get("currency", state.currency)
        events.append(ProductRepriced(price=price, currency=currency))
    return events
