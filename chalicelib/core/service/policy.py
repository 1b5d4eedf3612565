"""What a service does when another service's aggregates change: its policies, and the commands that they ask for.

A policy looks at the state that an aggregate is in, not at the step that led there. So it does not matter whether a
change in between was seen, and a record that comes again, or late, asks for what is done already.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from chalicelib.core.decider import Command
from chalicelib.core.service.aggregate import Head


@dataclass(frozen=True)
class FollowUp:
    """A command that another service's aggregate asks for. It has to be one that finds itself done.

    Attributes:
        service: whose command it is.
        name: "accounts.hold"; becomes the commit's `command`.
        command: what that service's `decide` takes.
        ids: the aggregates that it needs, as in `pipeline.Envelope`.
        refused: by the code of a refusal that can be expected, what is asked for instead; None for nothing. Any
            other refusal makes the record a poison record.
    """

    service: str
    name: str
    command: Command
    ids: tuple[str, ...]
    refused: "Mapping[str, FollowUp | None]" = field(default_factory=dict)


class Asks(NamedTuple):
    """Whose commands a policy asks for, which becomes the reactor's rights.

    Attributes:
        service: its name.
        several: whether one of the commands needs several aggregates at once.
    """

    service: str
    several: bool = False


@dataclass(frozen=True)
class Policy:
    """What follows from the states of another service's aggregates.

    Attributes:
        source: the service whose stream is looked at: "transfers".
        react: head -> what it asks for, in that order. Pure. Whatever it raises makes the record a poison record.
        prefix: of the ids that it looks at, such as "hold#"; "" looks at every aggregate. Others do not reach it.
        asks: whose commands it asks for, those of a refusal too; empty means its own service's, one aggregate each.
    """

    source: str
    react: Callable[[Head], Iterable[FollowUp]]
    prefix: str = ""
    asks: tuple[Asks, ...] = ()
