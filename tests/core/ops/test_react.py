"""`ops react`, and the redrive of the reactor's letters: the saga goes on after a lost stream or a refused record."""

from typing import Any

from chalicelib.core.dynamodb.codec import decode_item
from tests.core.histories import head
from tests.core.ops.world import World, account, transfer


def states(world: World) -> dict[str, Any]:
    """Return the items of transfers and accounts in the write model."""
    return states_of(world, "transfers") | states_of(world, "accounts")


def states_of(world: World, service: str) -> dict[str, Any]:
    """Return the items of one service in the write model."""
    items = [decode_item(item) for item in world.tables.items(service)]
    return {item["id"]: item["state"] for item in items}


def test_what_a_lost_stream_left(world: World) -> None:
    """A requested transfer gets its hold, and is accepted at the next run. Then nothing is left."""
    world.write(account("A", balance=900), account("B"), transfer("tra_1", 1, "requested"))
    assert world.ops("react", "--json").json == {"aggregates": 3, "set_aside": 0}
    assert states(world)["hold#tra_1"]["status"] == "held"
    assert world.ops("react").code == 0
    assert states(world)["tra_1"]["status"] == "accepted"
    before = states(world)
    assert world.ops("react", "--service", "transfers").code == 0
    assert (states(world), before["A"]["held"]) == (before, 300)


def test_set_aside_and_redriven(world: World) -> None:
    """The exit code tells of a refused record, which becomes a letter. Redriven after the fix, it is handled."""
    world.write(account("A", balance=900, held=300), account("B", expected=300), transfer("tra_1", 3, "settled"))
    assert world.ops("react", "--service", "transfers", "--json").code == 1
    (letter,) = world.ops("dead-letters", "list", "--json").json["dead_letters"]
    assert (letter["id"], letter["consumer"]) == ("transfers#tra_1#3#reactor", "reactor")
    assert "not-held" in letter["error"]
    assert world.ops("dead-letters", "redrive", letter["id"]).code == 1
    world.write(("accounts", head("hold#tra_1", 1, {"status": "held", "legs": {"A": -300, "B": 300}})))
    assert world.ops("dead-letters", "redrive", "--all", "--json").json == {"redriven": 1, "refused": []}
    after = states(world)
    assert (after["hold#tra_1"]["status"], after["A"]["balance"], after["B"]["balance"]) == ("settled", 600, 300)
    assert world.ops("dead-letters", "list", "--json").json == {"dead_letters": []}


def test_an_item_without_a_version(world: World) -> None:
    """The item is set aside, and the others are reacted to."""
    world.write(account("A", balance=900), account("B"), transfer("tra_1", 1, "requested"))
    for id, version in (("tra_0", {"S": "1"}), ("tra_2", {"N": "1.5"}), ("tra_3", None)):
        item: Any = {"id": {"S": id}, **({"version": version} if version else {})}
        world.tables.client.put_item(TableName=world.tables.name("transfers"), Item=item)
    done = world.ops("react", "--service", "transfers", "--json")
    assert (done.code, done.json) == (1, {"aggregates": 4, "set_aside": 3})
    assert states_of(world, "accounts")["hold#tra_1"]["status"] == "held"
    letters = world.ops("dead-letters", "list", "--json").json["dead_letters"]
    assert {letter["id"] for letter in letters} == {
        "transfers#tra_0#tra_0@?#reactor",
        "transfers#tra_2#tra_2@1.5#reactor",
        "transfers#tra_3#tra_3@?#reactor",
    }
    assert world.ops("react", "--service", "transfers", "--json").json["set_aside"] == 3
    assert len(world.tables.items("dead-letters")) == 3
