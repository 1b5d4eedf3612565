"""GET /things/{id}/timeline, which every aggregate with a route has: what it shows, and to whom."""

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.core.http.endpoint import QueryEndpoint
from tests.core.bootstrap import APIS
from tests.core.things import account, answered, transfer, unique
from tests.support.client import Client

Member = Callable[[str], Client]


def owner() -> str:
    """Somebody new."""
    return f"usr_{unique().replace('-', '_')}"


def told(timeline: Any) -> list[tuple[str, str]]:
    """Its entries: service and command."""
    return [(entry["service"], entry["command"]) for entry in timeline["entries"]]


def test_which_have_one() -> None:
    """Each item with a version; no list, no report."""
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
    """The request, what the saga did for it, and what that led to, with one correlation id and the time of each."""
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
    # The account's own page shows the same journey, among its others.
    assert ("transfers", "transfers.accept") in told(chief.get(f"/accounts/{source}/timeline").json)


def test_earlier_commits(chief: Client) -> None:
    """`next` leads to them, to the very first."""
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
    """Its own thing's commits without who made them; of other services and other people's things nothing."""
    mine = owner()
    source = account(chief, 100, owner=mine)
    id = transfer(chief, source, owner=mine)
    assert answered(chief, id)["status"] == "accepted"
    shown = as_member(mine).get(f"/transfers/{id}/timeline").json
    assert told(shown) == [("transfers", "transfers.request"), ("transfers", "transfers.accept")]
    assert all("actor" not in entry for entry in shown["entries"])
    assert all("actor" in entry for entry in chief.get(f"/transfers/{id}/timeline").json["entries"])


def test_a_borrowed_correlation_id(chief: Client, as_member: Member) -> None:
    """A client may choose its X-Correlation-Id; with another's it learns nothing of the other's commits."""
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
    """Every faulty one is named."""
    answer = chief.get(f"/accounts/{account(chief)}/timeline?{query}")
    assert (answer.status, sorted(answer.pointers)) == (422, sorted(faulty))
