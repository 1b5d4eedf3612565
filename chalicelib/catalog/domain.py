"""The rules of the catalog: a SKU is unique, a discontinued product can be neither repriced nor ordered."""

from collections.abc import Sequence
from typing import assert_never

import msgspec

from chalicelib.catalog.commands import Add, CatalogCommand, Change, Discontinue
from chalicelib.core.decider import Event, Missing, Rejected, State, Unacceptable, differences


class Product(State, frozen=True):
    """One product; its id is the SKU."""

    name: str
    price: int
    currency: str
    created_at: str
    description: str = ""


class ProductAdded(Event, frozen=True):
    """A product was added to the catalog, or added again."""

    name: str
    price: int
    currency: str
    at: str
    description: str = ""


class ProductChanged(Event, frozen=True):
    """The name or the description changed. Only changed fields are set."""

    changes: dict[str, str]


class ProductRepriced(Event, frozen=True):
    """The price changed."""

    price: int
    currency: str


class ProductDiscontinued(Event, frozen=True):
    """The product is no longer sold."""


ProductEvent = ProductAdded | ProductChanged | ProductRepriced | ProductDiscontinued


def decide(command: CatalogCommand, state: Product | None) -> Sequence[ProductEvent]:
    """The events that a command causes for a product."""
    match command:
        case Add():
            return [_add(command, state)]
        case Change():
            return _change(command, _sold(state))
        case Discontinue():
            _sold(state)
            return [ProductDiscontinued()]
    assert_never(command)


def evolve(state: Product | None, event: ProductEvent) -> Product:
    """Return the state after an event."""
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
    assert_never(event)


def _sold(state: Product | None) -> Product:
    if state is None:
        raise Missing("This product does not exist. Check its SKU, or add it first.")
    if state.deleted:
        raise Rejected("discontinued", "The product is discontinued. Add it again to sell it.")
    return state


def _add(command: Add, state: Product | None) -> ProductAdded:
    if state and not state.deleted:
        raise Rejected(
            "duplicate", f"{command.sku} is in the catalog already. Change it instead.", existing=command.sku
        )
    return ProductAdded(
        name=command.name,
        description=command.description,
        price=command.price,
        currency=command.currency,
        at=command.at,
    )


def _change(command: Change, state: Product) -> list[ProductEvent]:
    news = differences(command, state)
    if "currency" in news and command.price is msgspec.UNSET:
        raise Unacceptable("price-needed", "With a new currency, state the price too.", faults={("price",): "missing"})
    words = {name: value for name, value in news.items() if name in ("name", "description")}
    events: list[ProductEvent] = [ProductChanged(changes=words)] if words else []
    if news.keys() - words.keys():
        price, currency = news.get("price", state.price), news.get("currency", state.currency)
        events.append(ProductRepriced(price=price, currency=currency))
    return events
