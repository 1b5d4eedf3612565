"""Traces of the real app on real stores, sent by the SDK's own emitter."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from chalicelib.core.dynamodb.codec import item_of
from chalicelib.core.projector.traces import MAX_TRACES
from chalicelib.core.telemetry import spans, tracing
from tests.core.histories import head, transfer_state
from tests.core.things import unique
from tests.core.tracing.conftest import Api
from tests.core.tracing.daemon import Daemon, below, named
from tests.support.stores import Tables

ROOT, PARENT = "1-65a1b2c3-0123456789abcdef01234567", "0123456789abcdef"
SAMPLED = f"Root={ROOT};Parent={PARENT};Sampled=1"
Project = Callable[..., Any]


@pytest.fixture
def account() -> str:
    """Return the body of a request to open an account."""
    return json.dumps({"number": (number := unique()), "name": number})


def stored(tables: Tables, account: str) -> Mapping[str, Any]:
    """Return that account in the write store."""
    key = {"id": {"S": json.loads(account)["number"]}}
    return tables.client.get_item(TableName=tables.name("accounts"), Key=key, ConsistentRead=True)["Item"]


def test_one_trace(traced: Daemon, api: Api, project: Project, module_tables: Tables, account: str) -> None:
    """The trace leads from the request through the command and DynamoDB to the projector's transaction."""
    assert api("POST", "/accounts", account, X_Correlation_Id="abc-1").status == 201
    documents = traced.documents()
    request = named(documents, "tributary-api")
    command = named(documents, "accounts.open")
    (write,) = (one for document in documents for one in below(document) if one["name"] == "dynamodb")
    assert command["parent_id"] == request["id"]
    assert command["annotations"] == {"correlation": "abc-1"}
    assert command["http"]["response"]["status"] == 201
    assert (write["parent_id"], write["namespace"]) == (command["id"], "aws")
    assert write["aws"]["operation"] == "TransactWriteItems"
    item = stored(module_tables, account)
    assert item["correlation"] == {"S": "abc-1"}
    assert item["trace"] == {"S": f"Root={request['trace_id']};Parent={command['id']};Sampled=1"}

    assert project("accounts", item) == {"batchItemFailures": []}
    documents = traced.documents()
    (projection,) = [found for found in documents if found["trace_id"] == request["trace_id"]]
    assert (projection["name"], projection["parent_id"]) == ("tributary-projector", command["id"])
    expected = {"service": "accounts", "aggregate": item["id"]["S"], "version": 1, "correlation": "abc-1"}
    assert projection["annotations"] == expected
    (transaction,) = projection["subsegments"]
    assert (transaction["name"], transaction["namespace"]) == ("mysql", "remote")
    assert projection["start_time"] <= transaction["start_time"] < transaction["end_time"] <= projection["end_time"]
    assert request["end_time"] <= projection["start_time"]


def test_the_batchs_own_trace(traced: Daemon, api: Api, project: Project, module_tables: Tables, account: str) -> None:
    """A batch also has a trace of its own, with its work once, for any number of commits."""
    api("POST", "/accounts", account)
    asked = named(traced.documents(), "tributary-api")
    project("accounts", stored(module_tables, account))
    (batch,) = [found for found in traced.documents() if found["trace_id"] != asked["trace_id"]]
    assert [entity["name"] for entity in below(batch)] == ["tributary-projector", "project.accounts", "mysql"]


def test_a_query(traced: Daemon, api: Api, project: Project, module_tables: Tables, account: str) -> None:
    """A query's trace has its time on the read model. A missing item is no fault."""
    api("POST", "/accounts", account)
    project("accounts", stored(module_tables, account))
    traced.documents()
    assert api("GET", f"/accounts/{json.loads(account)['number']}").status == 200
    documents = traced.documents()
    assert named(documents, "mysql")["parent_id"] == named(documents, "accounts.get")["id"]
    assert api("GET", "/accounts/unknown").status == 404
    documents = traced.documents()
    assert named(documents, "accounts.get")["error"] is True
    assert not [entity for document in documents for entity in below(document) if entity.get("fault")]


def test_an_unexpected_error_is_a_fault(traced: Daemon, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """The fault has its type and the place where it was raised."""
    monkeypatch.setenv("READ_DATABASE_URL", "postgres://nowhere")
    assert api("GET", "/accounts").status == 500
    query = named(traced.documents(), "accounts.list")
    assert query["fault"] is True
    assert query["cause"]["exceptions"][0]["type"] == "BadDatabaseUrl"


def test_the_clients_trace_goes_on(traced: Daemon, api: Api, account: str) -> None:
    """A client that sends a trace finds the request in it."""
    api("POST", "/accounts", account, X_Amzn_Trace_Id=SAMPLED)
    request = named(traced.documents(), "tributary-api")
    assert (request["trace_id"], request["parent_id"]) == (ROOT, PARENT)


@pytest.mark.parametrize("header", ["Root=1-x;Parent=y", "Root", f"Root={ROOT}" + "0" * 999])
def test_a_header_that_is_none(traced: Daemon, api: Api, module_tables: Tables, account: str, header: str) -> None:
    """An invalid trace header begins no trace, and nothing of it is stored."""
    api("POST", "/accounts", account, X_Amzn_Trace_Id=header)
    request = named(traced.documents(), "tributary-api")
    assert request["trace_id"] != ROOT
    assert len(stored(module_tables, account)["trace"]["S"]) == 74


def test_not_sampled(traced: Daemon, api: Api, project: Project, module_tables: Tables, account: str) -> None:
    """Nothing is sent or stored, and the projector reports to nobody."""
    api("POST", "/accounts", account, X_Amzn_Trace_Id=f"Root={ROOT};Parent={PARENT};Sampled=0")
    assert traced.documents() == []
    assert "trace" not in stored(module_tables, account)
    project("accounts", stored(module_tables, account))
    assert [document["name"] for document in traced.documents() if "parent_id" in document] == []


def test_many_commits(traced: Daemon, project: Project) -> None:
    """However many commits of a batch have a trace, the amount that is sent is limited."""
    heads = [head(f"tra_{number}", 1, transfer_state(), trace=SAMPLED) for number in range(MAX_TRACES + 50)]
    project("transfers", *map(item_of, heads))
    assert len([found for found in traced.documents() if found["trace_id"] == ROOT]) == MAX_TRACES


def test_set_aside(traced: Daemon, project: Project) -> None:
    """The trace of a commit that cannot be projected shows this. Its neighbours' traces show nothing of it."""
    bad = head("tra_bad", 1, transfer_state(reason="x" * 501), trace=SAMPLED)
    good = head("tra_good", 1, transfer_state(), trace=SAMPLED)
    project("transfers", item_of(bad), item_of(good))
    found = {doc["annotations"]["aggregate"]: doc for doc in traced.documents() if doc["trace_id"] == ROOT}
    assert found["tra_bad"]["fault"] is True
    assert "fault" not in found["tra_good"]


def test_following(traced: Daemon) -> None:
    """Work that follows from a commit is in the commit's trace. Afterwards, the batch's own trace continues."""
    with tracing.segment("batch"), tracing.subsegment("outer"):
        own = tracing.header()
        with tracing.following("follow-up", SAMPLED), tracing.subsegment("inner"):
            assert tracing.header().startswith(f"Root={ROOT};")
        assert tracing.header() == own
        with tracing.following("follow-up", ""):
            assert tracing.header() == own
    follow_up, batch = traced.documents()
    assert [entity["name"] for entity in below(follow_up)] == ["follow-up", "inner"]
    assert (follow_up["trace_id"], follow_up["parent_id"]) == (ROOT, PARENT)
    assert [entity["name"] for entity in below(batch)] == ["batch", "outer"]


def test_outside_a_segment(traced: Daemon) -> None:
    """Nothing is traced, and nothing fails."""
    with tracing.subsegment("alone"):
        assert tracing.header() == ""
        tracing.answered(200)
    assert traced.documents() == []


def test_off(daemon: Daemon, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every function can be called while tracing is off, and has no effect."""
    monkeypatch.setenv("AWS_XRAY_DAEMON_ADDRESS", daemon.address)
    tracing.set_up(False)
    done = spans.Done("x", spans.Times(0, 1), {})
    with tracing.segment("x"), tracing.following("x", SAMPLED), tracing.subsegment("x", correlation="x"):
        assert tracing.header() == ""
        tracing.answered(500)
        tracing.report(SAMPLED, done)
        tracing.watch_boto()
    assert daemon.documents() == []


def test_the_daemon_is_away(traced: Daemon, api: Api, account: str) -> None:
    """A request is answered as usual while nobody receives its trace."""
    traced.close()
    assert json.loads(api("POST", "/accounts", account).body)["version"] == 1
