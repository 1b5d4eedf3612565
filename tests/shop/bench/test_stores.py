"""The write store of the large rows is filled without HTTP, and has all items all the same."""

from pathlib import Path
from shutil import which

import pytest

from bench.stores import DYNALITE, TABLE, stores
from bench.workload import order_id, placed
from ops.verify.sides import Items

pytestmark = [
    pytest.mark.end_to_end,
    pytest.mark.usefixtures("own_servers"),
    pytest.mark.skipif(not which("npm"), reason="dynalite needs Node.js with npm"),
]
ORDERS = 2_500  # more than one write of dynalite_fill.js, and not a multiple of it


def test_dynalite_has_every_item(tmp_path: Path) -> None:
    """A parallel scan finds each order once, and an order can be read by its id, as it was written."""
    with stores(tmp_path, ORDERS, DYNALITE) as (client, _):
        items = Items(client, TABLE, lambda _: True)
        found = [item["id"]["S"] for segment in range(2) for part in items.parts(segment, 2) for item in part]
        assert sorted(found) == sorted(map(order_id, range(ORDERS)))
        assert items.get([order_id(7)]) == {order_id(7): placed(7)["dynamodb"]["NewImage"]}
