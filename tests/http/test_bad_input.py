"""Bad input of every kind: a 4xx that says where, nothing written, never a 500."""

import json
from typing import Any

import pytest

from tests.http.things import customer, email, product, sku
from tests.support.client import Answer, Client

DIGITS = int("9" * 38)
BIG = b'{"name": "' + b"x" * (10 * 1024 * 1024) + b'"}'
DEEP = b'{"name": ' * 100 + b"1" + b"}" * 100

NOT_JSON = [b"{", b"name=Ada", b'{"name": "Ada"', b"\xff\xfe", b"NaN", b'{"a": 1e999}', b'{"a":1}{', b'"\\ud800"', DEEP]
NO_OBJECT = [b"null", b"[]", b"true", b"3", b'"text"']


def refused(answer: Answer, *pointers: str, status: int = 422) -> None:
    """It must be refused, with exactly these faults."""
    assert answer.status == status, answer
    assert answer.problem
    assert sorted(answer.pointers) == sorted(pointers), answer.body


@pytest.mark.parametrize("path", ["/customers", "/products", "/orders", "/stock/X/receipts", "/stock/X/adjustments"])
@pytest.mark.parametrize("body", NOT_JSON)
def test_not_json(admin: Client, path: str, body: bytes) -> None:
    """What is not JSON is malformed, on every route that takes a body."""
    refused(admin.post(path, body), "", status=400)


@pytest.mark.parametrize("path", ["/customers", "/orders/ord_1/cancel", "/orders/ord_1/ship"])
@pytest.mark.parametrize("body", NO_OBJECT)
def test_not_an_object(admin: Client, path: str, body: bytes) -> None:
    """A body that is JSON but no object, even where none is needed."""
    refused(admin.post(path, body), "")


def test_no_body(admin: Client) -> None:
    """A command that needs a body says so."""
    assert admin.post("/customers").status == 400


@pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded", "application/xml", ""])
def test_other_media_types(admin: Client, media_type: str) -> None:
    """Only application/json is read."""
    answer = admin.post("/customers", {"name": "Ada", "email": email()}, Content_Type=media_type)
    assert (answer.status, answer.problem) == (415, "unsupported-media-type")


def test_ten_megabytes(admin: Client) -> None:
    """A body of 10 MB is too large, and the API is well afterwards."""
    assert admin.post("/customers", BIG).status == 413
    customer(admin)


@pytest.mark.parametrize(
    "name", ["", " ", " x", "x ", "a\x00b", "a\nb", "\x7f", "x" * 201, 5, None, ["x"], {}, True, 1.5]
)
def test_names(admin: Client, name: Any) -> None:
    """A name is a trimmed line of text; NUL bytes and the like never are."""
    refused(admin.post("/customers", {"name": name, "email": email()}), "/name")


@pytest.mark.parametrize(
    "address", ["ada", "a@b", "a b@c.de", "a@b@c.de", "@c.de", "a@.", "x" * 250 + "@c.de", "a\x00@c.de"]
)
def test_addresses(admin: Client, address: str) -> None:
    """What cannot be an e-mail address is refused."""
    refused(admin.post("/customers", {"name": "Ada", "email": address}), "/email")


@pytest.mark.parametrize("price", [-1, -DIGITS, DIGITS, 10**9 + 1, 1.5, 1.0, "100", None, True, 1e30])
def test_money(admin: Client, price: Any) -> None:
    """Money is a whole number of minor units, not negative, within its limits."""
    refused(admin.post("/products", {"sku": sku(), "name": "x", "price": price, "currency": "GBP"}), "/price")


@pytest.mark.parametrize("code", ["", "a b", "ä", "🦀", "a/b", "a#b", "-a", "x" * 65, "a\n", 5])
def test_skus(admin: Client, code: Any) -> None:
    """A SKU is plain ASCII, in a body and in a path."""
    refused(admin.post("/products", {"sku": code, "name": "x", "price": 1, "currency": "GBP"}), "/sku")


@pytest.mark.parametrize("code", ["a%20b", "%F0%9F%A6%80", "a%2Fb", "claim%23email%23x", "%00", "x" * 3000])
def test_skus_in_paths(admin: Client, code: str) -> None:
    """No product can be at such a path."""
    assert admin.patch(f"/products/{code}", {"price": 1}).status == 404


@pytest.mark.parametrize("quantity", [0, -1, 10**6 + 1, DIGITS, 1.5, "1", None, []])
def test_quantities(admin: Client, quantity: Any) -> None:
    """A quantity is a whole number from 1 to a million."""
    refused(admin.post(f"/stock/{sku()}/receipts", {"quantity": quantity}), "/quantity")
    lines = [{"sku": "A", "quantity": quantity}]
    refused(admin.post("/orders", {"customer_id": "cus_1", "lines": lines}), "/lines/0/quantity")


def test_every_fault_is_named(admin: Client) -> None:
    """All the faulty fields, not just the first."""
    body = {"name": 3, "email": "x", "country": "", "nope": 1, "a/b": 2}
    refused(admin.post("/customers", body), "/name", "/email", "/country", "/nope", "/a~1b")
    lines = [{"sku": "A", "quantity": 1, "unit_price": -1}, {"sku": 1}, "x"]
    refused(
        admin.post("/orders", {"customer_id": "x", "lines": lines, "reference": "🦀"}),
        "/customer_id",
        "/reference",
        "/lines/0/unit_price",
        "/lines/1/sku",
        "/lines/1/quantity",
        "/lines/2",
    )


@pytest.mark.parametrize("lines", [[], None, {}, "x", [{"sku": "A", "quantity": 1}] * 1001])
def test_lines(admin: Client, lines: Any) -> None:
    """An order has 1 to 1,000 lines."""
    refused(admin.post("/orders", {"customer_id": "cus_1", "lines": lines}), "/lines")


def test_emoji_where_text_may_be(admin: Client) -> None:
    """Emoji are text: in a name they are kept, to the last code point."""
    name = "Ada 🦀👩‍🚀 Ⅻ"
    made = admin.post("/customers", {"name": name, "email": email()})
    assert (made.status, made.json["name"]) == (201, name)


@pytest.mark.parametrize(
    "header",
    [{"If-Match": "3"}, {"If-Match": '"'}, {"Idempotency-Key": "a b"}],
)
def test_headers(admin: Client, header: dict[str, str]) -> None:
    """A header that cannot be read is refused, not ignored."""
    id = customer(admin)
    answer = admin.request("PATCH", f"/customers/{id}", {"name": "B"}, **header)
    assert (answer.status, answer.pointers) == (400, list(header))
    assert admin.patch(f"/customers/{id}", {}).json["version"] == 1


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("PUT", "/customers", 405),
        ("DELETE", "/orders", 405),
        ("POST", "/orders/ord_1/explode", 404),
        ("GET", "/nope", 404),
        ("POST", "/", 404),
        ("PATCH", "/customers/xyz", 404),
        ("POST", "/orders/ord_unknown/cancel", 404),
    ],
)
def test_no_such_thing(admin: Client, method: str, path: str, status: int) -> None:
    """Unknown paths, methods and ids are problems too."""
    answer = admin.request(method, path, {})
    assert (answer.status, bool(answer.problem)) == (status, True)
    assert ("allow" in answer.headers) == (status == 405)


def test_nothing_is_written(admin: Client, written: Any) -> None:
    """After a storm of bad requests the write store holds exactly what it held before."""
    id, code = customer(admin), product(admin)
    before = written()
    storm: list[tuple[str, str, Any]] = [
        ("POST", "/customers", {"name": "Ada", "email": "x"}),
        ("PATCH", f"/customers/{id}", {"name": "\x00"}),
        ("PATCH", f"/products/{code}", {"price": -1}),
        ("POST", f"/stock/{code}/receipts", {"quantity": DIGITS}),
        ("POST", f"/stock/{code}/adjustments", {"change": -1, "reason": ""}),
        ("POST", "/orders", {"customer_id": id, "lines": [{"sku": code, "quantity": 0}]}),
        ("POST", "/orders", {"customer_id": id, "lines": [{"sku": "none", "quantity": 1}]}),
        ("POST", "/orders", json.dumps({"customer_id": id, "lines": []}).encode() + b"x"),
    ]
    for method, path, body in storm:
        for key in ({}, {"Idempotency-Key": sku()}):
            assert 400 <= admin.request(method, path, body, **key).status < 500
    assert written() == before
