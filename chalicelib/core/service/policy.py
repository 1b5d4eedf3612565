"""Policies: the commands, and the calls of services outside, that follow when aggregates change.

A policy looks at the present state of an aggregate, not at the event that led to it. So it need not see every change,
and a record that comes late or repeatedly asks for something that is already done.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

import msgspec

from chalicelib.core.decider import Command
from chalicelib.core.service.aggregate import Head


class FollowUp(msgspec.Struct, frozen=True):
    """A command that follows from a commit of another service. It must be idempotent: done twice, it changes nothing.

    Attributes:
        service: the service that handles the command.
        name: the command's name, such as "accounts.hold"; it becomes the commit's `command`.
        command: the argument of that service's `decide`.
        ids: the aggregates that it needs, as in `pipeline.Envelope`.
        refused: code of an expected refusal -> the follow-up to send instead, or None to send nothing. A claim that
            is taken has the code "duplicate". Any other refusal makes the record poison.
        may_release: whether the command may release a claim. The service sets it, as the policy's `asks` says.
    """

    service: str
    name: str
    command: Command
    ids: tuple[str, ...]
    refused: "Mapping[str, FollowUp | None]" = msgspec.field(default_factory=dict)
    may_release: bool = False


class NotNow(Exception):
    """An outside service cannot answer now: a time-out, a lost connection, "too many requests", an error of its own.

    The call is made again while there is time, then the record is delivered again.
    """


class OutsideCall(msgspec.Struct, frozen=True):
    """A call of a service outside, such as a payment or a mail, that follows from a commit.

    It is made at least once: if the process ends between the answer and the command that records it, the record comes
    again, and so does the call. So it must carry a key that is the same each time, by which the outside service knows a
    repetition, such as the aggregate's id. The command records the outcome in the aggregate's state, and the policy
    asks for no call where it is recorded. A record that is behind the aggregate makes no call: that of the newer
    version does, if there is still something to do. While it is made, the reactor does nothing else of its batch, so it
    may use what is not safe in several threads.

    Attributes:
        name: for the log and the traces, such as "mail.send".
        run: makes the call; returns the follow-up that records its outcome, or None. It ends within 10 seconds, and
            raises NotNow if the same call may succeed later. Any other error makes the record poison.
    """

    name: str
    run: Callable[[], FollowUp | None]


class Asks(NamedTuple):
    """A service whose commands a policy asks for. The reactor's IAM permissions follow from this.

    Attributes:
        service: the service's name.
        several: whether one of the commands needs several aggregates at once.
        releases: whether one of the commands may release a claim.
    """

    service: str
    several: bool = False
    releases: bool = False


class Policy(msgspec.Struct, frozen=True):
    """The commands that follow from the states of another service's aggregates.

    Attributes:
        source: the service whose stream the policy reads, such as "transfers".
        react: head -> the follow-ups and the outside calls, in the order in which they are carried out. Pure: it makes
            no call itself. An error makes the record poison.
        prefix: the policy is called only for aggregates whose id starts with this, such as "hold#"; "" means all.
        asks: the services whose commands it asks for, also after a refusal. If empty: its own service, one aggregate
            a command. A policy that makes outside calls must be on the stream of one of them.
    """

    source: str
    react: Callable[[Head], Iterable[FollowUp | OutsideCall]]
    prefix: str = ""
    asks: tuple[Asks, ...] = ()
