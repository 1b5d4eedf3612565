"""The roles' rights follow from the services' declarations, and an undeclared call is refused."""

import json
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.core.service import (
    Aggregate,
    Asks,
    Claim,
    ClaimChange,
    FollowUp,
    Head,
    Policy,
    Right,
    Service,
    Undeclared,
)
from deploy.generate import clients, rights, template
from tests.core.bootstrap import APIS, SERVICES

ENDPOINTS = [endpoint for api in APIS for endpoint in api.endpoints]
HEAD = Head("acc_1", 1, {}, (), "commit", "actor", "command", "2026-11-23T10:00:00.000Z")


def allowed(services: Any, function: str) -> set[tuple[str, str]]:
    """Return (action, resource) of a function's statements."""
    made = rights.statements(list(services), ENDPOINTS)[function]
    return {(action, resource) for s in made for action in s.actions for resource in s.resources}


def changed(**services: Service) -> list[Service]:
    """Return the services, some of them replaced."""
    return list({**SERVICES, **services}.values())


@pytest.mark.parametrize(
    ("asks", "actions"),
    [
        ((), {"GetItem", "PutItem"}),
        ((Asks("transfers"),), {"GetItem", "PutItem"}),
        ((Asks("transfers", several=True),), {"GetItem", "PutItem", "BatchGetItem"}),
    ],
)
def test_the_reactor_may_what_policies_ask_for(asks: tuple[Asks, ...], actions: set[str]) -> None:
    """The reactor may read and write where commands are declared, and several items at once if declared."""
    policy = Policy("accounts", lambda _: [], asks=asks)
    services = changed(
        transfers=replace(SERVICES["transfers"], policies=(policy,)),
        accounts=replace(SERVICES["accounts"], policies=()),
    )
    tables = {(a, r) for a, r in allowed(services, "reactor") if r != "*" and "/stream/" not in r}
    assert tables == {(f"dynamodb:{action}", "${Tables}transfers") for action in actions}


def test_only_who_releases_claims_may_delete() -> None:
    """Deletion is allowed only on the tables of services that release claims."""
    assert ("dynamodb:DeleteItem", "${Tables}accounts") in allowed(SERVICES.values(), "commands")
    assert ("dynamodb:DeleteItem", "${Tables}transfers") not in allowed(SERVICES.values(), "commands")


def test_deadlines_give_the_right_to_their_commands() -> None:
    """The function may write the tables of services with deadlines, and no others."""
    assert allowed(SERVICES.values(), "deadlines") == {
        ("dynamodb:GetItem", "${Tables}transfers"),
        ("dynamodb:PutItem", "${Tables}transfers"),
    }
    none = changed(transfers=replace(SERVICES["transfers"], deadlines=()))
    assert allowed(none, "deadlines") == set()


def test_a_right_for_an_outside_service() -> None:
    """The right is only in its function's role, and the client only in that function's package."""
    right = Right("reactor", ("ses:SendEmail",), ("arn:${AWS::Partition}:ses:*:*:identity/*",), ("sesv2",))
    services = changed(accounts=replace(SERVICES["accounts"], rights=(right,)))
    assert ("ses:SendEmail", right.resources[0]) in allowed(services, "reactor")
    assert ("ses:SendEmail", right.resources[0]) not in allowed(services, "commands")
    # A redrive of the reactor's dead letters runs the reactor.
    assert ("ses:SendEmail", right.resources[0]) in allowed(services, "operations")
    assert json.loads(clients.text(services)) == {
        "CommandsFunction": [],
        "ReactorFunction": ["sesv2"],
        "OperationsFunction": ["sesv2"],
    }


@pytest.mark.parametrize(("given", "expected"), [(("a#", "b#"), ["a#", "b#"]), (("a#", ""), [""])])
def test_a_stream_is_filtered_by_what_policies_look_at(given: tuple[str, ...], expected: list[str]) -> None:
    """The stream is filtered by all policies' prefixes, or not at all if one policy looks at every aggregate."""
    policies = tuple(Policy("transfers", lambda _: [], prefix=prefix) for prefix in given)
    accounts = replace(SERVICES["accounts"], policies=policies)
    assert template.prefixes([accounts], "transfers") == expected


def policy_asking(*asked: FollowUp, asks: tuple[Asks, ...] = (), prefix: str = "") -> Service:
    """Return transfers with a policy that asks for this."""
    policy = Policy("accounts", lambda _: asked, asks=asks, prefix=prefix)
    return replace(SERVICES["transfers"], policies=(policy,))


OWN, OTHER, SEVERAL = (
    FollowUp("transfers", "transfers.accept", None, ("t1",)),
    FollowUp("accounts", "accounts.hold", None, ("a1",)),
    FollowUp("transfers", "transfers.accept", None, ("t1", "t2")),
)


def test_what_is_declared_is_done() -> None:
    """A policy's declared commands run, and it sees only the ids with its prefix."""
    assert list(policy_asking(OWN).follow_ups("accounts", HEAD)) == [OWN]
    assert list(policy_asking(OWN, prefix="hold#").follow_ups("accounts", HEAD)) == []
    assert list(policy_asking(OWN).follow_ups("transfers", HEAD)) == []


@pytest.mark.parametrize("asked", [OTHER, SEVERAL, replace(OWN, refused={"wrong-state": OTHER})])
def test_what_is_not_declared_is_not_done(asked: FollowUp) -> None:
    """For an undeclared command, several aggregates or an undeclared refusal, the error says what to write."""
    with pytest.raises(Undeclared, match=r"add Asks\(.* `make generate`"):
        list(policy_asking(asked).follow_ups("accounts", HEAD))


def test_a_claim_is_not_released_unseen() -> None:
    """A release needs a right, so the aggregate has to declare it."""
    change = ClaimChange(release=frozenset({Claim("name", "ada")}))
    kind = replace(SERVICES["transfers"].aggregates[0], claims=lambda *_: change, releases=False)
    assert isinstance(kind, Aggregate)
    with pytest.raises(Undeclared, match=r"releases=True"):
        kind.claim_change("tra_1", None, None, ())  # type: ignore[arg-type]
    assert replace(kind, releases=True).claim_change("tra_1", None, None, ()) == change  # type: ignore[arg-type]
