"""The reports, and the status of the read model."""

from datetime import date, timedelta
from typing import Any

import msgspec
import pytest

from chalicelib.core.errors import Invalid
from chalicelib.core.mysql.connections import connect
from chalicelib.core.operations.queries import ServiceStatus, get_status
from chalicelib.reports.queries import LowStockItem, LowStockParameters, SalesParameters, low_stock, sales
from tests.shop.histories import START, iso
from tests.shop.queries.world import World

pytestmark = pytest.mark.database

TODAY = START.date()


def report(world: World, **parameters: Any) -> list[dict[str, Any]]:
    """Return the items of a sales report, as the JSON that a client gets."""
    made = SalesParameters(**{"from_" if name == "from" else name: value for name, value in parameters.items()})
    return [msgspec.to_builtins(item) for item in world.ask(sales, made, world.signer, TODAY).items]


def sold(world: World) -> None:
    """Project orders of two customers, on two days, of two products, in two currencies."""
    world.customer("cus_1", name="Ada")
    world.product("A", name="Mug")
    yesterday = iso(START - timedelta(days=1))
    world.orders(
        {
            "ord_1": {"status": "confirmed", "lines": [("A", 2, 100), ("B", 1, 50)]},
            "ord_2": {"status": "shipped", "lines": [("A", 1, 100), ("A", 1, 90)], "customer_id": "cus_2"},
            "ord_3": {"status": "delivered", "lines": [("B", 3, 50)], "placed_at": yesterday},
            "ord_4": {"status": "confirmed", "lines": [("A", 1, 80)], "currency": "EUR"},
            "ord_5": {"status": "placed"},
            "ord_6": {"status": "cancelled"},
            "ord_7": {"status": "rejected"},
        }
    )


def test_sales_by_day(world: World) -> None:
    """An order counts once for its day, however many products it has. An order that is not confirmed does not count."""
    sold(world)
    assert report(world, by="day") == [
        {"day": "2026-11-22", "currency": "GBP", "orders": 1, "quantity": 3, "amount": 150},
        {"day": "2026-11-23", "currency": "EUR", "orders": 1, "quantity": 1, "amount": 80},
        {"day": "2026-11-23", "currency": "GBP", "orders": 2, "quantity": 5, "amount": 440},
    ]


def test_sales_by_product(world: World) -> None:
    """`orders` is the number of orders with the product. A product that the catalog does not know has no name."""
    sold(world)
    assert report(world, by="product", currency="GBP") == [
        {"sku": "A", "name": "Mug", "currency": "GBP", "orders": 2, "quantity": 4, "amount": 390},
        {"sku": "B", "name": None, "currency": "GBP", "orders": 2, "quantity": 4, "amount": 200},
    ]


def test_sales_by_customer(world: World) -> None:
    """The largest amounts come first if so requested. A deleted customer keeps its name."""
    sold(world)
    world.customer("cus_1", version=2, name="Ada", deleted=True)
    assert report(world, by="customer", sort="-amount") == [
        {"customer_id": "cus_1", "name": "Ada", "currency": "GBP", "orders": 2, "quantity": 6, "amount": 400},
        {"customer_id": "cus_2", "name": None, "currency": "GBP", "orders": 1, "quantity": 2, "amount": 190},
        {"customer_id": "cus_1", "name": "Ada", "currency": "EUR", "orders": 1, "quantity": 1, "amount": 80},
    ]


def test_a_report_of_a_range(world: World) -> None:
    """A range includes both days. By default, it ends today and has thirty days."""
    ago = {n: TODAY - timedelta(days=n) for n in (0, 1, 29, 30, 31)}
    for n, day in ago.items():
        world.order(f"ord_{n}", status="confirmed", placed_at=f"{day}T10:00:00.000Z")

    def days(**parameters: Any) -> list[int]:
        found = report(world, by="day", sort="key", **parameters)
        return [(TODAY - date.fromisoformat(item["day"])).days for item in reversed(found)]

    assert days() == [0, 1, 29]
    assert days(**{"from": ago[31], "to": ago[30]}) == [30, 31]
    assert days(**{"from": ago[0]}) == [0]
    assert days(to=ago[1]) == [1, 29, 30]
    assert days(**{"from": date.min, "to": date.max}) == [0, 1, 29, 30, 31]
    assert days(to=date.min) == []


def test_a_range_that_ends_before_it_begins(world: World) -> None:
    """Such a range is a 422 that names `from`, also if its end is today by default."""
    for parameters in ({"from": TODAY, "to": TODAY - timedelta(days=1)}, {"from": TODAY + timedelta(days=1)}):
        with pytest.raises(Invalid) as caught:
            report(world, **parameters)
        assert [fault.parameter for fault in caught.value.faults] == ["from"]


def test_sales_that_were_called_off_are_gone(world: World) -> None:
    """Cancelled sales leave no rows of zeros."""
    world.order(status="confirmed")
    world.order(version=2, status="cancelled")
    for by in ("day", "product", "customer"):
        assert report(world, by=by) == []


def test_an_order_counts_on_the_day_of_its_placing_in_utc(world: World) -> None:
    """An order counts on the UTC day on which it was placed, whenever it is confirmed."""
    world.order(status="confirmed", placed_at="2026-11-20T23:59:59.999Z")
    assert [item["day"] for item in report(world, by="day")] == ["2026-11-20"]


def test_low_stock(world: World) -> None:
    """The scarcest products come first, up to the threshold. Discontinued ones are left out, unknown ones are not."""
    for sku, on_hand, reserved in (("A", 20, 12), ("B", 3, 3), ("C", 30, 0), ("D", 1, 0), ("E", 8, 0)):
        world.stock(sku, on_hand=on_hand, reserved=reserved)
    world.product("A", name="Mug")
    world.product("D", version=2, deleted=True)
    items = world.ask(low_stock, LowStockParameters(), world.signer).items
    assert items == [
        LowStockItem(sku="B", name=None, on_hand=3, reserved=3, available=0),
        LowStockItem(sku="A", name="Mug", on_hand=20, reserved=12, available=8),
        LowStockItem(sku="E", name=None, on_hand=8, reserved=0, available=8),
    ]
    assert [i.sku for i in world.ask(low_stock, LowStockParameters(threshold=0), world.signer).items] == ["B"]


def test_status(world: World) -> None:
    """The status shows each service's lag and dead letters, and the row's age by the server's own clock."""
    assert world.ask(get_status).services == []
    with connect(world.url) as connection, connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO service_status (service, lag_seconds, dead_letters, checked_at) VALUES"
            " ('orders', 1.25, 2, UTC_TIMESTAMP(3) - INTERVAL 90 SECOND), ('catalog', NULL, 0, '2026-11-23 10:00:00.5')"
        )
    catalog, orders = world.ask(get_status).services
    assert isinstance(catalog, ServiceStatus)
    assert (catalog.service, catalog.lag_seconds, catalog.dead_letters) == ("catalog", None, 0)
    assert catalog.checked_at == "2026-11-23T10:00:00.500Z"
    assert (orders.service, orders.lag_seconds, orders.dead_letters) == ("orders", 1.25, 2)
    assert orders.age_seconds >= 90
    assert orders.rebuild is None


def test_status_of_a_rebuild(world: World) -> None:
    """The status of a rebuild shows the progress of all parts of a scan together, and the time that is left."""
    with connect(world.url) as connection, connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO service_status (service, lag_seconds, dead_letters, checked_at) VALUES"
            " ('orders', 1, 0, UTC_TIMESTAMP(3)), ('catalog', 1, 0, UTC_TIMESTAMP(3))"
        )
        cursor.execute(
            "INSERT INTO rebuilds (service, segment, segments, position, finished, items, expected, started_at,"
            " updated_at) VALUES"
            " ('orders', 0, 2, NULL, 0, 100, 1000, '2026-11-23 10:00:00', '2026-11-23 10:00:20'),"
            " ('orders', 1, 2, NULL, 1, 300, 1000, '2026-11-23 10:00:00', '2026-11-23 10:00:40'),"
            " ('catalog', 0, 1, NULL, 1, 5, NULL, '2026-11-23 10:00:00', '2026-11-23 10:00:40')"
        )
    catalog, orders = (service.rebuild for service in world.ask(get_status).services)
    assert orders is not None
    assert (orders.items, orders.expected, orders.eta_seconds) == (400, 1000, 60.0)
    assert orders.started_at == "2026-11-23T10:00:00.000Z"
    assert catalog is not None
    assert (catalog.items, catalog.expected, catalog.eta_seconds) == (5, None, 0.0)
