"""Whatever a stranger sends, or a broken item has: each reader refuses it with its own error."""

import json
from contextlib import suppress
from typing import Any

import msgspec
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from chalicelib.core.commands.idempotency import IdempotencyKey
from chalicelib.core.dynamodb.codec import Undecodable, decode, encode, stored_head
from chalicelib.core.errors import Invalid, Malformed, PreconditionFailed
from chalicelib.core.http.endpoint import wait_seconds
from chalicelib.core.http.header_syntax import BadHeader, media_type, preferences
from chalicelib.core.http.json_text import decode_json
from chalicelib.core.http.parameters import check_query
from chalicelib.core.http.preconditions import conditions
from chalicelib.core.http.request import correlation_id_of, headers_of, request_of
from chalicelib.core.queries.listing import Bookmark
from chalicelib.core.streams.records import UnreadableRecord, parse
from chalicelib.core.tokens import BadSignature, Signer
from tests.core.bootstrap import SERVICES
from tests.core.domain.accounts.queries import AccountFilters
from tests.core.domain.transfers.queries import TransferFilters

SIGNER = Signer("s" * 32)
ANY_TEXT = st.text(st.characters(exclude_categories=()))  # including lone surrogates
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)
ARN = "arn:aws:dynamodb:eu-west-1:000000000000:table/tributary-accounts/stream/x"


@given(ANY_TEXT)
@example(SIGNER.sign("consistency", ["accounts", "A", 1]))
@example(SIGNER.sign("consistency", ["accounts", "A", 1])[:-1] + "=")
def test_consistency_tokens(text: str) -> None:
    """A text is a token that was signed here, to the last character, or it is malformed."""
    try:
        token = SIGNER.read_token(text)
    except Malformed:
        return
    assert SIGNER.consistency_token(*token) == text


@given(JSON, ANY_TEXT, ANY_TEXT)
def test_signed_texts(payload: Any, purpose: str, other: str) -> None:
    """A signed text is read back, and is accepted for nothing else."""
    assume(purpose != other)
    text = SIGNER.sign(purpose, payload)
    assert SIGNER.read(purpose, text) == payload
    for reader, asked in ((SIGNER, other), (Signer("t" * 32), purpose)):
        with pytest.raises(BadSignature):
            reader.read(asked, text)


@given(ANY_TEXT)
def test_cursors(text: str) -> None:
    """A text that no list has signed is not a cursor."""
    with pytest.raises(Malformed):
        Bookmark(SIGNER, "accounts", AccountFilters(bookmark=text))


@given(ANY_TEXT)
@example('"' + "a" * 10_000)
@example("," * 10_000)
def test_headers(text: str) -> None:
    """A header is read or malformed. Its result is limited in size."""
    for name in ("if-match", "if-none-match", "if-range"):
        with suppress(Malformed, PreconditionFailed):
            found = conditions({name: text})
            assert found
            found.has_body(1, '"1.a"')
    with suppress(Malformed):
        assert 0 <= wait_seconds(text) <= 10
    with suppress(Malformed):
        IdempotencyKey.of(text, "ada", b"")
    with suppress(BadHeader):
        media_type(text)


@given(st.dictionaries(st.from_regex(r"[a-z-]{1,9}", fullmatch=True), st.text("ab,;= ", max_size=9), max_size=4))
def test_preferences_are_read_back(asked: dict[str, str]) -> None:
    """Any text may be in double quotes, even with commas, semicolons and equals signs."""
    header = ", ".join(f'{name}="{value}";x="{value}"' for name, value in asked.items())
    assert preferences(header) == asked


@given(st.binary() | ANY_TEXT | JSON.map(lambda value: json.dumps(value).encode()), st.booleans())
def test_requests(body: Any, encoded: bool) -> None:
    """An event is a request or malformed, whatever its texts are."""
    text = body if isinstance(body, str) else "x"
    event = {
        "requestContext": {"httpMethod": "GET", "resourcePath": "/things/{id}", "path": f"/things/{text}"},
        "pathParameters": {"id": text},
        "multiValueQueryStringParameters": {text: [text, text]},
        "headers": {"X-Thing": text, "X-Correlation-Id": text},
        "multiValueHeaders": {"X-Thing": [text, text]},
        "body": body,
        "isBase64Encoded": encoded,
    }
    try:
        headers = headers_of(event)
        request = request_of(event, headers, correlation_id_of(headers))
    except Malformed:
        return
    json.dumps([request.path, *request.headers.values()]).encode()
    for kind in (AccountFilters, TransferFilters):
        with pytest.raises(Invalid):
            check_query(request.query, kind)


@given(st.binary() | JSON.map(lambda value: json.dumps(value).encode()))
def test_json(body: bytes) -> None:
    """A body is read as every JSON reader would read it, or refused."""
    try:
        document = decode_json(body)
    except (Malformed, Invalid):
        return
    assert document == json.loads(body)


@given(st.lists(st.tuples(st.text(max_size=3), JSON), min_size=1, max_size=4), st.booleans())
@example([("a", ":"), ("a", ":")], True)
def test_members_given_twice(members: list[tuple[str, Any]], escape: bool) -> None:
    """A body is refused exactly if a name occurs twice, for any names and values, escaped or not."""
    written = [f"{json.dumps(name, ensure_ascii=escape)}:{json.dumps(value)}" for name, value in members]
    names = [name for name, _ in members]
    twice = len(set(names)) < len(names)
    undecoded = "\ufffd" in json.dumps(members, ensure_ascii=False)
    assert is_refused(f"[{{{','.join(written)}}}]".encode()) is (twice or undecoded)


def is_refused(body: bytes) -> bool:
    """Return whether a body is JSON, but refused."""
    try:
        decode_json(body)
    except Invalid:
        return True
    return False


VALUES: Any = st.recursive(
    st.one_of(
        st.fixed_dictionaries({"S": st.text()}),
        st.fixed_dictionaries({"N": st.text() | st.integers().map(str)}),
        st.fixed_dictionaries({"BOOL": st.booleans()}),
        st.dictionaries(
            st.sampled_from(["S", "N", "M", "L", "NULL", "SS", "x"]), st.none() | st.text() | st.integers()
        ),
        JSON,
    ),
    lambda inner: (
        st.fixed_dictionaries({"M": st.dictionaries(st.text(max_size=3), inner)})
        | st.fixed_dictionaries({"L": st.lists(inner)})
    ),
    max_leaves=10,
)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(VALUES)
def test_attribute_values(value: Any) -> None:
    """An attribute value is decoded, or it is undecodable."""
    with suppress(Undecodable):
        decode(value)


@given(PLAIN)
def test_plain_data(value: Any) -> None:
    """All plain data are read back as they were written."""
    assert decode(encode(value)) == value


@given(
    st.dictionaries(st.sampled_from(["id", "version", "state", "events", "at", "actor", "command", "commit"]), VALUES),
    st.sampled_from(["A-1", "heartbeat#", "claim#name#x", "hold#tra_1", "\ud800", ""]),
)
def test_stream_records(image: dict[str, Any], id: str) -> None:
    """A record is read, left out or unreadable, with an error for a dead letter."""
    change = {"Keys": {"id": {"S": id}}, "SequenceNumber": "1", "NewImage": image}
    record: Any = {"eventName": "MODIFY", "eventSourceARN": ARN, "dynamodb": change}
    for entry in parse([record], {"tributary-accounts": SERVICES["accounts"]}):
        if isinstance(entry, UnreadableRecord):
            assert isinstance(entry.error, Exception)
    with suppress(Undecodable):
        stored_head(image)


@given(st.dictionaries(st.sampled_from(sorted(AccountFilters.__struct_fields__)), st.lists(st.text(), min_size=1)))
def test_query_strings(query: dict[str, list[str]]) -> None:
    """Parameters have their types, or are invalid."""
    with suppress(Invalid):
        taken = check_query(query, AccountFilters)
        assert msgspec.convert(msgspec.to_builtins(taken), AccountFilters) == taken
