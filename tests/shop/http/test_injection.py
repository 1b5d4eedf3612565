"""Injection: hostile texts in every parameter and every value that the OpenAPI document names.

A new parameter or member is covered as soon as it is declared. A hostile parameter gets a quick answer with 2xx or 4xx
that shows nothing about the servers. A hostile value is refused, or comes back byte for byte from both sides.
"""

import json
from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

import pytest
from pymysql import MySQLError

from chalicelib.core.dynamodb.codec import decode_item
from chalicelib.core.http.endpoint import OperatorEndpoint
from chalicelib.core.mysql.connections import connect
from tests.shop.asks import ASKS, Asker
from tests.shop.http.things import customer
from tests.support.client import Answer, Client
from tests.support.domain import OWN
from tests.support.routes import Route, path_of, routes
from tests.support.stack import Stack

pytestmark = pytest.mark.slow

ROUTES = {route.name: route for route in routes(OWN)}
COMMANDS = {name for name, route in ROUTES.items() if route.method != "GET" and not isinstance(route, OperatorEndpoint)}
PAYLOADS = {
    "quotes": "' OR '1'='1' --x",
    "statement": '"; DROP TABLE orders; #x',
    "union": "x') UNION SELECT user, password FROM mysql.user --x",
    "sleep": "x' OR SLEEP(9) OR '1'='2",
    "comment": "x/*! OR SLEEP(9) */--x",
    "wildcards": "%",
    "wildcard": "_",
    "escaped": "\\%\\_\\",
    "backslash": "x\\' OR 1=1 --x",
    "nul": "a\0b",
    "formats": "%s %(id)s %d {0} {id} %n",
    "templates": "${jndi:ldap://x.invalid/a} #{7*7} {{7*7}} `id` $(id)",
    "json": '{"$gt": ""}, "deleted": true',
    "markup": "<script>alert(1)</script><img src=x onerror='alert(1)'>&amp;",
    "header": "x\r\nSet-Cookie: a=b\r\n\r\nx",
    "paths": "../../etc/passwd",
    "expression": "id = :x OR attribute_exists(id)",
    "scripts": 'é 🎉 中文 Ünï\' "ØÆ" \\',
}
WILDCARDS = ("wildcards", "wildcard", "escaped")
# Words of our servers and of Python that no caller should read.
_LEAKS = ("Traceback", "pymysql", "SQL syntax", "MariaDB", "MySQL", "botocore", "ValidationException", "ConditionExpr")


class Place(NamedTuple):
    """A parameter of a route: its place and its name."""

    kind: str
    name: str


@pytest.fixture(scope="module")
def document(stack: Stack) -> Any:
    """Return the OpenAPI document as clients get it."""
    return Client(stack.url).get("/openapi.json").json


def places(document: Any, route: Route) -> Iterator[Place]:
    """Return all parameters that the document names for a route."""
    path = document["paths"][route.path]
    for parameter in [*path.get("parameters", ()), *path[route.method.lower()].get("parameters", ())]:
        described = resolved(document, parameter)
        yield Place(described["in"], described["name"])


def resolved(document: Any, schema: Any) -> Any:
    """Return a part of the document with its $ref resolved."""
    while "$ref" in schema:
        part = document
        for name in schema["$ref"].removeprefix("#/").split("/"):
            part = part[name]
        schema = part
    return schema


def ask(client: Client, route: Route, place: Place, text: str) -> Answer | None:
    """Send the text in that place. Return None if HTTP has no way to send it."""
    path, headers = path_of(route), {}
    match place.kind:
        case "query":
            path += "?" + urlencode({place.name: text})
        case "path":
            segments = zip(route.path.split("/"), path.split("/"), strict=True)
            path = "/".join(quote(text, safe="") if part == f"{{{place.name}}}" else given for part, given in segments)
        case "header":
            if any(character in text for character in "\r\n\0"):
                return None
            headers = {place.name: text.encode().decode("latin-1")}
    body = None if route.method == "GET" else {}
    return client.request(route.method, path, body, **headers)


def check(answer: Answer, told: str) -> None:
    """Check that the answer is no server error, shows nothing of the server's, and has no header of the client's."""
    assert 200 <= answer.status < 500, (told, answer)
    assert answer.headers["content-type"] in ("application/json", "application/problem+json"), (told, answer)
    assert "set-cookie" not in answer.headers, told
    text = answer.body.decode()
    assert [word for word in _LEAKS if word in text] == [], (told, text)
    json.loads(text)
    if answer.status >= 400:
        assert answer.problem != "too-costly", (told, answer)


@pytest.mark.parametrize("route", routes(OWN), ids=lambda route: route.name)
def test_every_parameter(stack: Stack, document: Any, route: Route) -> None:
    """Any text in a parameter is only a value: it causes no fault and no wait, and matches nothing as a wildcard."""
    client = stack.client(list(OWN.permissions.roles)[-1])
    for place in places(document, route):
        for name, text in PAYLOADS.items():
            answer = ask(client, route, place, text)
            if answer is None:
                continue
            check(answer, f"{route.name} {place} {name}")
            if name in WILDCARDS and place.kind == "query" and answer.status == 200:
                assert answer.json["items"] == [], (route.name, place, name)


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT id FROM orders WHERE reference = '{}' LIMIT 1",
        "SELECT id FROM customers WHERE name LIKE '%{}%' LIMIT 1",
        "SELECT id FROM orders ORDER BY {} LIMIT 1",
        "SELECT id FROM orders WHERE total >= {} LIMIT 1",
    ],
)
def test_a_statement_that_is_put_together_would_be_seen(stack: Stack, statement: str) -> None:
    """If the texts were written into the SQL, at least one would be a server error, which a route answers with 500."""
    with connect(stack.database_url) as connection, connection.cursor() as cursor:
        cursor.execute("START TRANSACTION READ ONLY")
        assert any(is_refused(cursor, statement.format(text)) for text in PAYLOADS.values() if "SLEEP" not in text)


def is_refused(cursor: Any, statement: str) -> bool:
    """Return whether the server cannot run a statement."""
    try:
        cursor.execute(statement)
    except MySQLError:
        return True
    return False


# ---- Stored values ----


class Member(NamedTuple):
    """A text in a body: its place, and whether it may be any text that people write."""

    path: tuple[str | int, ...]
    free: bool


def members(document: Any, schema: Any, path: tuple[str | int, ...] = ()) -> Iterator[Member]:
    """Return the texts of a body, including those in the first element of a list."""
    schema = resolved(document, schema)
    for part in schema.get("anyOf", ()):
        yield from members(document, part, path)
    if schema.get("type") == "string":
        yield Member(path, free=not {"pattern", "format", "enum"} & set(schema))
    for name, member in schema.get("properties", {}).items():
        yield from members(document, member, (*path, name))
    if "items" in schema:
        yield from members(document, schema["items"], (*path, 0))


def with_value(body: Any, path: tuple[str | int, ...], value: str) -> Any:
    """Return the body with a text in that place."""
    changed = deepcopy(body) if body is not None else {}
    inner = changed
    for part in path[:-1]:
        inner = inner[part]
    inner[path[-1]] = value
    return changed


def texts(value: Any) -> Iterator[tuple[str, str]]:
    """Return all texts in a document, each with the name of its member."""
    pairs = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in pairs:
        if isinstance(inner, str):
            yield str(name), inner
        yield from texts(inner)


@pytest.mark.parametrize("row", sorted(COMMANDS))
def test_every_stored_value(stack: Stack, document: Any, row: str) -> None:
    """A text is refused, or it comes back unchanged from the item, the timeline and the query."""
    client, route = stack.client(list(OWN.permissions.roles)[-1]), ROUTES[row]
    described = document["paths"][route.path][route.method.lower()].get("requestBody")
    if described is None:
        pytest.skip("it takes no body")
    schema = described["content"]["application/json"]["schema"]
    for path, free in members(document, schema):
        taken = 0
        for name, text in PAYLOADS.items():
            asked = ASKS[row](Asker(client, customer(client)))
            answer = client.request(
                route.method, route.path.format(**asked.parameters), with_value(asked.body, path, text)
            )
            told = f"{row} {path} {name}"
            check(answer, told)
            if answer.status < 300:
                taken += 1
                check_stored(stack, client, route, answer, str(path[-1]), text, told)
        assert taken or not free, f"{row} took none of the texts in {path}: is the request a good one?"


def check_stored(stack: Stack, client: Client, route: Route, answer: Answer, member: str, text: str, told: str) -> None:
    """Check that both sides have the same text."""
    id, version = answer.json["id"], answer.json["version"]
    key = {"TableName": stack.tables.name(route.service), "Key": {"id": {"S": id}}}
    item = decode_item(stack.tables.client.get_item(**key, ConsistentRead=True)["Item"])
    stored = {value for _, value in texts({"state": item["state"], "events": item["events"]})}
    assert text in stored, told
    shown = route.path.format(id=id, sku=id) if "{" in route.path else f"{route.path}/{id}"
    for path in (shown, shown.rpartition("/")[0]):
        seen = client.get(path, Consistency_Token=answer.headers["consistency-token"])
        if seen.status == 200 and "items" not in seen.json:
            assert {value for name, value in texts(seen.json) if name == member} <= {text}, (told, seen)
            break
    with connect(stack.database_url) as connection, connection.cursor() as cursor:
        statement = "SELECT events FROM timeline WHERE service = %s AND id = %s AND version = %s"
        if cursor.execute(statement, (route.service, id, version)):
            ((events,),) = cursor.fetchall()
            assert json.loads(events) == item["events"], told
