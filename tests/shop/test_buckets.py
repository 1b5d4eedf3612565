"""Sales by product are split over another number of buckets while everything runs."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from msgspec import structs
from msgspec.structs import replace

from chalicelib.core.mysql.connections import connect
from chalicelib.core.service import Service
from chalicelib.orders.projection import PROJECTION as OLD
from chalicelib.orders.service import SERVICE
from ops.rebuild.run import RebuildJob, rebuild
from tests.core.ops.world import Commit, World, quiet
from tests.shop.histories import head, order_state
from tests.shop.reading import summaries
from tests.support.stores import Tables, fresh_database


def plan(world: World) -> RebuildJob:
    """A rebuild of the orders."""
    connection = partial(connect, world.url)
    return RebuildJob(
        world.services, world.tables.name, world.tables.client, connection, quiet, segments=2, settle_seconds=0
    )


def order(id: str, version: int = 1, status: str = "confirmed") -> Commit:
    """A commit of an order with two lines."""
    return "orders", head(id, version, order_state(status, [("A", 2, 150), ("B", 1, 99)]))


def service(*projections: Any) -> Service:
    """The orders, by those projections: the newest first."""
    newest, *earlier = projections
    return replace(SERVICE, projection=newest, earlier=tuple(earlier))


@pytest.fixture
def world(tables: Tables, mysql_server: str) -> Iterator[World]:
    """Both sides, empty, in a database of this test's own."""
    with fresh_database(mysql_server) as url:
        world = World(tables, url)
        yield world
        world.close()


def test_how_many_buckets(world: World) -> None:
    """A summary of other rows: the tables in use are kept by the old sums until the new ones take their place."""
    *others, product_sales = OLD.summaries

    def one_bucket(*base: Any) -> Any:
        return (structs.replace(row, bucket=0) for row in product_sales.contributions(*base))

    sums = f"""SELECT day, currency, sku, 0 AS bucket, SUM(orders) AS orders, SUM(quantity) AS quantity,
      SUM(amount) AS amount FROM ({product_sales.sums}) s GROUP BY day, currency, sku"""
    new = replace(OLD, generation=2, summaries=(*others, replace(product_sales, contributions=one_bucket, sums=sums)))
    world.services = [service(OLD)]
    world.commit(*(order(f"ord_{number}") for number in range(20)))
    world.services = [service(new, OLD)]
    world.commit(order("ord_20"), order("ord_3", 2, "cancelled"))
    assert len(world.sql("SELECT DISTINCT bucket FROM sales_by_product")) == 4
    assert rebuild(plan(world)).swapped
    world.commit(order("ord_21"), order("ord_4", 2, "cancelled"))
    assert world.sql("SELECT DISTINCT bucket FROM sales_by_product") == ((0,),)
    held, summed = summaries(world.url)
    assert held == summed
    assert world.verify()[1] == []
