"""Policies: the commands that a service asks for when another service's aggregates change.

A policy looks at the present state of an aggregate, not at the event that led to it. So it need not see every change,
and a record that comes late or repeatedly asks for something that is already done.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from chalicelib.core.decider import Command
from chalicelib.core.service.aggregate import Head


@dataclass(frozen=True)
class FollowUp:
    """A command that follows from a commit of another service. It must be idempotent: done twice, it changes nothing.

    Attributes:
        service: the service that handles the command.
        name: the command's name, such as "accounts.hold"; it becomes the commit's `command`.
        command: the argument of that service's `decide`.
        ids: the aggregates that it needs, as in `pipeline.Envelope`.
        refused: code of an expected refusal -> the follow-up to send instead, or None to send nothing. Any other
            refusal makes the record poison.
    """

    service: str
    name: str
    command: Command
    ids: tuple[str, ...]
    refused: "Mapping[str, FollowUp | None]" = field(default_factory=dict)


class Asks(NamedTuple):
    """A service whose commands a policy asks for. The reactor's IAM permissions follow from this.

    Attributes:
        service: the service's name.
        several: whether one of the commands needs several aggregates at once.
    """

    service: str
    several: bool = False


@dataclass(frozen=True)
class Policy:
    """The commands that follow from the states of another service's aggregates.

    Attributes:
        source: the service whose stream the policy reads, such as "transfers".
        react: head -> the follow-ups, in the order in which they are sent. Pure. An error makes the record poison.
        prefix: the policy is called only for aggregates whose id starts with this, such as "hold#"; "" means all.
        asks: the services whose commands it asks for, also after a refusal. If empty: its own service, one aggregate
            a command.
    """

    source: str
    react: Callable[[Head], Iterable[FollowUp]]
    prefix: str = ""
    asks: tuple[Asks, ...] = ()
