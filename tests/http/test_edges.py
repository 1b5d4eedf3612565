"""What stands at the edge of HTTP: conditions, encodings, preferences and parameters that a client rarely sends."""

import gzip
import json
from typing import Any

import pytest

from tests.http.client import Answer, Client
from tests.http.things import customer, email, order, product, sku


def refused(answer: Answer, status: int, *faulty: str) -> str:
    """The detail of a refusal, which must name exactly these parameters, headers or pointers."""
    assert (answer.status, sorted(answer.pointers)) == (status, sorted(faulty)), answer
    return str(answer.json["detail"])


@pytest.mark.parametrize("tag", ["*", '"1"', '"1.0123abcd"', 'W/"1"', '"7", "1"'])
def test_if_none_match_on_a_change(admin: Client, tag: str) -> None:
    """A command that must not find this version does not run when it does (RFC 9110, 13.1.2)."""
    id = customer(admin)
    answer = admin.patch(f"/customers/{id}", {"name": "B"}, If_None_Match=tag)
    assert (answer.status, answer.problem, answer.json["version"]) == (412, "precondition-failed", 1)
    assert "If-None-Match" in answer.json["detail"]
    assert admin.patch(f"/customers/{id}", {}).json["name"] == "Ada"


def test_if_none_match_that_holds(admin: Client) -> None:
    """Another version, or nothing there yet, satisfies the condition."""
    id = customer(admin)
    assert admin.patch(f"/customers/{id}", {"name": "B"}, If_None_Match='"7"').status == 200
    new = {"sku": sku(), "name": "x", "price": 1, "currency": "GBP"}
    assert admin.post("/products", new, If_None_Match="*").status == 201
    assert admin.post("/products", new, If_None_Match="*").status == 412


def test_both_conditions(admin: Client) -> None:
    """If-Match and If-None-Match in one request must both hold."""
    id = customer(admin)
    both = {"If-Match": '"1"', "If-None-Match": '"1"'}
    assert admin.request("PATCH", f"/customers/{id}", {"name": "B"}, **both).status == 412


@pytest.mark.parametrize("header", ["If-Modified-Since", "If-Unmodified-Since", "If-Range"])
def test_conditions_by_date(admin: Client, header: str) -> None:
    """A condition that cannot be evaluated here is refused, on commands and queries, and nothing is written."""
    id = customer(admin)
    given = {header: "Sat, 29 Oct 1994 19:43:31 GMT"}
    assert "If-Match" in refused(admin.request("PATCH", f"/customers/{id}", {"name": "B"}, **given), 400, header)
    refused(admin.request("GET", f"/customers/{id}", **given), 400, header)
    assert admin.patch(f"/customers/{id}", {}).json["version"] == 1


@pytest.mark.parametrize("header", ["If-Match", "If-None-Match"])
@pytest.mark.parametrize("path", ["/orders", "/status", "/reports/sales"])
def test_conditions_where_no_tag_is(admin: Client, path: str, header: str) -> None:
    """An answer without an ETag can satisfy no condition on one; the request says so."""
    refused(admin.request("GET", path, **{header: '"1"'}), 400, header)


def test_if_match_on_a_query(admin: Client) -> None:
    """A GET under If-Match shows that version or answers 412."""
    made = admin.post("/customers", {"name": "Ada", "email": email()})
    path, token = made.headers["location"], made.headers["consistency-token"]
    assert admin.get(path, Consistency_Token=token, If_Match='"1"').status == 200
    stale = admin.get(path, Consistency_Token=token, If_Match='"2"')
    assert (stale.status, stale.problem, stale.json["version"]) == (412, "precondition-failed", 1)


def test_weak_tag_in_if_match(admin: Client) -> None:
    """The refusal says that the tag is weak, not that the version is another."""
    id = customer(admin)
    answer = admin.patch(f"/customers/{id}", {"name": "B"}, If_Match='W/"1"')
    assert (answer.status, answer.json["version"]) == (412, 1)
    assert "weak" in answer.json["detail"]


@pytest.mark.parametrize(
    ("prefer", "status"),
    [('foo="a, wait=0"', 503), ('wait="1', 400), ("wait=1;;", 503), ('wait="0"', 503), ("a b", 400), ("=1", 400)],
)
def test_prefer(admin: Client, projector: Any, prefer: str, status: int) -> None:
    """Preferences are read as RFC 7240 writes them; what cannot be read is refused."""
    with projector.stopped():
        made = admin.post("/customers", {"name": "Ada", "email": email()})
        answer = admin.get(made.headers["location"], Consistency_Token=made.headers["consistency-token"], Prefer=prefer)
    assert answer.status == status
    if status == 400:
        refused(answer, 400, "Prefer")


def test_unknown_parameters_of_a_command(admin: Client) -> None:
    """A command takes no parameters; one that is sent is refused, and nothing is written."""
    refused(admin.post("/customers?dry_run=true&x=1", {"name": "Ada", "email": email()}), 422, "dry_run", "x")
    id = customer(admin)
    refused(admin.delete(f"/customers/{id}?force="), 422, "force")


@pytest.mark.parametrize("query", ["min_total=null", "min_total=1.5", "min_total=", "min_total=%D9%A1", "limit=null"])
def test_numbers_in_parameters(admin: Client, query: str) -> None:
    """A parameter that is no number is told what it should be, not that it might be null."""
    detail = refused(admin.get(f"/orders?{query}"), 422, query.partition("=")[0])
    assert "expected an integer" in detail
    assert "null" not in detail
    assert "string" not in detail


@pytest.mark.parametrize("text", ["1", "yes", "TRUE", "null", ""])
def test_booleans_in_parameters(admin: Client, text: str) -> None:
    """A boolean parameter is true or false, as the OpenAPI document says."""
    assert "expected true or false" in refused(admin.get(f"/products?in_stock={text}"), 422, "in_stock")


def test_enumerations_in_parameters(admin: Client) -> None:
    """A value that is none of those possible is answered with those, not with itself."""
    detail = refused(admin.get("/orders?status=" + "x" * 5000), 422, "status")
    assert "expected one of placed, confirmed" in detail
    assert len(detail) < 500


def test_parameter_without_a_name(admin: Client) -> None:
    """A parameter that has no name is blamed as one, not as the body."""
    answer = admin.get("/orders?=1")
    assert (answer.status, answer.pointers) == (422, [""])
    assert "body" not in answer.json["detail"]


def test_long_name_of_a_parameter(admin: Client) -> None:
    """The answer is not as long as the question."""
    assert len(admin.get("/orders?" + "x" * 5000 + "=1").body) < 2000


@pytest.mark.parametrize("query", ["q=%ff", "q=%EF%BF%BD", "q=%ED%A0%80", "%ff=1", "sku=%c3%28"])
def test_parameters_that_are_not_utf8(admin: Client, query: str) -> None:
    """A parameter whose text could not be decoded is refused."""
    assert admin.get(f"/orders?{query}").status == 422


@pytest.mark.parametrize("encoding", ["gzip", "identity, gzip", "br", "x", ""])
def test_content_encoding(admin: Client, encoding: str) -> None:
    """A compressed body gets 415, which says what may be sent, and not `not JSON`."""
    body = gzip.compress(json.dumps({"name": "Ada", "email": email()}).encode())
    answer = admin.request("POST", "/customers", body, **{"Content-Encoding": encoding})
    assert (answer.status, answer.problem, answer.headers["accept-encoding"]) == (
        415,
        "unsupported-media-type",
        "identity",
    )
    assert "Content-Encoding" in answer.json["detail"]


def test_content_encoding_identity(admin: Client) -> None:
    """No encoding may be named as such."""
    made = admin.request("POST", "/customers", {"name": "A", "email": email()}, **{"Content-Encoding": "identity"})
    assert made.status == 201


@pytest.mark.parametrize(
    "parameters", ["charset=utf-8", 'charset="UTF-8"', "profile=x; charset=utf8", "charset=utf-8;"]
)
def test_charsets(admin: Client, parameters: str) -> None:
    """UTF-8 may be named, however it is written."""
    made = admin.post("/customers", {"name": "Ada", "email": email()}, Content_Type=f"application/json; {parameters}")
    assert made.status == 201


@pytest.mark.parametrize(
    "parameters", ["charset=latin-1", "charset=utf-16", "charset=us-ascii", 'charset="', "charset=", "charset=utf-8, x"]
)
def test_other_charsets(admin: Client, parameters: str) -> None:
    """A body in another charset is not guessed at."""
    body = json.dumps({"name": "René", "email": email()}, ensure_ascii=False).encode("latin-1")
    answer = admin.post("/customers", body, Content_Type=f"application/json; {parameters}")
    assert (answer.status, answer.problem) == (415, "unsupported-media-type")


@pytest.mark.parametrize("name", ["René".encode("latin-1"), "\ufffd".encode(), b"\\ufffd", b"\\uFFFD"])
def test_text_that_was_not_utf8(admin: Client, name: bytes) -> None:
    """What stands for text that could not be decoded is never stored."""
    body = b'{"name": "Ren' + name + b'", "email": "' + email().encode() + b'"}'
    refused(admin.post("/customers", body), 422, "/name")


def test_text_that_only_looks_so(admin: Client) -> None:
    r"""A backslash followed by the letters ufffd is text like any other."""
    made = admin.post("/customers", {"name": "C:\\ufffd", "email": email()})
    assert (made.status, made.json["name"]) == (201, "C:\\ufffd")


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        (b'{"sku": "A", "sku": "B", "name": "x", "price": 1, "currency": "GBP"}', ["/sku"]),
        (b'{"sku": "A", "s\\u006bu": "B", "name": "x", "price": 1, "currency": "GBP"}', ["/sku"]),
        (
            b'{"sku": "A\\u003a", "name": "a", "sku": "B", "name": "x:", "price": 1, "currency": "GBP"}',
            ["/sku", "/name"],
        ),
        (b'{"nope": {"a": 1, "a": 2}, "nope": {}}', ["/nope"]),
    ],
)
def test_names_given_twice(admin: Client, body: bytes, pointers: list[str]) -> None:
    """A member that comes twice is refused, as a parameter is."""
    assert "more than once" in str(admin.post("/products", body).json["errors"])
    refused(admin.post("/products", body), 422, *pointers)


def test_names_given_twice_deep_inside(admin: Client) -> None:
    """In an element of a list as well, where it is named by its place."""
    lines = b'[{"sku": "A", "quantity": 1}, {"sku": "A", "sku": "B", "quantity": 5}]'
    body = b'{"customer_id": "cus_1", "lines": ' + lines + b"}"
    refused(admin.post("/orders", body), 422, "/lines/1/sku")


def test_colons(admin: Client) -> None:
    """Colons in text, escaped or not, are no member given twice."""
    code = product(admin)
    body = b'{"name": "a:b\\u003a\\u003A::", "description": "\\"x\\": {\\"y\\": 1}"}'
    assert admin.patch(f"/products/{code}", body).json["name"] == "a:b::::"
    assert admin.post(f"/orders/{order(admin)}/cancel", b" ").status == 200
