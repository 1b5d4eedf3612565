"""DynamoDB passes the conformance suite, and network faults lose nothing."""

import http.client
import socketserver
import threading
from collections.abc import Iterator
from typing import Any

import boto3
import msgspec
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from chalicelib.core.commands.pipeline import Envelope, handle
from chalicelib.core.commands.store import (
    Commit,
    KeptResponse,
    KeyUsed,
    LostRace,
    OutcomeUnknown,
    StoreUnreachable,
    Throttled,
    WriteStore,
)
from chalicelib.core.dynamodb.cut_answers import refuse_cut_answers
from chalicelib.core.dynamodb.plain_answers import read_items_plainly
from chalicelib.core.dynamodb.store import BATCH_GET_TRIES, DynamoStore, batch_get
from chalicelib.core.errors import Unavailable
from chalicelib.core.runtime import CLIENT_CONFIG
from chalicelib.core.service import Claim, Head
from tests.core.bootstrap import SERVICES
from tests.core.contract.lossy_proxy import Decide, LossyProxy
from tests.core.contract.write_store import NOW, WriteStoreConformance, commit_of, head, new
from tests.core.domain.accounts.commands import Deposit, Open
from tests.support.stores import Tables

AT = "2026-01-01T00:00:00.000Z"
ACCOUNTS = SERVICES["accounts"]


class TestDynamo(WriteStoreConformance):
    """The write store on a real DynamoDB API."""

    @pytest.fixture
    def store(self, module_tables: Tables) -> WriteStore:
        """Return a store on one of the module's tables."""
        return DynamoStore(module_tables.client, module_tables.name("transfers"), SERVICES["transfers"])


@pytest.fixture
def proxy(ministack: str) -> Iterator[LossyProxy]:
    """Yield a proxy to DynamoDB that loses what a test wants lost."""
    proxy = LossyProxy(ministack)
    yield proxy
    proxy.close()


@pytest.fixture
def store(proxy: LossyProxy, module_tables: Tables) -> DynamoStore:
    """Return a store behind the proxy, with botocore's own retries, as in production."""
    return DynamoStore(
        client(proxy.endpoint, attempts=CLIENT_CONFIG["retries"]["total_max_attempts"]),
        module_tables.name("accounts"),
        ACCOUNTS,
    )


def client(endpoint: str, attempts: int) -> object:
    """Return a DynamoDB client that tries so many times."""
    retries = {"mode": "standard", "total_max_attempts": attempts}
    made = boto3.client("dynamodb", endpoint_url=endpoint, config=Config(**{**CLIENT_CONFIG, "retries": retries}))
    refuse_cut_answers(made)
    read_items_plainly(made)
    return made


def first(operation: str, fate: str) -> object:
    """Give the first request of an operation this fate, and no other request."""
    return lambda name, count: fate if (name, count) == (operation, 0) else "pass"


def deposit(number: str) -> Envelope:
    """Return a command that changes an account each time that it runs: 5 more."""
    return Envelope("accounts.deposit", Deposit(5), (number,), "usr", AT)


def opened(tables: Tables) -> str:
    """Write an account, and return its number."""
    number = new("N")
    command = Open(at=AT, owner="usr", name=number)
    direct = DynamoStore(tables.client, tables.name("accounts"), ACCOUNTS)
    handle(SERVICES["accounts"], direct, Envelope("accounts.open", command, (number,), "usr", AT), lambda _: {})
    return number


def test_put_whose_answer_is_lost_counts_once(store: DynamoStore, proxy: LossyProxy, module_tables: Tables) -> None:
    """A deposit whose PutItem succeeds, whose answer is lost and which botocore repeats is made once."""
    number = opened(module_tables)
    proxy.decide = first("PutItem", "lose answer")
    kept = handle(SERVICES["accounts"], store, deposit(number), lambda answer: {"version": answer.head.version})
    assert proxy.counts["PutItem"] == 2
    assert kept.response == {"version": 2}
    assert store.load([number])[number].state["balance"] == 5


def test_transaction_whose_answer_is_lost_counts_once(store: DynamoStore, proxy: LossyProxy) -> None:
    """The same is true for a transaction: its token makes the repetition the same request."""
    proxy.decide = first("TransactWriteItems", "lose answer")
    one = head(new())
    store.commit(commit_of(one, take=[(Claim("name", new()), one.id)]))
    assert proxy.counts["TransactWriteItems"] == 2
    assert store.load([one.id]) == {one.id: one}


@pytest.mark.parametrize("fate", ["lose request", "fail"])
def test_request_that_never_arrives_is_repeated(store: DynamoStore, proxy: LossyProxy, fate: str) -> None:
    """A lost request is sent again and succeeds."""
    proxy.decide = first("PutItem", fate)
    one = head(new())
    store.commit(commit_of(one))
    assert store.load([one.id]) == {one.id: one}


def test_lost_answer_and_overtaken_is_unknown(store: DynamoStore, proxy: LossyProxy, module_tables: Tables) -> None:
    """The write succeeded, its answer was lost, and another write was next before the repetition: nobody can know."""
    one = head(new())
    direct = DynamoStore(module_tables.client, module_tables.name("accounts"), ACCOUNTS)
    proxy.decide = first("PutItem", "lose answer")
    proxy.before_losing = lambda: direct.commit(commit_of(head(one.id, 2)))
    with pytest.raises(OutcomeUnknown):
        store.commit(commit_of(one))


def test_lost_request_and_another_was_first_is_a_conflict(
    store: DynamoStore, proxy: LossyProxy, module_tables: Tables
) -> None:
    """Another write took our version, and no later one exists: ours was certainly not written."""
    one, other = head(new()), head(new())
    other = head(one.id)
    DynamoStore(module_tables.client, module_tables.name("accounts"), ACCOUNTS).commit(commit_of(other))
    proxy.decide = first("PutItem", "lose request")
    with pytest.raises(LostRace):
        store.commit(commit_of(one))
    assert store.load([one.id]) == {one.id: other}


def test_no_answer_at_all_but_written(proxy: LossyProxy, module_tables: Tables) -> None:
    """Every answer to the put is lost, but the item has the commit's id: the commit is a success."""
    store = DynamoStore(client(proxy.endpoint, attempts=1), module_tables.name("accounts"), ACCOUNTS)
    proxy.decide = lambda operation, _: "lose answer" if operation == "PutItem" else "pass"
    one = head(new())
    store.commit(commit_of(one))
    assert store.load([one.id]) == {one.id: one}


@pytest.mark.parametrize("error", [MemoryError(), TimeoutError("timed out"), RuntimeError("?")])
def test_an_error_that_nobody_knows_after_the_write(module_tables: Tables, error: Exception) -> None:
    """DynamoDB has answered, and reading the answer fails for any reason: a look at the item finds the commit."""
    dynamodb: Any = client(module_tables.endpoint, attempts=1)
    store = DynamoStore(dynamodb, module_tables.name("accounts"), ACCOUNTS)
    errors = [error, error]

    def fail(**_: object) -> None:
        if errors:
            raise errors.pop()

    for operation in ("PutItem", "TransactWriteItems"):
        dynamodb.meta.events.register(f"after-call.dynamodb.{operation}", fail)
    one, other = head(new()), head(new())
    store.commit(commit_of(one))
    store.commit(commit_of(other, take=[(Claim("name", new()), other.id)]))
    assert errors == []
    assert store.load([one.id, other.id]) == {one.id: one, other.id: other}


@pytest.mark.parametrize("error", [MemoryError(), TimeoutError("timed out"), RuntimeError("?")])
def test_an_error_that_nobody_knows_of_a_read(module_tables: Tables, error: Exception) -> None:
    """Nothing was read and nothing is known, so the store counts as unreachable."""
    dynamodb: Any = client(module_tables.endpoint, attempts=1)
    store = DynamoStore(dynamodb, module_tables.name("accounts"), ACCOUNTS)

    def fail(**_: object) -> None:
        raise error

    for operation in ("GetItem", "BatchGetItem"):
        dynamodb.meta.events.register(f"after-call.dynamodb.{operation}", fail)
    for ids in (["a"], ["a", "b"]):
        with pytest.raises(StoreUnreachable):
            store.load(ids)


def test_a_read_that_is_wrong_in_itself(module_tables: Tables) -> None:
    """DynamoDB refuses a key of more than 2,048 bytes. This error is not an unreachable store, and will not pass."""
    store = DynamoStore(module_tables.client, module_tables.name("accounts"), ACCOUNTS)
    with pytest.raises(ClientError, match="ValidationException"):
        store.load(["x" * 2049])


@pytest.mark.parametrize("fate", ["lose request", "fail"])
def test_no_answer_at_all_and_not_written(proxy: LossyProxy, module_tables: Tables, fate: str) -> None:
    """Nothing is known of the put, and the item does not tell: the outcome is unknown, and the answer is 503."""
    store = DynamoStore(client(proxy.endpoint, attempts=1), module_tables.name("accounts"), ACCOUNTS)
    proxy.decide = lambda operation, _: fate if operation == "PutItem" else "pass"
    with pytest.raises(OutcomeUnknown):
        store.commit(commit_of(head(new())))
    number = opened(module_tables)
    with pytest.raises(Unavailable) as caught:
        handle(SERVICES["accounts"], store, deposit(number), lambda _: {})
    assert caught.value.code == "outcome-unknown"


@pytest.mark.parametrize("refusal", ["TransactionConflictException", "ProvisionedThroughputExceededException"])
def test_nothing_is_guessed_when_the_look_fails_too(store: DynamoStore, proxy: LossyProxy, refusal: str) -> None:
    """The answer was lost, the repetition refused, and the item cannot be read: the outcome is unknown."""
    puts = ["lose answer", refusal, refusal]
    proxy.decide = lambda operation, count: puts[count] if operation == "PutItem" else "fail"
    one = head(new())
    with pytest.raises(OutcomeUnknown):
        store.commit(commit_of(one))
    proxy.decide = lambda *_: "pass"
    assert store.load([one.id]) == {one.id: one}


@pytest.mark.parametrize(
    ("refusal", "meaning"), [("TransactionConflictException", LostRace), ("ThrottlingException", Throttled)]
)
def test_refusals(proxy: LossyProxy, module_tables: Tables, refusal: str, meaning: type[Exception]) -> None:
    """Another transaction at work is a lost race, and a throttle is a throttle. Nothing was written."""
    store = DynamoStore(client(proxy.endpoint, attempts=1), module_tables.name("accounts"), ACCOUNTS)
    proxy.decide = lambda operation, _: refusal if operation == "PutItem" else "pass"
    one = head(new())
    with pytest.raises(meaning):
        store.commit(commit_of(one))
    assert store.load([one.id]) == {}


def test_key_alone_and_no_answer(proxy: LossyProxy, module_tables: Tables) -> None:
    """If the answer to a commit of only a response is lost, the outcome is unknown or found, and nothing crashes."""
    store = DynamoStore(client(proxy.endpoint, attempts=1), module_tables.name("accounts"), ACCOUNTS)
    one = head(new())
    store.commit(commit_of(one))
    kept = KeptResponse(f"claim#key#{new()}", "print", {"status": 200}, NOW + 60)
    proxy.decide = lambda operation, _: "fail" if operation == "TransactWriteItems" else "pass"
    with pytest.raises(OutcomeUnknown):
        store.commit(commit_of(unchanged=[one], response=kept))
    proxy.decide = lambda operation, _: "lose answer" if operation == "TransactWriteItems" else "pass"
    store.commit(commit_of(unchanged=[one], response=kept))
    assert store.kept_response(kept.claim_id, NOW) == kept


def keyed(*heads: Head) -> tuple[Commit, KeptResponse]:
    """Return a commit under an idempotency key, and the response that it keeps."""
    kept = KeptResponse(f"claim#key#{new()}", "print", {"status": 200}, NOW + 60)
    return commit_of(*heads, response=kept), kept


def test_no_answer_and_overtaken_under_a_key(proxy: LossyProxy, module_tables: Tables) -> None:
    """Our answer was lost and another write was next: the key's item still proves that ours was written."""
    store = DynamoStore(client(proxy.endpoint, attempts=1), module_tables.name("accounts"), ACCOUNTS)
    direct = DynamoStore(module_tables.client, module_tables.name("accounts"), ACCOUNTS)
    one = head(new())
    commit, kept = keyed(one)
    proxy.decide = first("TransactWriteItems", "lose answer")
    proxy.before_losing = lambda: direct.commit(commit_of(head(one.id, 2)))
    store.commit(commit)
    assert store.kept_response(kept.claim_id, NOW) == kept


def test_no_answer_and_the_key_was_used(proxy: LossyProxy, module_tables: Tables) -> None:
    """A repeated request is not answered: its key's item proves that it was done before, and not again."""
    store = DynamoStore(client(proxy.endpoint, attempts=1), module_tables.name("accounts"), ACCOUNTS)
    before, kept = keyed(head(new()))
    store.commit(before)
    again = commit_of(head(new()), response=kept)
    proxy.decide = lambda operation, _: "lose request" if operation == "TransactWriteItems" else "pass"
    with pytest.raises(KeyUsed):
        store.commit(again)
    with pytest.raises(OutcomeUnknown):  # an expired key proves nothing
        store.commit(msgspec.structs.replace(again, now=NOW + 60))


def test_store_out_of_reach(module_tables: Tables) -> None:
    """A failed read is reported as such, and nothing was written."""
    store = DynamoStore(client("http://127.0.0.1:9", attempts=1), module_tables.name("accounts"), ACCOUNTS)
    with pytest.raises(StoreUnreachable):
        store.load(["x"])


def leaving_one(times: int) -> Decide:
    """Let so many BatchGetItems leave a key unprocessed, as a throttling table does."""
    return lambda operation, count: "leave one" if operation == "BatchGetItem" and count < times else "pass"


def test_keys_that_are_left_are_asked_for_again(store: DynamoStore, proxy: LossyProxy) -> None:
    """Keys that one answer leaves out are requested again. Lasting throttling is reported, and no key is lost."""
    one, other = head(new()), head(new())
    store.commit(commit_of(one, other))
    proxy.decide = leaving_one(BATCH_GET_TRIES - 1)
    assert store.load([one.id, other.id]) == {one.id: one, other.id: other}
    assert proxy.counts["BatchGetItem"] == BATCH_GET_TRIES
    proxy.decide = lambda *_: "leave one"
    with pytest.raises(Throttled):
        store.load([one.id, other.id])


def test_the_patient_ask_longer(proxy: LossyProxy, store: DynamoStore, module_tables: Tables) -> None:
    """Callers may set `tries`. `projection` applies to repeated requests too."""
    one, other = head(new()), head(new())
    store.commit(commit_of(one, other))
    proxy.decide = leaving_one(BATCH_GET_TRIES)
    items = batch_get(
        boto3.client("dynamodb", endpoint_url=proxy.endpoint),
        module_tables.name("accounts"),
        [one.id, other.id],
        tries=BATCH_GET_TRIES + 1,
        projection="id",
    )
    assert items == [{"id": {"S": one.id}}, {"id": {"S": other.id}}]


def test_no_keys_are_no_request(proxy: LossyProxy, module_tables: Tables) -> None:
    """Without keys, no request is sent, since DynamoDB would refuse it."""
    assert batch_get(module_tables.client, module_tables.name("accounts"), []) == []


KIND = "Content-Type: application/x-amz-json-1.0"
# The text says that the connection ends. A client that kept it might send its next request into the end.
HEAD = f"HTTP/1.1 200 OK\r\nConnection: close\r\n{KIND}\r\nx-amz-crc32: 2745614147\r\nContent-Length: 2\r\n\r\n"


@pytest.fixture
def cut() -> Iterator[tuple[str, list[str]]]:
    """Yield the URL and the text of a server that sends this text to every request and ends the connection."""
    text: list[str] = []

    class Cutting(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.rfile.readline()
            # The whole request is read, however many packets it has: closing with unread bytes resets the connection.
            self.rfile.read(int(http.client.parse_headers(self.rfile)["Content-Length"]))
            self.wfile.write(text[0].encode())

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Cutting) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}", text
        server.shutdown()


def test_an_answer_that_is_cut(cut: tuple[str, list[str]]) -> None:
    """Wherever the answer is cut, no item is believed absent, and no write is believed to have failed."""
    url, text = cut
    store = DynamoStore(client(url, attempts=1), "transfers", SERVICES["transfers"])
    for length in range(len("HTTP/1.1 200 OK"), len(HEAD) + 2):
        text[:] = [f"{HEAD}{{}}"[:length]]
        with pytest.raises(StoreUnreachable):
            store.load(["tra_1"])
        with pytest.raises(StoreUnreachable):
            store.load(["tra_1", "tra_2"])
        with pytest.raises(OutcomeUnknown):
            store.commit(commit_of(head("tra_1", 1)))


def test_the_shortest_answer_that_is_whole(cut: tuple[str, list[str]]) -> None:
    """The shortest complete answer is believed."""
    url, text = cut
    text.append(f"{HEAD}{{}}")
    store = DynamoStore(client(url, attempts=1), "transfers", SERVICES["transfers"])
    assert store.load(["tra_1"]) == {}
    store.commit(commit_of(head("tra_1", 1)))
