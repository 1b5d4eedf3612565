"""A transfer over HTTP from request to settlement, with commands, streams, policies and queries together."""

from tests.core.things import account, answered, seen, transfer
from tests.support.client import Client


def test_a_transfer_is_accepted_and_settled(chief: Client) -> None:
    """The money is held, then moves. A query with the settlement's token shows it."""
    source, target = account(chief, 100), account(chief)
    id = transfer(chief, source, target, 30)
    assert answered(chief, id)["status"] == "accepted"
    settled = chief.post(f"/transfers/{id}/settle").headers["consistency-token"]
    shown = chief.get(f"/transfers/{id}", Consistency_Token=f"{settled}, {seen(chief, source, target)}").json
    assert (shown["status"], shown["version"], shown["volume"]) == ("settled", 3, 30)
    assert [leg["name"] for leg in shown["legs"]] == [f"Account {source}", f"Account {target}"]


def test_a_transfer_of_too_much_is_refused(chief: Client) -> None:
    """The transfer names the shortage, and holds nothing."""
    source, target = account(chief, 100), account(chief)
    shown = answered(chief, transfer(chief, source, target, 130))
    assert shown["status"] == "refused"
    assert shown["shortfalls"] == [{"account": source, "requested": 130, "available": 100}]
