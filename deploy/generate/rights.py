"""What each function may do because of the services: the statements of its role."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from chalicelib.core.service import Asks, Service
from deploy.generate.fill import filled

_READ_STREAM = (
    "dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams",
)  # fmt: skip
_CLAIMS = '{"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["claim#*"]}}'
_HEARTBEATS = '{"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["heartbeat#"]}}'


class Statement(NamedTuple):
    """A statement of a policy.

    Attributes:
        actions: what is allowed.
        resources: on what: ARNs, as `!Sub` takes them.
        why: a comment, "" for none.
        condition: of IAM, as YAML; "" for none.
    """

    actions: Sequence[str]
    resources: Sequence[str]
    why: str = ""
    condition: str = ""

    def yaml(self) -> str:
        """The statement in a template; "" where it is about nothing."""
        if not self.resources:
            return ""
        lines = [f"# {self.why}"] if self.why else []
        lines += ["- Effect: Allow", f"  Action: {_one_or_many(self.actions)}", "  Resource:"]
        lines += [f'    - !Sub "{resource}"' for resource in self.resources]
        lines += [f"  Condition: {self.condition}"] if self.condition else []
        return "\n".join(lines)


def text(services: Iterable[Service]) -> str:
    """infrastructure/roles.yaml."""
    all_services = list(services)
    return filled("roles.yaml", {role: _yaml(made) for role, made in statements(all_services).items()})


def statements(services: Sequence[Service]) -> Mapping[str, Sequence[Statement]]:
    """The statements by the function that has them: commands, projector, reactor, check."""
    return {
        "commands": [*_commands(services), *_declared("commands", services)],
        "projector": [Statement(_READ_STREAM, _streams(service.name for service in services))],
        "reactor": [*_reactor(services), *_declared("reactor", services)],
        "check": [
            Statement(("dynamodb:GetItem", "dynamodb:PutItem"), _tables(_names(services)), "Heartbeats.", _HEARTBEATS)
        ],
    }


def _commands(services: Sequence[Service]) -> Iterable[Statement]:
    actions = ("dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:ConditionCheckItem")
    yield Statement(actions, _tables(_names(services)), "A transaction needs the rights of what is in it.")
    why = "Claims alone are ever deleted; an aggregate gets a tombstone."
    yield Statement(("dynamodb:DeleteItem",), _tables(_names(services)), why, _CLAIMS)
    published = [service.name for service in services if service.ports]
    yield Statement(("dynamodb:BatchGetItem",), _tables(published), "What services read of each other by ports.")


def _reactor(services: Sequence[Service]) -> Iterable[Statement]:
    yield Statement(_READ_STREAM, _streams(sorted({policy.source for s in services for policy in s.policies})))
    written = sorted({asks.service for asks in asked(services)})
    yield Statement(
        ("dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:PutItem"),
        _tables(written),
        "Follow-up commands load and put aggregates; they take no claims and send no idempotency key.",
    )


def asked(services: Iterable[Service]) -> list[Asks]:
    """Whose commands all the policies ask for."""
    return [asks for service in services for policy in service.policies for asks in service.asks(policy)]


def _declared(function: str, services: Iterable[Service]) -> Iterable[Statement]:
    """What services have declared beside what follows from the rest."""
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
