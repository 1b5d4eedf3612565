"""The permissions of every route for every role, and of a member for another's items."""

import time
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from tests.core.domain.roles import CHIEF, CLERK, MEMBER
from tests.core.things import account, answered, legs, seen, transfer, unique
from tests.support.client import Client
from tests.support.domain import NEUTRAL
from tests.support.routes import Route, check_role, routes, send, subject_of
from tests.support.stack import Stack

ROUTES = routes(NEUTRAL)
Member = Callable[[str], Client]


def test_table_and_routes_agree() -> None:
    """Every route has a row in the table of permissions, and every row has a route."""
    rows = {name for name in NEUTRAL.permissions.table if ":" not in name}
    assert rows == {route.name for route in ROUTES}


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_no_token(anonymous: Client, route: Route) -> None:
    """Without a token, the answer is 401 and says how to send one."""
    answer = send(anonymous, route)
    assert (answer.status, answer.problem) == (401, "unauthenticated")
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
@pytest.mark.parametrize("role", NEUTRAL.permissions.roles)
def test_roles(stack: Stack, route: Route, role: str) -> None:
    """A role that the table leaves out gets 403. Any other role gets another answer."""
    check_role(route, role, NEUTRAL.permissions, send(stack.client(role, subject_of(role, NEUTRAL.permissions)), route))


def me() -> str:
    """Return the id of a member that no other test uses."""
    return unique().replace("-", "_")


def test_a_member_and_its_own(chief: Client, as_member: Member) -> None:
    """A member makes, sees, lists and changes its own items."""
    id = me()
    own = as_member(id)
    number = account(own)
    assert chief.post(f"/accounts/{number}/deposits", {"amount": 10}).status == 200
    made = own.post("/transfers", {"legs": legs(number, account(chief))})
    assert (made.status, made.json["owner"]) == (201, id)
    path, token = made.headers["location"], made.headers["consistency-token"]
    assert own.get(path, Consistency_Token=token).status == 200
    assert [item["id"] for item in own.get("/transfers").json["items"]] == [made.json["id"]]
    assert own.get("/transfers", {"owner": id}).status == 200
    assert own.patch(f"/accounts/{number}", {"note": "B"}).status == 200
    assert own.post(f"{path}/cancel").json["status"] == "cancelled"


def test_a_member_and_others(chief: Client, as_member: Member) -> None:
    """A member neither sees, makes, changes nor deletes another's items, and none of its attempts has an effect."""
    other = me()
    number = account(chief, 100, owner=other)
    theirs = transfer(chief, number, owner=other)
    assert answered(chief, theirs)["status"] == "accepted"
    eve = as_member(me())
    own = account(eve)
    hidden = [
        eve.get(f"/transfers/{theirs}"),
        eve.get(f"/accounts/{number}", Consistency_Token=seen(chief, number)),
        eve.patch(f"/accounts/{number}", {"note": "mine"}),
        eve.delete(f"/accounts/{number}"),
        eve.post(f"/transfers/{theirs}/cancel"),
    ]
    assert [answer.status for answer in hidden] == [404] * len(hidden)
    answers = [
        eve.post("/accounts", {"number": unique(), "name": unique(), "owner": other}),
        eve.post("/transfers", {"owner": other, "legs": legs(own, number)}),
        eve.post("/transfers", {"legs": legs(own, number), "reference": unique()}),
        eve.post("/transfers", {"legs": legs(own, number), "requested_at": "2020-01-01T00:00:00Z"}),
    ]
    assert [answer.status for answer in answers] == [403] * len(answers)
    assert eve.get("/transfers", {"owner": other}).pointers == ["owner"]
    assert eve.get("/transfers").json["items"] == []
    taken = eve.post("/transfers", {"legs": legs(number, own)})
    assert (taken.status, taken.problem, taken.pointers) == (409, "foreign-account", ["/legs/0/account"])
    assert chief.get(f"/transfers/{theirs}").json["version"] == 2
    assert chief.patch(f"/accounts/{number}", {}).json["note"] == ""


def test_a_duplicate_is_discreet(chief: Client, as_member: Member) -> None:
    """A member learns that another's claim is taken, but not by whom. For its own claim, it learns the item."""
    name, id = unique(), me()
    victim = account(chief, name=name)
    answer = as_member(id).post("/accounts", {"number": unique(), "name": name})
    assert (answer.status, answer.problem) == (409, "duplicate")
    assert victim not in answer.body.decode()


def test_stored_answer_after_a_change_of_role(stack: Stack, chief: Client) -> None:
    """A stored answer is not given to a principal that has lost its role."""
    id, key, former = transfer(chief), unique(), me()
    assert stack.client(CLERK, former).post(f"/transfers/{id}/cancel", Idempotency_Key=key).status == 200
    demoted = stack.client(MEMBER, former)
    assert demoted.post(f"/transfers/{id}/cancel", Idempotency_Key=key).problem == "idempotency-key-reused"
    assert demoted.post(f"/transfers/{id}/cancel").status == 404


@pytest.mark.parametrize("subject", ["heartbeat#", "claim#name#x", "hold#tra_1", "usr_1 ", "usr_1\x00", "x" * 65])
def test_a_subject_of_another_type(as_member: Member, subject: str) -> None:
    """A token whose subject does not have its role's type is refused without a look-up."""
    assert as_member(subject).get("/accounts").status == 401


def forge(stack: Stack, **changes: Any) -> str:
    """Return a token with other claims, signed with the right key."""
    claims = jwt.decode(stack.token(CHIEF), options={"verify_signature": False})
    claims = {name: value for name, value in {**claims, **changes}.items() if value is not None}
    return jwt.encode(claims, stack.signing_key(), algorithm="ES256", headers={"kid": "local"})


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": int(time.time()) - 60},
        {"exp": None},
        {"iss": "https://elsewhere.example"},
        {"aud": "another"},
        {"role": "root"},
        {"role": None},
        {"sub": None},
        {"sub": ""},
    ],
)
def test_claims(stack: Stack, changes: dict[str, Any]) -> None:
    """A token that is expired, of another issuer or audience, or without a role or subject is refused with 401."""
    assert Client(stack.url, forge(stack)).get("/transfers").status == 200
    assert Client(stack.url, forge(stack, **changes)).get("/transfers").status == 401


def test_signatures(stack: Stack) -> None:
    """A token signed with another key, an unsigned one, and text that is no token are refused with 401."""
    good = stack.token(CHIEF)
    claims = jwt.decode(good, options={"verify_signature": False})
    stranger = jwt.encode(claims, ec.generate_private_key(ec.SECP256R1()), "ES256", headers={"kid": "local"})
    unknown = jwt.encode(claims, ec.generate_private_key(ec.SECP256R1()), "ES256", headers={"kid": "other"})
    unsigned = jwt.encode(claims, None, "none", headers={"kid": "local"})
    symmetric = jwt.encode(claims, "x" * 64, "HS256", headers={"kid": "local"})
    for token in (stranger, unknown, unsigned, symmetric, "x", good[:-4], good + "x"):
        assert Client(stack.url, token).get("/transfers").status == 401
    for scheme in (f"Basic {good}", good, "Bearer"):
        assert Client(stack.url).get("/transfers", Authorization=scheme).status == 401
