"""GET .../{id}/timeline, which every aggregate with a route has: its contents, for each role."""

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.core.http.endpoint import QueryEndpoint
from tests.core.bootstrap import APIS
from tests.core.things import account, answered, transfer, unique
from tests.support.client import Client

Member = Callable[[str], Client]


def owner() -> str:
    """Return a new member."""
    return f"usr_{unique().replace('-', '_')}"


def told(timeline: Any) -> list[tuple[str, str]]:
    """Return the service and the command of each entry."""
    return [(entry["service"], entry["command"]) for entry in timeline["entries"]]


def test_which_have_one() -> None:
    """Each item with a version has a timeline. Lists and reports have none."""
    queries = {
        endpoint.name: endpoint.path
        for api in APIS
        for endpoint in api.endpoints
        if isinstance(endpoint, QueryEndpoint)
    }
    assert {name: path for name, path in queries.items() if path.endswith("/timeline")} == {
        "accounts.timeline": "/accounts/{id}/timeline",
        "transfers.timeline": "/transfers/{id}/timeline",
    }


def test_the_journey_of_a_command(chief: Client) -> None:
    """The timeline has the request, the saga's commands and what followed, with one correlation id and all times."""
    source = account(chief, 100)
    id = transfer(chief, source)
    assert answered(chief, id)["status"] == "accepted"
    timeline = chief.get(f"/transfers/{id}/timeline").json
    assert (timeline["id"], timeline["incomplete"], timeline["next"]) == (id, False, None)
    own = [entry for entry in timeline["entries"] if entry["id"] == id]
    assert [entry["command"] for entry in own] == ["transfers.request", "transfers.accept"]
    assert {"accounts", "transfers"} == {entry["service"] for entry in timeline["entries"]}
    assert len({entry["correlation_id"] for entry in timeline["entries"]}) == 1
    assert all(entry["at"] <= entry["applied_at"] for entry in timeline["entries"])
    # The account's own page shows the same journey, among others.
    assert ("transfers", "transfers.accept") in told(chief.get(f"/accounts/{source}/timeline").json)


def test_earlier_commits(chief: Client) -> None:
    """`next` leads to earlier commits, up to the first."""
    id = account(chief)
    for n in range(4):
        token = chief.patch(f"/accounts/{id}", {"note": str(n)}).headers["consistency-token"]
    page = chief.get(f"/accounts/{id}/timeline", {"limit": 2}, Consistency_Token=token).json
    versions = []
    while True:
        versions.append([entry["version"] for entry in page["entries"]])
        if page["next"] is None:
            break
        page = chief.get(page["next"]).json
    assert versions == [[4, 5], [2, 3], [1]]


def test_what_a_member_sees(chief: Client, as_member: Member) -> None:
    """A member sees its own item's commits without authors, and nothing of other services and other people's items."""
    mine = owner()
    source = account(chief, 100, owner=mine)
    id = transfer(chief, source, owner=mine)
    assert answered(chief, id)["status"] == "accepted"
    shown = as_member(mine).get(f"/transfers/{id}/timeline").json
    assert told(shown) == [("transfers", "transfers.request"), ("transfers", "transfers.accept")]
    assert all("actor" not in entry for entry in shown["entries"])
    assert all("actor" in entry for entry in chief.get(f"/transfers/{id}/timeline").json["entries"])


def test_a_borrowed_correlation_id(chief: Client, as_member: Member) -> None:
    """A client may choose its X-Correlation-Id. With another's id, it learns nothing about the other's commits."""
    theirs, mine, shared = owner(), owner(), unique()
    other, me = as_member(theirs), as_member(mine)
    made = [
        client.post("/accounts", {"number": unique(), "name": unique()}, X_Correlation_Id=shared)
        for client in (other, me)
    ]
    token = ", ".join(answer.headers["consistency-token"] for answer in made)
    path = f"{made[1].headers['location']}/timeline"
    assert len(chief.get(path, Consistency_Token=token).json["entries"]) == 2
    assert [entry["id"] for entry in me.get(path, Consistency_Token=token).json["entries"]] == [made[1].json["id"]]


@pytest.mark.parametrize(("query", "faulty"), [("limit=0", ["limit"]), ("limit=201&before=0", ["limit", "before"])])
def test_bad_parameters(chief: Client, query: str, faulty: list[str]) -> None:
    """Every faulty parameter is named."""
    answer = chief.get(f"/accounts/{account(chief)}/timeline?{query}")
    assert (answer.status, sorted(answer.pointers)) == (422, sorted(faulty))
