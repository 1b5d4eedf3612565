"""Who may do what: every route against every role, and a customer against what is not its own."""

import time
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from chalicelib.bootstrap import APIS, PERMISSIONS
from chalicelib.core.access.permissions import Access
from chalicelib.core.http.endpoint import CommandEndpoint, QueryEndpoint
from tests.http.things import answered, customer, email, order, sku, stocked
from tests.support.client import Answer, Client

ROUTES = [
    endpoint for api in APIS for endpoint in api.endpoints if isinstance(endpoint, CommandEndpoint | QueryEndpoint)
]
Customer = Callable[[str], Client]


def path_of(endpoint: CommandEndpoint | QueryEndpoint) -> str:
    """A path of that route at which nothing is."""
    ids = {"orders": "ord_none", "customers": "cus_none"}
    return endpoint.path.replace("{id}", ids.get(endpoint.path.split("/")[1], "x")).replace("{sku}", "none")


def test_table_and_routes_agree() -> None:
    """Every route has its row in the table of permissions, and every row its route."""
    rows = {name for name in PERMISSIONS.table if ":" not in name}
    assert rows == {endpoint.name for endpoint in ROUTES}


@pytest.mark.parametrize("endpoint", ROUTES, ids=lambda endpoint: endpoint.name)
def test_no_token(anonymous: Client, endpoint: Any) -> None:
    """Without a token: 401, and how to send one."""
    answer = anonymous.request(endpoint.method, path_of(endpoint), {})
    assert (answer.status, answer.problem) == (401, "unauthenticated")
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("endpoint", ROUTES, ids=lambda endpoint: endpoint.name)
@pytest.mark.parametrize("role", ["customer", "staff", "admin"])
def test_roles(stack: Any, endpoint: Any, role: str) -> None:
    """A role that the table leaves out gets 403, and any other something else."""
    client = Client(stack.url, stack.token(role, "cus_somebody"))
    answer = client.request(endpoint.method, path_of(endpoint), None if endpoint.method == "GET" else {})
    if role not in PERMISSIONS.table[endpoint.name]:
        assert (answer.status, answer.problem) == (403, "forbidden")
    elif PERMISSIONS.table[endpoint.name][role] is Access.ALL:
        assert answer.status not in (401, 403)
    else:
        assert_own_is_reached(endpoint, answer)


def assert_own_is_reached(endpoint: Any, answer: Answer) -> None:
    """OWN lets through: what is refused is another's, never the role."""
    assert answer.status != 401
    if answer.status == 403:
        assert "its own" in answer.json["detail"], (endpoint.name, answer)


def test_customer_registers_itself(as_customer: Customer) -> None:
    """A customer's token registers the customer that it names, once."""
    id = f"cus_{sku().replace('-', 'x')}"
    made = as_customer(id).post("/customers", {"name": "Ada", "email": email()})
    assert (made.status, made.json["id"]) == (201, id)
    assert as_customer(id).post("/customers", {"name": "Ada", "email": email()}).problem == "duplicate"


def test_customer_and_its_own(admin: Client, as_customer: Customer) -> None:
    """A customer orders for itself, sees its own, and changes its own."""
    id, code = customer(admin), stocked(admin)
    own = as_customer(id)
    placed = own.post("/orders", {"lines": [{"sku": code, "quantity": 1}]})
    assert (placed.status, placed.json["customer_id"]) == (201, id)
    path, token = placed.headers["location"], placed.headers["consistency-token"]
    assert own.get(path, Consistency_Token=token).status == own.get(f"{path}/timeline").status == 200
    assert [item["id"] for item in own.get("/orders").json["items"]] == [placed.json["id"]]
    assert own.get(f"/customers/{id}/orders").status == own.patch(f"/customers/{id}", {"name": "B"}).status == 200
    assert own.post(f"{path}/cancel").json["status"] == "cancelled"


def test_customer_and_others(admin: Client, as_customer: Customer) -> None:
    """A customer neither sees, orders for, changes nor cancels what is another's."""
    other, code = customer(admin), stocked(admin)
    theirs = order(admin, other, code)
    assert answered(admin, theirs)["status"] == "confirmed"
    me = as_customer(customer(admin))
    answers = [
        me.get(f"/orders/{theirs}"),
        me.get(f"/orders/{theirs}/timeline"),
        me.get(f"/customers/{other}"),
        me.get(f"/customers/{other}/orders"),
        me.patch(f"/customers/{other}", {"name": "mine"}),
        me.delete(f"/customers/{other}"),
        me.post(f"/orders/{theirs}/cancel"),
        me.post("/orders", {"customer_id": other, "lines": [{"sku": code, "quantity": 1}]}),
        me.post("/orders", {"lines": [{"sku": code, "quantity": 1, "unit_price": 1}]}),
        me.post("/orders", {"lines": [{"sku": code, "quantity": 1}], "placed_at": "2020-01-01T00:00:00Z"}),
    ]
    assert [answer.status for answer in answers] == [403] * len(answers)
    assert me.get("/orders", {"customer": other}).pointers == ["customer"]
    taken = me.post("/orders", {"lines": [{"sku": code, "quantity": 1}], "reference": sku()})
    assert taken.status == 403  # references are unique among all, so they are the shop's to give
    assert admin.get(f"/orders/{theirs}").json["version"] == 2


def test_duplicate_is_discreet(admin: Client, as_customer: Customer) -> None:
    """A customer that tries an e-mail address learns that it is taken, not by whom."""
    address, me = email(), as_customer(f"cus_{sku().replace('-', 'x')}")
    victim = admin.post("/customers", {"name": "Ada", "email": address}).json["id"]
    answer = me.post("/customers", {"name": "Eve", "email": address})
    assert (answer.status, answer.problem) == (409, "duplicate")
    assert victim not in answer.body.decode()


def test_stored_answer_after_a_change_of_role(stack: Any, admin: Client) -> None:
    """What a key keeps is not for a principal that has lost its role."""
    id, key = order(admin), sku()
    former = "cus_former"
    staff = Client(stack.url, stack.token("staff", former))
    assert staff.post(f"/orders/{id}/cancel", Idempotency_Key=key).status == 200
    demoted = Client(stack.url, stack.token("customer", former))
    assert demoted.post(f"/orders/{id}/cancel", Idempotency_Key=key).problem == "idempotency-key-reused"
    assert demoted.post(f"/orders/{id}/cancel").status == 403


@pytest.mark.parametrize(
    "subject", ["heartbeat#", "claim#email#x", "no-customer", "cus_" + "x" * 99, "cus_1 ", "cus_1\x00"]
)
def test_subject_that_is_no_customer(stack: Any, subject: str) -> None:
    """A customer's token that names no customer is refused, not looked up."""
    me = Client(stack.url, stack.token("customer", subject))
    assert me.post("/orders", {"lines": [{"sku": "A", "quantity": 1}]}).status == 401


def forge(stack: Any, **changes: Any) -> str:
    """A token with other claims, signed by the right key."""
    claims = jwt.decode(stack.token("admin"), options={"verify_signature": False})
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
def test_claims(stack: Any, changes: dict[str, Any]) -> None:
    """Expired, of another issuer or audience, or without a role or subject: 401."""
    assert Client(stack.url, forge(stack)).get("/orders").status == 200
    assert Client(stack.url, forge(stack, **changes)).get("/orders").status == 401


def test_signatures(stack: Any) -> None:
    """Signed by another key, not signed at all, or no token: 401."""
    good = stack.token("admin")
    claims = jwt.decode(good, options={"verify_signature": False})
    stranger = jwt.encode(claims, ec.generate_private_key(ec.SECP256R1()), "ES256", headers={"kid": "local"})
    unknown = jwt.encode(claims, ec.generate_private_key(ec.SECP256R1()), "ES256", headers={"kid": "other"})
    unsigned = jwt.encode(claims, None, "none", headers={"kid": "local"})
    symmetric = jwt.encode(claims, "x" * 64, "HS256", headers={"kid": "local"})
    for token in (stranger, unknown, unsigned, symmetric, "x", good[:-4], good + "x"):
        assert Client(stack.url, token).get("/orders").status == 401
    for scheme in (f"Basic {good}", good, "Bearer"):
        assert Client(stack.url).get("/orders", Authorization=scheme).status == 401
