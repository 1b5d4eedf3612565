"""The rules of the catalog."""

import pytest

from chalicelib.catalog.commands import Add, CatalogCommand, Change, Discontinue
from chalicelib.catalog.domain import (
    ProductAdded,
    ProductChanged,
    ProductDiscontinued,
    ProductRepriced,
    decide,
    evolve,
)
from tests.support.spec import Decider

AT = "2026-01-02T03:04:05.000Z"
LANTERN = ProductAdded(name="Lantern", price=339, currency="GBP", description="white metal", at=AT)
ADD = Add(at=AT, sku="71053", name="Lantern", price=339, currency="GBP", description="white metal")
given = Decider(decide, evolve).given


def test_add() -> None:
    """A new product has its price."""
    assert given().when(ADD).then(LANTERN).price == 339


def test_add_twice() -> None:
    """A SKU is unique."""
    given(LANTERN).when(ADD).rejects("duplicate")


def test_add_again_after_discontinuing() -> None:
    """A discontinued product can be added again."""
    assert not given(LANTERN, ProductDiscontinued()).when(ADD).then(LANTERN).deleted


def test_reprice() -> None:
    """A new price has an event of its own."""
    state = given(LANTERN).when(Change(price=400)).then(ProductRepriced(price=400, currency="GBP"))
    assert (state.price, state.name) == (400, "Lantern")


def test_change_and_reprice_at_once() -> None:
    """One request may change both, with an event for each."""
    change = Change(name="Big lantern", price=500, currency="EUR")
    given(LANTERN).when(change).then(
        ProductChanged(changes={"name": "Big lantern"}), ProductRepriced(price=500, currency="EUR")
    )


def test_change_to_the_same() -> None:
    """A change to the same values causes no event."""
    given(LANTERN).when(Change(name="Lantern", price=339)).then()


@pytest.mark.parametrize("command", [Discontinue(), Change(price=1)])
def test_discontinued(command: CatalogCommand) -> None:
    """A discontinued product can be neither repriced nor discontinued."""
    given(LANTERN, ProductDiscontinued()).when(command).rejects("discontinued")
    given().when(command).rejects("not-found")


def test_another_currency_needs_a_price() -> None:
    """A change of currency needs a price."""
    refusal = given(LANTERN).when(Change(currency="JPY")).rejects("price-needed")
    assert refusal.faults == {("price",): "missing"}
