"""Rare parts of HTTP: conditions, encodings, preferences and unusual parameters."""

import gzip
import json

import pytest

from tests.core.things import account, transfer, unique
from tests.support.client import Answer, Client
from tests.support.over_http import Pump


def new() -> dict[str, str]:
    """Return the body of an account to open."""
    return {"number": unique(), "name": unique()}


def refused(answer: Answer, status: int, *faulty: str) -> str:
    """Return the detail of a refusal, which must name exactly these parameters, headers or pointers."""
    assert (answer.status, sorted(answer.pointers)) == (status, sorted(faulty)), answer
    return str(answer.json["detail"])


@pytest.mark.parametrize("tag", ["*", '"1"', '"1.0123abcd"', 'W/"1"', '"7", "1"'])
def test_if_none_match_on_a_change(chief: Client, tag: str) -> None:
    """A command that must not find this version does not run if it does (RFC 9110, 13.1.2)."""
    id = account(chief)
    answer = chief.patch(f"/accounts/{id}", {"note": "B"}, If_None_Match=tag)
    assert (answer.status, answer.problem, answer.json["version"]) == (412, "precondition-failed", 1)
    assert "If-None-Match" in answer.json["detail"]
    assert chief.patch(f"/accounts/{id}", {}).json["note"] == ""


def test_if_none_match_that_holds(chief: Client) -> None:
    """Another version, or no item yet, satisfies the condition."""
    id = account(chief)
    assert chief.patch(f"/accounts/{id}", {"note": "B"}, If_None_Match='"7"').status == 200
    body = new()
    assert chief.post("/accounts", body, If_None_Match="*").status == 201
    assert chief.post("/accounts", body, If_None_Match="*").status == 412


def test_both_conditions(chief: Client) -> None:
    """If-Match and If-None-Match in one request must both hold."""
    id = account(chief)
    both = {"If-Match": '"1"', "If-None-Match": '"1"'}
    assert chief.request("PATCH", f"/accounts/{id}", {"note": "B"}, **both).status == 412


@pytest.mark.parametrize("header", ["If-Modified-Since", "If-Unmodified-Since", "If-Range"])
def test_conditions_by_date(chief: Client, header: str) -> None:
    """A condition that cannot be evaluated here is refused, on commands and queries, and nothing is written."""
    id = account(chief)
    given = {header: "Sat, 29 Oct 1994 19:43:31 GMT"}
    assert "If-Match" in refused(chief.request("PATCH", f"/accounts/{id}", {"note": "B"}, **given), 400, header)
    refused(chief.request("GET", f"/accounts/{id}", **given), 400, header)
    assert chief.patch(f"/accounts/{id}", {}).json["version"] == 1


@pytest.mark.parametrize("header", ["If-Match", "If-None-Match"])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        *(("GET", path) for path in ("/accounts", "/status", "/transfers", "/operations/dead-letters")),
        *(("POST", f"/operations/dead-letters/{path}") for path in ("redrive", "discard", "x/redrive", "x/discard")),
    ],
)
def test_conditions_where_no_tag_is(chief: Client, method: str, path: str, header: str) -> None:
    """A condition on an ETag where none exists is refused, and nothing is done."""
    refused(chief.request(method, path, **{header: '"1"'}), 400, header)


def test_if_match_on_a_query(chief: Client) -> None:
    """A GET under If-Match shows that version or answers 412."""
    made = chief.post("/accounts", new())
    path, token = made.headers["location"], made.headers["consistency-token"]
    assert chief.get(path, Consistency_Token=token, If_Match='"1"').status == 200
    stale = chief.get(path, Consistency_Token=token, If_Match='"2"')
    assert (stale.status, stale.problem, stale.json["version"]) == (412, "precondition-failed", 1)


def test_weak_tag_in_if_match(chief: Client) -> None:
    """The refusal says that the tag is weak, and not that the version differs."""
    id = account(chief)
    answer = chief.patch(f"/accounts/{id}", {"note": "B"}, If_Match='W/"1"')
    assert (answer.status, answer.json["version"]) == (412, 1)
    assert "weak" in answer.json["detail"]


@pytest.mark.parametrize(
    ("prefer", "status"),
    [('foo="a, wait=0"', 503), ('wait="1', 400), ("wait=1;;", 503), ('wait="0"', 503), ("a b", 400), ("=1", 400)],
)
def test_prefer(chief: Client, pump: Pump, prefer: str, status: int) -> None:
    """Preferences are read as RFC 7240 defines them. Unreadable ones are refused."""
    with pump.stopped():
        made = chief.post("/accounts", new())
        answer = chief.get(made.headers["location"], Consistency_Token=made.headers["consistency-token"], Prefer=prefer)
    assert answer.status == status
    if status == 400:
        refused(answer, 400, "Prefer")


def test_unknown_parameters_of_a_command(chief: Client) -> None:
    """A command takes no parameters. A request with one is refused, and nothing is written."""
    refused(chief.post("/accounts?dry_run=true&x=1", new()), 422, "dry_run", "x")
    id = account(chief)
    refused(chief.delete(f"/accounts/{id}?force="), 422, "force")


@pytest.mark.parametrize(
    "query", ["min_volume=null", "min_volume=1.5", "min_volume=", "min_volume=%D9%A1", "limit=null"]
)
def test_numbers_in_parameters(chief: Client, query: str) -> None:
    """For a parameter that is not a number, the answer says what it should be, but not that it might be null."""
    detail = refused(chief.get(f"/transfers?{query}"), 422, query.partition("=")[0])
    assert "expected an integer" in detail
    assert "null" not in detail
    assert "string" not in detail


def test_enumerations_in_parameters(chief: Client) -> None:
    """For an impossible value, the answer names the possible values, and not the value."""
    detail = refused(chief.get("/transfers?status=" + "x" * 5000), 422, "status")
    assert "expected one of requested, accepted" in detail
    assert len(detail) < 500


def test_parameter_without_a_name(chief: Client) -> None:
    """The refusal is about a parameter without a name, and not about the body."""
    answer = chief.get("/transfers?=1")
    assert (answer.status, answer.pointers) == (422, [""])
    assert "body" not in answer.json["detail"]


def test_long_name_of_a_parameter(chief: Client) -> None:
    """The answer is shorter than the parameter's name."""
    assert len(chief.get("/transfers?" + "x" * 5000 + "=1").body) < 2000


@pytest.mark.parametrize("query", ["owner=%ff", "owner=%EF%BF%BD", "status=%ED%A0%80", "%ff=1", "account=%c3%28"])
def test_parameters_that_are_not_utf8(chief: Client, query: str) -> None:
    """A parameter whose text could not be decoded is refused."""
    assert chief.get(f"/transfers?{query}").status == 422


@pytest.mark.parametrize("encoding", ["gzip", "identity, gzip", "br", "x", ""])
def test_content_encoding(chief: Client, encoding: str) -> None:
    """A compressed body gets 415, which says what may be sent, and not that it is not JSON."""
    body = gzip.compress(json.dumps(new()).encode())
    answer = chief.request("POST", "/accounts", body, **{"Content-Encoding": encoding})
    assert (answer.status, answer.problem, answer.headers["accept-encoding"]) == (
        415,
        "unsupported-media-type",
        "identity",
    )
    assert "Content-Encoding" in answer.json["detail"]


def test_content_encoding_identity(chief: Client) -> None:
    """`identity`, which means no encoding, is accepted."""
    made = chief.request("POST", "/accounts", new(), **{"Content-Encoding": "identity"})
    assert made.status == 201


@pytest.mark.parametrize(
    "parameters", ["charset=utf-8", 'charset="UTF-8"', "profile=x; charset=utf8", "charset=utf-8;"]
)
def test_charsets(chief: Client, parameters: str) -> None:
    """UTF-8 may be named, in any spelling."""
    made = chief.post("/accounts", new(), Content_Type=f"application/json; {parameters}")
    assert made.status == 201


@pytest.mark.parametrize(
    "parameters", ["charset=latin-1", "charset=utf-16", "charset=us-ascii", 'charset="', "charset=", "charset=utf-8, x"]
)
def test_other_charsets(chief: Client, parameters: str) -> None:
    """A body in another charset is refused."""
    body = json.dumps({**new(), "note": "René"}, ensure_ascii=False).encode("latin-1")
    answer = chief.post("/accounts", body, Content_Type=f"application/json; {parameters}")
    assert (answer.status, answer.problem) == (415, "unsupported-media-type")


@pytest.mark.parametrize("text", ["René".encode("latin-1"), "\ufffd".encode(), b"\\ufffd", b"\\uFFFD"])
def test_text_that_was_not_utf8(chief: Client, text: bytes) -> None:
    """Text with replacement characters for undecodable bytes is never stored."""
    body = json.dumps(new()).encode().removesuffix(b"}") + b', "note": "' + text + b'"}'
    refused(chief.post("/accounts", body), 422, "/note")


def test_text_that_only_looks_so(chief: Client) -> None:
    r"""A backslash followed by the letters ufffd is ordinary text."""
    made = chief.post("/accounts", {**new(), "note": "C:\\ufffd"})
    assert (made.status, made.json["note"]) == (201, "C:\\ufffd")


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        (b'{"number": "A", "number": "B", "name": "x"}', ["/number"]),
        (b'{"number": "A", "num\\u0062er": "B", "name": "x"}', ["/number"]),
        (b'{"number": "A\\u003a", "name": "a", "number": "B", "name": "x:"}', ["/number", "/name"]),
        (b'{"nope": {"a": 1, "a": 2}, "nope": {}}', ["/nope"]),
    ],
)
def test_names_given_twice(chief: Client, body: bytes, pointers: list[str]) -> None:
    """A member that occurs twice is refused, as a parameter is."""
    answer = chief.post("/accounts", body)
    assert "more than once" in str(answer.json["errors"])
    refused(answer, 422, *pointers)


def test_names_given_twice_deep_inside(chief: Client) -> None:
    """This applies to elements of a list as well, where the place is named."""
    legs = b'[{"account": "A", "amount": 1}, {"account": "A", "account": "B", "amount": 5}]'
    refused(chief.post("/transfers", b'{"legs": ' + legs + b"}"), 422, "/legs/1/account")


def test_colons(chief: Client) -> None:
    """Colons in text, escaped or not, do not count as a repeated member."""
    body = b'{"note": "a:b\\u003a\\u003A:: \\"x\\": {\\"y\\": 1}"}'
    assert chief.patch(f"/accounts/{account(chief)}", body).json["note"] == 'a:b:::: "x": {"y": 1}'
    assert chief.post(f"/transfers/{transfer(chief)}/cancel", b" ").status == 200
