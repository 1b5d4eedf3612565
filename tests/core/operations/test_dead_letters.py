"""Dead letters over HTTP: found, shown without personal data, redriven, discarded with a reason; one or all."""

import gzip
import itertools
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest
from botocore.exceptions import ClientError
from msgspec.structs import replace

from chalicelib.core.access.authentication import Principal
from chalicelib.core.access.permissions import ALL
from chalicelib.core.errors import Unavailable
from chalicelib.core.http.endpoint import Call
from chalicelib.core.operations.dead_letters import handling
from chalicelib.core.operations.dead_letters.answers import key_of
from chalicelib.core.runtime import Runtime
from chalicelib.core.settings import Settings
from chalicelib.core.streams.dead_letters import PROJECTOR, REACTOR, DeadLetter, DynamoDeadLetters
from local import aws
from tests.core.bootstrap import PERMISSIONS, SERVICES
from tests.core.domain.roles import CHIEF
from tests.core.histories import account_state, head, record, transfer_state
from tests.core.things import unique
from tests.support.client import Answer, Client
from tests.support.stack import Stack
from tests.support.stores import Tables
from tests.support.waiting import eventually

AT = "2026-11-23T10:00:00.000Z"
LETTERS = "/operations/dead-letters"
Lines = list[dict[str, Any]]
BY = {"reason": "Nobody needs it."}


@pytest.fixture
def api(stack: Stack) -> Iterator[Client]:
    """Yield a client of an operator. At the end, no letter is open, since other tests count them."""
    api = stack.client(CHIEF, "ada")
    yield api
    assert api.post(f"{LETTERS}/discard", {"all": True, **BY}).json["cursor"] is None


def set_aside(
    tables: Tables,
    service: str,
    state: Mapping[str, Any],
    error: str = "Test",
    consumer: str = PROJECTOR,
    **changes: Any,
) -> str:
    """Put a dead letter of a new aggregate, and return its id for paths."""
    id = f"tra_{unique().replace('-', 'x')}" if service == "transfers" else unique()
    stored = head(id, 1, state, **changes)
    raw = record(service, stored)
    raw["eventSourceARN"] = f"arn:aws:dynamodb:eu-west-1:000000000000:table/{tables.name(service)}/stream/2026"
    return put(tables, service, id, raw, error, consumer)


def put(tables: Tables, service: str, id: str, raw: Any, error: str = "Test", consumer: str = PROJECTOR) -> str:
    """Put a dead letter with that record, and return its id for paths."""
    suffix = "" if consumer == PROJECTOR else f"#{consumer}"
    image = gzip.compress(json.dumps(raw).encode()) if raw is not None else b"no record"
    sequence = (raw or {}).get("dynamodb", {}).get("SequenceNumber", "1")
    letter = DeadLetter(f"{service}#{id}#1{suffix}", service, id, 1, sequence, error, AT, image, consumer)
    DynamoDeadLetters(tables.client, tables.name("dead-letters")).put(letter)
    return key_of(letter.id)


def poisonous(**changes: Any) -> dict[str, Any]:
    """Return the state of a transfer that fits into no row."""
    return transfer_state(reason="x" * 501, **changes)


def ids(answer: Answer | Sequence[Any]) -> set[str]:
    """Return the ids of the letters in an answer or a list."""
    items = answer.json["items"] if isinstance(answer, Answer) else answer
    return {item["id"] for item in items}


def test_filters(api: Client, stack: Stack) -> None:
    """Filters by service, consumer, error type and error text each narrow the list."""
    mark = unique()
    first = set_aside(stack.tables, "accounts", account_state(), f"NewerSchema: {mark} one")
    second = set_aside(stack.tables, "transfers", transfer_state(), f"NewerSchema: {mark} two", REACTOR)
    third = set_aside(stack.tables, "transfers", transfer_state(), f"NewerSchemas: {mark} three")

    def found(**query: str) -> set[str]:
        return ids(api.all_pages(LETTERS, **{"error": mark, **query}))

    assert found() == {first, second, third}
    assert found(service="accounts") == {first}
    assert found(consumer="reactor") == {second}
    assert found(kind="NewerSchema") == {first, second}
    assert found(kind="NewerSchema", service="transfers") == {second}
    assert found(error=f"{mark} three") == {third}
    assert found(state="discarded") == set()


def test_pages(api: Client, stack: Stack) -> None:
    """Each letter is on one page. A cursor belongs to its filters."""
    mark = unique()
    made = {set_aside(stack.tables, "accounts", account_state(), f"Test {mark}") for _ in range(5)}
    items = api.all_pages(LETTERS, error=mark, limit=2)
    assert (ids(items), len(items)) == (made, 5)
    following = api.get(LETTERS, {"error": mark, "limit": 2}).json["next"]
    assert api.get(following.replace(mark, "other")).problem == "malformed"


@pytest.mark.parametrize(
    ("query", "parameter"), [({"consumer": "me"}, "consumer"), ({"kind": "a b"}, "kind"), ({"page": "2"}, "page")]
)
def test_bad_parameters(api: Client, query: dict[str, str], parameter: str) -> None:
    """Each bad parameter is named."""
    answer = api.get(LETTERS, query)
    assert (answer.status, answer.pointers) == (422, [parameter])


def test_shown_without_what_is_personal(api: Client, stack: Stack) -> None:
    """Name and note of an account are personal and hidden. Its money and the command's author are shown."""
    events = [{"type": "AccountOpened", "data": {"owner": "usr_1", "name": "Ada", "at": AT, "note": "n"}}]
    key = set_aside(stack.tables, "accounts", account_state(name="Ada", balance=7), events=events)
    shown = api.get(f"{LETTERS}/{key}").json
    assert (shown["image"]["state"]["name"], shown["image"]["state"]["balance"]) == ("(erased)", 7)
    assert shown["image"]["events"][0]["data"]["name"] == "(erased)"
    assert shown["image"]["command"] == "test.change"
    assert "Ada" not in json.dumps(shown)
    assert (shown["name"], shown["history"], shown["image_fault"]) == (f"accounts#{shown['aggregate']}#1", [], None)


def test_what_cannot_be_told_apart_is_hidden(api: Client, stack: Stack) -> None:
    """Nobody knows which data of an unreadable record, or of an unknown service's, are personal, so all are hidden."""
    image = {"id": {"S": "A"}, "version": {"N": "1"}, "state": {"S": "Ada"}, "mail": {"S": "Ada"}, "at": {"SS": ["a"]}}
    raw = {"dynamodb": {"NewImage": image}}
    for service, id in (("accounts", unique()), ("strangers", unique())):
        shown = api.get(f"{LETTERS}/{put(stack.tables, service, id, raw)}").json
        assert shown["image"]["version"] == 1
        assert shown["image"]["at"] == "(cannot be decoded)"
        assert (shown["image"]["state"], shown["image"]["mail"]) == ("(erased)", "(erased)")


def test_records_that_cannot_be_shown(api: Client, stack: Stack) -> None:
    """A letter without a record, with one without an item, or with undecodable text is shown all the same."""
    gone = api.get(f"{LETTERS}/{put(stack.tables, 'accounts', unique(), None)}").json
    assert gone["image"] is None
    assert "cannot be read" in gone["image_fault"]
    for image, fault in (({}, "holds no record"), ({"dynamodb": {}}, "holds no item")):
        empty = api.get(f"{LETTERS}/{put(stack.tables, 'accounts', unique(), image)}").json
        assert fault in empty["image_fault"]
    odd = {"dynamodb": {"NewImage": {"id": {"S": "tra_\ud800"}, "state": {"M": {"a\udfff": {"L": [{"S": "\ud800"}]}}}}}}
    shown = api.get(f"{LETTERS}/{put(stack.tables, 'transfers', f'tra_{unique()}', odd)}").json
    assert shown["image"]["id"] == "tra_?"


@pytest.mark.parametrize("key", [key_of("accounts#nobody#1"), "x", "_-_-_", key_of("erased#accounts#A")])
def test_what_is_not_there(api: Client, key: str) -> None:
    """Every request about a missing letter is answered with 404, which says where to look."""
    answers = [
        api.get(f"{LETTERS}/{key}"),
        api.post(f"{LETTERS}/{key}/redrive"),
        api.post(f"{LETTERS}/{key}/discard", BY),
    ]
    assert [(answer.status, answer.problem) for answer in answers] == [(404, "not-found")] * 3


def test_a_mark_of_an_erasure_is_no_letter(api: Client, stack: Stack) -> None:
    """A mark is in the same table, but is neither listed nor shown nor discarded."""
    number = unique()
    DynamoDeadLetters(stack.tables.client, stack.tables.name("dead-letters")).mark_erased("accounts", number, 1, AT)
    key = key_of(f"erased#accounts#{number}")
    assert key not in ids(api.all_pages(LETTERS))
    assert api.post(f"{LETTERS}/{key}/discard", BY).status == 404


def test_redriven(api: Client, stack: Stack) -> None:
    """The cause is gone: the row is there, the letter is not, and a repeated request says so."""
    key = set_aside(stack.tables, "transfers", transfer_state())
    id = api.get(f"{LETTERS}/{key}").json["aggregate"]
    assert api.post(f"{LETTERS}/{key}/redrive").json == {"id": key, "name": f"transfers#{id}#1"}
    assert api.get(f"/transfers/{id}").json["version"] == 1
    assert api.post(f"{LETTERS}/{key}/redrive").problem == "not-found"


def test_refused_again(api: Client, stack: Stack) -> None:
    """The letter stays with the new error. Ten earlier errors are kept, the first and the newest, with who redrove."""
    key = set_aside(stack.tables, "transfers", poisonous(), "OldError: what it was first")
    answer = api.post(f"{LETTERS}/{key}/redrive")
    assert (answer.status, answer.problem) == (409, "refused-again")
    assert "reason" in answer.json["detail"]
    shown = api.get(f"{LETTERS}/{key}").json
    assert (shown["kind"], shown["redrives"]) != ("OldError", 0)
    (entry,) = shown["history"]
    assert (entry["set_aside_at"], entry["error"], entry["redriven_by"]) == (AT, "OldError: what it was first", "ada")
    assert shown["set_aside_at"] == entry["redriven_at"] > AT
    for _ in range(10):
        assert api.post(f"{LETTERS}/{key}/redrive").status == 409
    now = api.get(f"{LETTERS}/{key}").json
    first, *newest = now["history"]
    assert first == entry
    assert len(newest) == 9
    assert newest[0]["set_aside_at"] > entry["redriven_at"]
    assert newest[-1]["redriven_at"] == now["set_aside_at"]


def test_the_reactors_letter(api: Client, stack: Stack) -> None:
    """The reactor runs the commands that follow from the record, and the transfer is answered."""
    key = set_aside(
        stack.tables, "transfers", transfer_state(legs=[("nobody-1", -5), ("nobody-2", 5)]), "Test", REACTOR
    )
    transfer = api.get(f"{LETTERS}/{key}").json["aggregate"]
    assert api.post(f"{LETTERS}/{key}/redrive").status == 200
    assert any(item["id"]["S"] == f"hold#{transfer}" for item in stack.tables.items("accounts"))


def test_discarded(api: Client, stack: Stack) -> None:
    """The record is deleted. The person, the time and the reason are kept. A repeated request changes nothing."""
    key = set_aside(stack.tables, "transfers", poisonous())
    first = api.post(f"{LETTERS}/{key}/discard", BY)
    assert (first.status, first.json["discarded_by"], first.json["reason"]) == (200, "ada", BY["reason"])
    assert api.post(f"{LETTERS}/{key}/discard", BY).json == first.json
    shown = api.get(f"{LETTERS}/{key}").json
    assert (shown["image"], shown["discarded_at"]) == (None, first.json["discarded_at"])
    assert "Discarding" in shown["image_fault"]
    assert key in ids(api.all_pages(LETTERS, state="discarded"))
    assert key not in ids(api.all_pages(LETTERS))


def test_a_discarded_letter_is_not_redriven_and_keeps_its_reason(api: Client, stack: Stack) -> None:
    """Both requests get 409 with the reason. A second discard does not replace it."""
    key = set_aside(stack.tables, "transfers", poisonous())
    assert api.post(f"{LETTERS}/{key}/discard", BY).status == 200
    redriven = api.post(f"{LETTERS}/{key}/redrive")
    assert (redriven.status, redriven.problem, redriven.json["reason"]) == (409, "discarded", BY["reason"])
    other = stack.client(CHIEF, "bob").post(f"{LETTERS}/{key}/discard", {"reason": "Another."})
    assert (other.problem, other.json["reason"]) == ("discarded", BY["reason"])
    assert api.get(f"{LETTERS}/{key}").json["discarded_by"] == "ada"


@pytest.mark.parametrize("body", [{}, {"reason": ""}, {"reason": "  "}, {"reason": "x" * 1001}, {"reason": 1}])
def test_a_reason_is_needed(api: Client, stack: Stack, body: dict[str, Any]) -> None:
    """Without a reason, nothing is discarded."""
    key = set_aside(stack.tables, "transfers", poisonous())
    answer = api.post(f"{LETTERS}/{key}/discard", body)
    assert (answer.status, answer.pointers) == (422, ["/reason"])
    assert api.get(f"{LETTERS}/{key}").json["discarded_at"] is None


@pytest.mark.parametrize("body", [{}, {"all": True, "service": "accounts"}, {"limit": 5}])
@pytest.mark.parametrize("action", ["redrive", "discard"])
def test_all_are_meant_only_if_that_is_said(api: Client, action: str, body: dict[str, Any]) -> None:
    """A request needs a filter or `all`, but not both."""
    answer = api.post(f"{LETTERS}/{action}", {**body, **(BY if action == "discard" else {})})
    assert (answer.status, answer.pointers) == (422, ["/all"])


def test_redrive_all_that_match(api: Client, stack: Stack) -> None:
    """Each request redrives a limited number. Refused letters are named and not tried again. The others are reached."""
    mark = unique()
    good = [set_aside(stack.tables, "transfers", transfer_state(), f"Test {mark}") for _ in range(4)]
    bad = {set_aside(stack.tables, "transfers", poisonous(), f"Test {mark}") for _ in range(3)}
    body: dict[str, Any] = {"error": mark, "limit": 3}
    redriven, refused, lefts = 0, set[str](), []
    while True:
        answer = api.post(f"{LETTERS}/redrive", body).json
        redriven += answer["redriven"]
        refused |= ids(answer["refused"])
        lefts.append(answer["left"])
        if answer["cursor"] is None:
            break
        body["cursor"] = answer["cursor"]
    assert (redriven, refused, lefts) == (len(good), bad, [4, 1, 0])
    assert [api.get(f"{LETTERS}/{key}").status for key in good] == [404] * 4


def test_discard_all_that_match(api: Client, stack: Stack) -> None:
    """Discards work in the same way, with one reason."""
    mark = unique()
    made = {set_aside(stack.tables, "transfers", poisonous(), f"Test {mark}") for _ in range(3)}
    other = set_aside(stack.tables, "transfers", poisonous(), "Test")
    first = api.post(f"{LETTERS}/discard", {"error": mark, "limit": 2, **BY}).json
    assert (first["discarded"], first["refused"], first["left"]) == (2, [], 1)
    second = api.post(f"{LETTERS}/discard", {"error": mark, "limit": 2, "cursor": first["cursor"], **BY}).json
    assert (second["discarded"], second["left"], second["cursor"]) == (1, 0, None)
    kept = api.all_pages(LETTERS, state="discarded", error=mark)
    assert (ids(kept), {letter["reason"] for letter in kept}) == (made, {BY["reason"]})
    assert api.get(f"{LETTERS}/{other}").json["discarded_at"] is None


def call(runtime: Runtime, body: Any, **path: str) -> Call[Any]:
    """Return a request to one of the routes, in this process."""
    request: Any = type("Request", (), {"path_parameters": path, "query": {}, "path": LETTERS})()
    return Call("operations.redrive", request, runtime, Principal("ada", CHIEF), ALL, body)


def test_the_read_model_is_away(api: Client, stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer is 503, and the letter stays as it was."""
    monkeypatch.setattr(handling, "_SECONDS", {PROJECTOR: 3.5, REACTOR: 60})
    settings = replace(Settings.from_env(dict(stack.env)), database_url="mysql://nobody@127.0.0.1:1/nothing")
    runtime = Runtime(settings, SERVICES, PERMISSIONS, lambda _: {})
    runtime.once("dynamodb", lambda: stack.tables.client)
    key = set_aside(stack.tables, "transfers", transfer_state())
    with pytest.raises(Unavailable, match="stays"):
        handling.redrive_letter(call(runtime, None, id=key))
    assert api.get(f"{LETTERS}/{key}").json["redrives"] == 0


def test_a_request_that_runs_out_of_time(stack: Stack, api: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """The request starts nothing more, and says how many were not tried. Its cursor leads to them."""
    monkeypatch.setattr(handling, "_BEGIN_NONE_AFTER_SECONDS", -1)
    runtime = Runtime(Settings.from_env(dict(stack.env)), SERVICES, PERMISSIONS, lambda _: {})
    runtime.once("dynamodb", lambda: stack.tables.client)
    mark = unique()
    for _ in range(3):
        set_aside(stack.tables, "transfers", transfer_state(), f"Test {mark}")
    seen, bookmark = [], None
    for _ in range(3):
        outcome = handling.redrive_matching(call(runtime, handling.Matching(error=mark, bookmark=bookmark)))
        seen.append((outcome.redriven, outcome.left))
        bookmark = outcome.bookmark
    assert seen == [(1, 2), (1, 1), (1, 0)]
    assert bookmark is None
    assert eventually(lambda: ids(api.get(LETTERS, {"error": mark})) == set())


def test_letters_that_stay_do_not_keep_the_others_from_being_tried(
    stack: Stack, api: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each request has time for one aggregate, and nearly all are refused. Each letter is tried once."""
    monkeypatch.setattr(handling, "_BEGIN_NONE_AFTER_SECONDS", -1)
    runtime = Runtime(Settings.from_env(dict(stack.env)), SERVICES, PERMISSIONS, lambda _: {})
    runtime.once("dynamodb", lambda: stack.tables.client)
    bad = [set_aside(stack.tables, "transfers", poisonous()) for _ in range(4)]
    good = [set_aside(stack.tables, "transfers", transfer_state()) for _ in range(2)]
    lefts, refused, bookmark = [], list[str](), None
    for _ in range(6):
        asked = handling.Matching(service="transfers", limit=4, bookmark=bookmark)
        outcome = handling.redrive_matching(call(runtime, asked))
        lefts.append(outcome.left)
        refused += [letter.id for letter in outcome.refused]
        bookmark = outcome.bookmark
    assert lefts == [5, 4, 3, 2, 1, 0]
    assert bookmark is None
    assert sorted(refused) == sorted(bad)
    assert [api.get(f"{LETTERS}/{key}").json["redrives"] for key in bad] == [1] * 4
    assert [api.get(f"{LETTERS}/{key}").status for key in good] == [404] * 2


def refuse(client: Any, operation: str, after: int = 0) -> None:
    """Let a client's requests of an operation fail, after so many, as AWS does without the right to it."""
    requests = itertools.count()

    def answer(**_: Any) -> None:
        if next(requests) >= after:
            facts: Any = {"Error": {"Code": "AccessDenied"}, "ResponseMetadata": {"HTTPStatusCode": 403}}
            raise ClientError(facts, operation)

    client.meta.events.register(f"before-call.*.{operation}", answer)


def handled(logged: Lines) -> list[tuple[str, str]]:
    """Return the ids of the letters that were logged as redriven and handled, and by whom."""
    lines = [line for line in logged if line["message"] == "operations: dead letter redriven"]
    return [(key_of(line["letter"]), line["by"]) for line in lines if line["handled"]]


@pytest.mark.parametrize(("operation", "after", "known"), [("DeleteItem", 1, 2), ("Scan", 1, 3)])
def test_who_redrove_is_known_although_the_request_fails(
    stack: Stack, api: Client, logged: Lines, operation: str, after: int, known: int
) -> None:
    """The second letter cannot be removed, or the rest cannot be counted. The letters handled before are logged."""
    runtime = Runtime(Settings.from_env(dict(stack.env)), SERVICES, PERMISSIONS, lambda _: {})
    client = runtime.once("dynamodb", lambda: aws.dynamodb(stack.tables.endpoint))
    refuse(client, operation, after)
    keys = {set_aside(stack.tables, "transfers", transfer_state()) for _ in range(4)}
    with pytest.raises(ClientError):
        handling.redrive_matching(call(runtime, handling.Matching(service="transfers", limit=3)))
    gone = {key for key in keys if api.get(f"{LETTERS}/{key}").status == 404}
    told = handled(logged)
    assert len(told) == known
    assert gone
    assert gone <= {key for key, _ in told} <= keys
    assert {by for _, by in told} == {"ada"}


def test_who_redrove_is_known_although_the_object_stays(stack: Stack, api: Client, logged: Lines) -> None:
    """The item is removed, but its image in S3 is not. The letter is gone, and the log says who redrove it."""
    settings = Settings.from_env(dict(stack.env))
    runtime = Runtime(settings, SERVICES, PERMISSIONS, lambda _: {})
    runtime.once("dynamodb", lambda: stack.tables.client)
    s3 = runtime.once("s3", lambda: aws.s3(stack.tables.endpoint))
    id = f"tra_{unique().replace('-', 'x')}"
    raw = record("transfers", head(id, 1, transfer_state()))
    raw["eventSourceARN"] = f"arn:aws:dynamodb:eu-west-1:0:table/{stack.tables.name('transfers')}/stream/2026"
    image = gzip.compress(json.dumps({**raw, "padding": os.urandom(400_000).hex()}).encode())
    letter = DeadLetter(f"transfers#{id}#1", "transfers", id, 1, "1", "Test", AT, image)
    DynamoDeadLetters(stack.tables.client, stack.tables.name("dead-letters"), s3, settings.dead_letter_bucket).put(
        letter
    )
    refuse(s3, "DeleteObject")
    key = key_of(letter.id)
    with pytest.raises(ClientError):
        handling.redrive_letter(call(runtime, None, id=key))
    assert api.get(f"{LETTERS}/{key}").status == 404
    assert handled(logged) == [(key, "ada")]


def test_set_aside_anew_while_it_is_discarded(api: Client, stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """The newer letter is not discarded unseen."""
    runtime = Runtime(Settings.from_env(dict(stack.env)), SERVICES, PERMISSIONS, lambda _: {})
    runtime.once("dynamodb", lambda: stack.tables.client)
    key = set_aside(stack.tables, "transfers", poisonous())
    find = handling.Letters.find

    def racing(self: Any, id: str) -> Any:
        found = find(self, id)
        letter = DeadLetter(found.id, found.service, found.aggregate, 1, "1", "Newer", "2026-11-23T10:00:01.000Z", b"x")
        DynamoDeadLetters(stack.tables.client, stack.tables.name("dead-letters")).put(letter)
        return found

    monkeypatch.setattr(handling.Letters, "find", racing)
    with pytest.raises(handling.Conflict, match="set aside anew"):
        handling.discard_letter(call(runtime, handling.DiscardReason(reason="x"), id=key))
    monkeypatch.undo()
    shown = api.get(f"{LETTERS}/{key}").json
    assert (shown["error"], shown["discarded_at"]) == ("Newer", None)
