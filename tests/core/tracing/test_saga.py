"""Commands that follow from a request, also in other services, have its trace and its correlation id."""

import json
from collections.abc import Mapping
from typing import Any

from tests.core.domain.accounts.domain import hold_id
from tests.core.things import legs, unique
from tests.core.tracing.conftest import Api, Handle
from tests.core.tracing.daemon import Daemon, named
from tests.support.stores import Tables


def request(api: Api) -> str:
    """Request a transfer between two accounts, the first with enough money, and return its id."""
    source, target = unique(), unique()
    for number in (source, target):
        assert api("POST", "/accounts", json.dumps({"number": number, "name": number})).status == 201
    assert api("POST", f"/accounts/{source}/deposits", '{"amount": 10}').status == 200
    answer = api("POST", "/transfers", json.dumps({"legs": legs(source, target)}), X_Correlation_Id="abc-1")
    assert answer.status == 201
    return str(json.loads(answer.body)["id"])


def item(tables: Tables, service: str, id: str) -> Mapping[str, Any]:
    """Return an item of a service."""
    return tables.client.get_item(TableName=tables.name(service), Key={"id": {"S": id}}, ConsistentRead=True)["Item"]


def test_the_saga_is_in_the_requests_trace(traced: Daemon, api: Api, react: Handle, module_tables: Tables) -> None:
    """Requested, held, accepted: each step has the one before it as its parent."""
    id = request(api)
    parent = named(traced.documents(), "transfers.request")
    root = parent["trace_id"]
    for service, found, step in (
        ("transfers", id, "accounts.hold"),
        ("accounts", hold_id(id), "transfers.accept"),
    ):
        react(service, item(module_tables, service, found))
        documents = traced.documents()
        command = named(documents, step)
        (segment,) = [document for document in documents if document["trace_id"] == root]
        assert (segment["name"], segment["parent_id"]) == ("tributary-reactor", parent["id"])
        assert (command["parent_id"], command["annotations"]) == (segment["id"], {"correlation": "abc-1"})
        parent = command
    accepted = item(module_tables, "transfers", id)
    assert accepted["state"]["M"]["status"] == {"S": "accepted"}
    assert accepted["correlation"] == {"S": "abc-1"}
    assert accepted["trace"] == {"S": f"Root={root};Parent={parent['id']};Sampled=1"}


def test_commits_that_have_no_trace(traced: Daemon, api: Api, react: Handle, module_tables: Tables) -> None:
    """Commands that follow from such commits, in any thread, are in the trace of the batch."""
    found = [item(module_tables, "transfers", request(api)) for _ in range(2)]
    traced.documents()
    react("transfers", *({name: value for name, value in one.items() if name != "trace"} for one in found))
    *followed, batch = traced.documents()
    assert [(one["trace_id"], one["parent_id"]) for one in followed] == [(batch["trace_id"], batch["id"])] * 2
    assert [one["subsegments"][0]["name"] for one in followed] == ["accounts.hold"] * 2


def test_its_lines(api: Api, react: Handle, module_tables: Tables, logged: list[dict[str, Any]]) -> None:
    """The reactor's lines about a record have the request's correlation id."""
    bad = {**item(module_tables, "transfers", request(api)), "state": {"M": {"status": {"S": "requested"}}}}
    logged.clear()
    react("transfers", bad)
    assert [(line["message"], line.get("correlation_id")) for line in logged] == [
        ("reactor: record set aside", "abc-1"),
        ("reactor: batch", None),
    ]
