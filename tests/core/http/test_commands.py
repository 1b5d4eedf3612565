"""The promises of every command route, over real HTTP."""

import re

from tests.core.things import account, answered, legs, transfer, unique
from tests.support.client import Answer, Client, ok


def test_the_life_of_an_aggregate(chief: Client) -> None:
    """An aggregate is made, changed under If-Match, refused under a stale one, and deleted. Its claim is released."""
    number, name = unique(), unique()
    made = chief.post("/accounts", {"number": number, "name": name, "note": "n"})
    body = ok(made, 201)
    assert made.headers["location"] == f"/accounts/{number}"
    assert (body["id"], body["version"], body["name"], body["note"]) == (number, 1, name, "n")
    path = made.headers["location"]
    changed = ok(chief.patch(path, {"note": ""}, If_Match='"1"'))
    assert (changed["version"], changed["name"], changed["note"]) == (2, name, "")
    stale = chief.patch(path, {"note": "x"}, If_Match='"1"')
    assert (stale.status, stale.problem, stale.json["version"]) == (412, "precondition-failed", 2)
    assert stale.json["detail"] == "If-Match does not hold: its version is 2. Load it and decide again."
    taken = chief.post("/accounts", {"number": unique(), "name": name.swapcase()})
    assert (taken.status, taken.problem, taken.json["existing"]) == (409, "duplicate", number)
    assert ok(chief.delete(path)) == {"id": number, "version": 3, "deleted": True}
    assert chief.delete(path).status == chief.patch(path, {"note": "x"}).status == 404
    ok(chief.post("/accounts", {"number": unique(), "name": name}), 201)


def test_a_tombstone_is_gone_on_from(chief: Client) -> None:
    """An aggregate made again under its own key continues the tombstone's versions, and is created again."""
    number, name = unique(), unique()
    ok(chief.post("/accounts", {"number": number, "name": name}), 201)
    again = chief.post("/accounts", {"number": number, "name": name})
    assert (again.status, again.problem, again.json["existing"]) == (409, "duplicate", number)
    ok(chief.delete(f"/accounts/{number}"))
    assert ok(chief.post("/accounts", {"number": number, "name": name}), 201)["version"] == 3
    assert ok(chief.post(f"/accounts/{number}/deposits", {"amount": 5}))["balance"] == 5


def test_a_change_that_changes_nothing(chief: Client) -> None:
    """Such a change is a success and makes no version."""
    id = account(chief)
    assert ok(chief.patch(f"/accounts/{id}", {}))["version"] == 1


def test_a_claim_follows_its_aggregate(chief: Client) -> None:
    """After a change of name, the old name is available and the new one is taken."""
    old, new = unique(), unique()
    id, other = account(chief, name=old), account(chief)
    ok(chief.patch(f"/accounts/{id}", {"name": new}))
    assert chief.patch(f"/accounts/{other}", {"name": new}).status == 409
    ok(chief.patch(f"/accounts/{other}", {"name": old}))


def test_a_claim_for_good(chief: Client) -> None:
    """A deposit's reference counts once for each account. The refusal names the account that has it."""
    id = account(chief)
    assert ok(chief.post(f"/accounts/{id}/deposits", {"amount": 5, "reference": "r-1"}))["balance"] == 5
    twice = chief.post(f"/accounts/{id}/deposits", {"amount": 5, "reference": "r-1"})
    assert (twice.status, twice.problem, twice.json["existing"]) == (409, "duplicate", id)
    assert ok(chief.patch(f"/accounts/{id}", {}))["balance"] == 5
    reference = unique()
    made = transfer(chief, reference=reference)
    again = chief.post("/transfers", {"reference": reference, "legs": legs(account(chief, 10), account(chief))})
    assert (again.status, again.problem, again.json["existing"]) == (409, "duplicate", made)


def test_new_ids_and_steps(chief: Client) -> None:
    """An id that the server makes is ordered by time and has a prefix. A repeated step succeeds and changes nothing."""
    first, second = transfer(chief), transfer(chief)
    assert re.fullmatch(r"tra_[0-9A-Z]{26}", first)
    assert first < second
    assert answered(chief, second)["status"] == "accepted"
    done = ok(chief.post(f"/transfers/{second}/settle"))
    assert ok(chief.post(f"/transfers/{second}/settle", {}))["version"] == done["version"]
    late = chief.post(f"/transfers/{second}/cancel")
    assert (late.status, late.problem, late.json["status_now"]) == (409, "wrong-state", "settled")


def test_a_refusal_names_what_is_wrong(chief: Client) -> None:
    """A refusal has a stable code, the faulty members, and facts."""
    good, gone = account(chief, 10), account(chief)
    ok(chief.delete(f"/accounts/{gone}"))

    def request(*listed: tuple[str, int]) -> Answer:
        return chief.post("/transfers", {"legs": [{"account": id, "amount": amount} for id, amount in listed]})

    answers = [request((good, -1), ("none", 1)), request((good, -1), (gone, 1)), request((good, 1))]
    assert [(answer.status, answer.problem, answer.pointers) for answer in answers] == [
        (422, "unknown-account", ["/legs/1/account"]),
        (409, "closed", ["/legs/1/account"]),
        (422, "unbalanced", ["/legs"]),
    ]
    left = chief.delete(f"/accounts/{good}")
    assert (left.status, left.problem, left.json["balance"]) == (409, "not-empty", 10)


def test_more_than_a_transaction_takes(chief: Client) -> None:
    """Ninety-nine accounts and their hold are DynamoDB's limit. A hundred are refused before anything is read."""
    listed = [{"account": f"S{number}", "amount": 1} for number in range(100)]
    answer = chief.post("/transfers", {"legs": listed})
    assert (answer.status, answer.pointers) == (422, ["/legs"])


def test_as_much_as_a_transaction_takes(chief: Client) -> None:
    """Ninety-nine accounts are held and settled, each in one transaction of a hundred items."""
    source, targets = account(chief, 98), [account(chief) for _ in range(98)]
    listed = [{"account": source, "amount": -98}, *({"account": target, "amount": 1} for target in targets)]
    made = chief.post("/transfers", {"legs": listed}).json["id"]
    assert answered(chief, made)["status"] == "accepted"


def test_privileges_inside_a_command(chief: Client, clerk: Client) -> None:
    """Only a role with the privilege may state a date, and nobody may state a date in the future."""
    source, target = account(chief, 100), account(chief)
    dated = {"legs": legs(source, target), "requested_at": "2010-12-01T08:26:00+01:00"}
    assert clerk.post("/transfers", dated).status == 403
    assert ok(chief.post("/transfers", dated), 201)["requested_at"] == "2010-12-01T07:26:00.000Z"
    for moment in ("2999-01-01T00:00:00Z", "1969-12-31T23:59:59Z", "2010-12-01T08:26:00", "yesterday"):
        assert chief.post("/transfers", {**dated, "requested_at": moment}).pointers == ["/requested_at"]


def test_correlation_id(chief: Client) -> None:
    """A client's correlation id is in the answer, and in a problem's instance."""
    answer = chief.post("/accounts", {}, X_Correlation_Id="abc-123")
    assert answer.headers["x-correlation-id"] == "abc-123"
    assert answer.json["instance"].endswith("request:abc-123")
    assert chief.post("/accounts", {}).headers["x-correlation-id"]
