"""`ops react`, and redriving what the reactor set aside: the saga goes on after a lost stream or a refused record."""

from typing import Any

from chalicelib.core.dynamodb.codec import decode_item
from tests.ops.conftest import Commit, World, order
from tests.shop.histories import head


def stock(sku: str, on_hand: int, reserved: int = 0) -> Commit:
    """A commit of a stock."""
    return "inventory", head(sku, 1, {"on_hand": on_hand, "reserved": reserved})


def states(world: World) -> dict[str, Any]:
    """What the write model holds of orders and inventory."""
    return states_of(world, "orders") | states_of(world, "inventory")


def states_of(world: World, service: str) -> dict[str, Any]:
    """What the write model holds of one service."""
    items = [decode_item(item) for item in world.tables.items(service)]
    return {item["id"]: item["state"] for item in items}


def test_what_a_lost_stream_left(world: World) -> None:
    """A placed order is reserved and, by its reservation, confirmed at the next run; then there is nothing to do."""
    world.write(stock("A", 9), stock("B", 9), order("ord_1", 1, "placed"))
    assert world.ops("react", "--json").json == {"aggregates": 3, "set_aside": 0}
    assert states(world)["res#ord_1"]["status"] == "reserved"
    assert world.ops("react").code == 0
    assert states(world)["ord_1"]["status"] == "confirmed"
    before = states(world)
    assert world.ops("react", "--service", "orders").code == 0
    assert (states(world), before["A"]["reserved"]) == (before, 2)


def test_set_aside_and_redriven(world: World) -> None:
    """What is refused is told by the exit code and kept as the reactor's; redriven after the fix, it is done."""
    world.write(stock("A", 9, 2), stock("B", 9, 1), order("ord_1", 3, "shipped"))
    assert world.ops("react", "--service", "orders", "--json").code == 1
    (letter,) = world.ops("dead-letters", "list", "--json").json["dead_letters"]
    assert (letter["id"], letter["consumer"]) == ("orders#ord_1#3#reactor", "reactor")
    assert "not-reserved" in letter["error"]
    assert world.ops("dead-letters", "redrive", letter["id"]).code == 1
    reservation = head("res#ord_1", 1, {"status": "reserved", "lines": {"A": 2, "B": 1}})
    world.write(("inventory", reservation))
    assert world.ops("dead-letters", "redrive", "--all", "--json").json == {"redriven": 1, "refused": []}
    after = states(world)
    assert (after["res#ord_1"]["status"], after["A"]["on_hand"], after["B"]["on_hand"]) == ("shipped", 7, 8)
    assert world.ops("dead-letters", "list", "--json").json == {"dead_letters": []}


def test_an_item_without_a_version(world: World) -> None:
    """It is set aside, and keeps no other from being reacted to."""
    world.write(stock("A", 9), stock("B", 9), order("ord_1", 1, "placed"))
    for id, version in (("ord_0", {"S": "1"}), ("ord_2", {"N": "1.5"}), ("ord_3", None)):
        item: Any = {"id": {"S": id}, **({"version": version} if version else {})}
        world.tables.client.put_item(TableName=world.tables.name("orders"), Item=item)
    done = world.ops("react", "--service", "orders", "--json")
    assert (done.code, done.json) == (1, {"aggregates": 4, "set_aside": 3})
    assert states_of(world, "inventory")["res#ord_1"]["status"] == "reserved"
    letters = world.ops("dead-letters", "list", "--json").json["dead_letters"]
    assert {letter["id"] for letter in letters} == {
        "orders#ord_0#ord_0@?#reactor",
        "orders#ord_2#ord_2@1.5#reactor",
        "orders#ord_3#ord_3@?#reactor",
    }
    assert world.ops("react", "--service", "orders", "--json").json["set_aside"] == 3
    assert len(world.tables.items("dead-letters")) == 3
