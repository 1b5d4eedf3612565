"""The statements of each function's role that follow from the services."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from chalicelib.core.http.chalice_adapter import AnyEndpoint
from chalicelib.core.http.endpoint import CommandEndpoint
from chalicelib.core.service import Service
from deploy.generate.fill import filled

_READ_STREAM = ("dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator")
_CLAIM_KEYS = '{"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["claim#*"]}}'
_HEARTBEATS = '{"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["heartbeat#"]}}'


class Statement(NamedTuple):
    """A statement of a policy.

    Attributes:
        actions: the allowed actions.
        resources: ARNs as `!Sub` takes them, or "*" where IAM knows no resource for the actions.
        why: a comment; "" for none.
        condition: a condition of IAM, as YAML; "" for none.
    """

    actions: Sequence[str]
    resources: Sequence[str]
    why: str = ""
    condition: str = ""

    def yaml(self) -> str:
        """Return the statement as YAML for a template, or "" if it has no resources."""
        if not self.resources:
            return ""
        lines = [f"# {self.why}"] if self.why else []
        lines += ["- Effect: Allow", f"  Action: {_one_or_many(self.actions)}", "  Resource:"]
        lines += [f'    - {"!Sub " if "$" in resource else ""}"{resource}"' for resource in self.resources]
        lines += [f"  Condition: {self.condition}"] if self.condition else []
        return "\n".join(lines)


def text(services: Sequence[Service], endpoints: Iterable[AnyEndpoint]) -> str:
    """Return infrastructure/roles.yaml."""
    made = statements(services, endpoints)
    return filled("roles.yaml", {function: _yaml(of_function) for function, of_function in made.items()})


def statements(services: Sequence[Service], endpoints: Iterable[AnyEndpoint]) -> Mapping[str, Sequence[Statement]]:
    """Return the statements of each function: commands, projector, reactor, check, deadlines, operations."""
    heartbeats = ("dynamodb:GetItem", "dynamodb:PutItem")
    return {
        "commands": [*_commands(services, endpoints), *_declared("commands", services)],
        "projector": [*_reading(_names(services))],
        "reactor": [*_reactor(services), *_declared("reactor", services)],
        "operations": [*_operations(services)],
        "deadlines": [*_deadlines(services)],
        "check": [Statement(heartbeats, _tables(_names(services)), "Heartbeats.", _HEARTBEATS)],
    }


def _commands(services: Sequence[Service], endpoints: Iterable[AnyEndpoint]) -> Iterable[Statement]:
    actions = ("dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:ConditionCheckItem")
    yield Statement(actions, _tables(_names(services)), "A transaction needs the rights of what is in it.")
    yield _claims(_names(services), services)
    published = {service.name for service in services for port in service.ports if port.several}
    together = {
        endpoint.service for endpoint in endpoints if isinstance(endpoint, CommandEndpoint) and endpoint.several
    }
    several = _tables(name for name in _names(services) if name in published | together)
    yield Statement(
        ("dynamodb:BatchGetItem",), several, "What commands read several of at once, by ports or of their own."
    )


def _reactor(services: Sequence[Service]) -> Iterable[Statement]:
    yield from _reading(sorted({policy.source for s in services for policy in s.policies}))
    yield from _following_up(services)


def _operations(services: Sequence[Service]) -> Iterable[Statement]:
    """Yield the reactor's rights, since a redrive runs the reactor. The projector needs its database only."""
    yield from _following_up(services)
    yield from _declared("reactor", services)


def _following_up(services: Sequence[Service]) -> Iterable[Statement]:
    asked = [asks for service in services for policy in service.policies for asks in service.asks(policy)]
    written = sorted({asks.service for asks in asked})
    why = "Follow-up commands load and put aggregates; they send no idempotency key."
    yield Statement(("dynamodb:GetItem", "dynamodb:PutItem"), _tables(written), why)
    yield Statement(("dynamodb:BatchGetItem",), _tables(sorted({asks.service for asks in asked if asks.several})))
    yield _claims(sorted({asks.service for asks in asked if asks.releases}), services)


def _reading(names: Sequence[str]) -> Iterable[Statement]:
    """Yield a mapping's rights on streams. Lambda's documentation requires ListStreams too."""
    yield Statement(_READ_STREAM, _streams(names))
    if names:
        yield Statement(("dynamodb:ListStreams",), ["*"], "IAM knows no resource for it.")


def _deadlines(services: Sequence[Service]) -> Iterable[Statement]:
    keeping = [service.name for service in services if service.deadlines]
    yield Statement(("dynamodb:GetItem", "dynamodb:PutItem"), _tables(keeping), "Commands about one aggregate each.")
    yield _claims(keeping, services)


def _claims(names: Iterable[str], services: Iterable[Service]) -> Statement:
    """Allow the release of claims in those of the tables whose commands release any."""
    releasing = {service.name for service in services if any(kind.releases for kind in service.aggregates)}
    why = "Claims alone are ever deleted; an aggregate gets a tombstone."
    return Statement(("dynamodb:DeleteItem",), _tables(name for name in names if name in releasing), why, _CLAIM_KEYS)


def _declared(function: str, services: Iterable[Service]) -> Iterable[Statement]:
    """Yield the further rights that services declare."""
    for service in services:
        for right in service.rights:
            if right.function == function:
                yield Statement(right.actions, right.resources, f"Declared by {service.name}.")


def _names(services: Iterable[Service]) -> list[str]:
    return [service.name for service in services]


def _tables(services: Iterable[str]) -> list[str]:
    return [f"${{Tables}}{name}" for name in services]


def _streams(services: Iterable[str]) -> list[str]:
    return [f"${{Tables}}{name}/stream/*" for name in services]


def _yaml(made: Iterable[Statement]) -> str:
    return "\n".join(filter(None, (statement.yaml() for statement in made)))


def _one_or_many(actions: Sequence[str]) -> str:
    return actions[0] if len(actions) == 1 else f"[{', '.join(actions)}]"
