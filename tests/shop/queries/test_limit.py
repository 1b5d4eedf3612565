"""Every statement of the shop's queries carries a limit."""

import pytest

from chalicelib.core.http.endpoint import QueryEndpoint
from chalicelib.core.tokens import Token
from tests.core.queries.limits import check_limits, queries_of
from tests.shop.queries.world import World
from tests.support.domain import OWN

pytestmark = pytest.mark.database
CUSTOMER, ORDER, SKU = "cus_01JD2Q8N3XW7GK5T0V9M4R6B1C", "ord_01JD2Q8N3XW7GK5T0V9M4R6B1C", "85123A"


@pytest.mark.parametrize("endpoint", queries_of(OWN), ids=lambda endpoint: endpoint.name)
def test_every_statement_of_every_query_route_is_limited(world: World, endpoint: QueryEndpoint) -> None:
    """Each query is asked for existing rows, so that all its statements are sent."""
    world.customer(CUSTOMER)
    world.product(SKU)
    world.stock(SKU)
    world.order(ORDER, customer_id=CUSTOMER)
    check_limits(world.url, OWN, endpoint, Token("orders", ORDER, 1))
