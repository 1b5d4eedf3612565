"""A member sees its own items, and does not even learn that others' items exist."""

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.core.access.permissions import OWN
from chalicelib.core.http.endpoint import QueryEndpoint
from tests.core.bootstrap import APIS, PERMISSIONS
from tests.core.domain.roles import MEMBER
from tests.core.things import account, answered, seen, transfer, unique
from tests.support.client import Client

Member = Callable[[str], Client]
OF_ONE_THING = [
    endpoint
    for api in APIS
    for endpoint in api.endpoints
    if "{id}" in endpoint.path and PERMISSIONS.table.get(endpoint.name, {}).get(MEMBER) is OWN
]
BODIES: dict[str, Any] = {"accounts.change": {"note": "mine"}}


def owner() -> str:
    """Return a new member."""
    return f"usr_{unique().replace('-', '_')}"


@pytest.mark.parametrize("condition", [{}, {"If-Match": "*"}, {"If-Match": '"7"'}, {"If-None-Match": "*"}])
@pytest.mark.parametrize("endpoint", OF_ONE_THING, ids=lambda endpoint: endpoint.name)
def test_foreign_and_absent(chief: Client, as_member: Member, endpoint: Any, condition: dict[str, str]) -> None:
    """Every route about one item gives the same answer for another's item, a deleted one, and an unknown one."""
    theirs, gone = account(chief, 100, owner=owner()), account(chief, owner=owner())
    assert chief.delete(f"/accounts/{gone}").status == 200
    ids = {"accounts": [theirs, gone, unique()], "transfers": [transfer(chief, theirs), "tra_0"]}
    me = as_member(owner())
    body = None if endpoint.method == "GET" else BODIES.get(endpoint.name, {})
    untagged = isinstance(endpoint, QueryEndpoint) and not endpoint.has_tag  # so that no condition can be true
    answers = []
    for id in ids[endpoint.path.split("/")[1]]:
        answer = me.request(endpoint.method, endpoint.path.format(id=id), body, **condition)
        assert answer.status == (400 if condition and untagged else 404)
        answers.append({name: value for name, value in answer.json.items() if name != "instance"})
    assert all(answer == answers[0] for answer in answers)


def test_members_of_answers(chief: Client, as_member: Member) -> None:
    """Answers and lists leave out the members that a role may not see, and show them to the other roles."""
    mine = owner()
    source, target = account(chief, 100, owner=mine), account(chief)
    id = transfer(chief, source, target, owner=mine, reference=unique())
    assert answered(chief, id)["status"] == "accepted"
    me, token = as_member(mine), seen(chief, source, target)
    assert "turnover" in chief.get(f"/accounts/{source}", Consistency_Token=token).json
    assert "turnover" not in me.get(f"/accounts/{source}").json
    assert all(leg["name"] for leg in chief.get(f"/transfers/{id}").json["legs"])
    assert all("name" not in leg for leg in me.get(f"/transfers/{id}").json["legs"])
    assert [item["id"] for item in me.get("/transfers").json["items"] if "reference" not in item] == [id]
    assert me.get(f"/transfers/{id}").headers["etag"] != chief.get(f"/transfers/{id}").headers["etag"]
