"""The vocabulary of a domain: commands, events, states and the refusal of a command.

A service's domain is a decider (the term is Jérémie Chassaing's): two pure functions,

    decide(command, state) -> list[Event]     or raises Rejected
    evolve(state, event)   -> State

Each service names the union of its commands and the union of its events. decide and evolve match on them and end in
`assert_never`, so that the type checker finds a missing case. They do no I/O and use neither clock nor randomness:
times and ids come with the command. This module imports only the standard library and msgspec, so that a domain which
imports it stays pure.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import msgspec


class Command(msgspec.Struct, frozen=True):
    """A request to change an aggregate, with everything that its rules need: ids, times, data of other services.

    It is independent of HTTP: the service's api.py makes it from a request's body.
    """


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag=True):
    """Something that a commit did. Stored as `{"type": <class name>, "data": {...}}`.

    `held_by_state` names fields that the state holds, too. They are not stored with the event, so that the largest
    state and its events fit into one item of 400 KB.
    """

    held_by_state: ClassVar[frozenset[str]] = frozenset()


class State(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The present state of an aggregate. `deleted` makes the commit a tombstone."""

    deleted: bool = False


States = Mapping[str, State | None]
"""The states of the aggregates that a command is about, by id; None for one that does not exist."""
Decision = Mapping[str, Sequence[Event]]
"""What a command does: the events of each aggregate, by id."""
Decide = Callable[[Command, States], Decision]
"""A service's decider, as the pipeline calls it. `single` and `several` (core/service) make one of a typed function."""
FieldPath = tuple[str | int, ...]
"""The place of a value in a command: ("legs", 1, "account")."""


class Rejected(Exception):
    """A rule of the domain refuses the command in the present state. Nothing is written.

    Args:
        code: a stable name for programs, in kebab-case: "insufficient-funds".
        detail: a sentence for people: what is wrong and what to do next.
        faults: the faulty fields of the command: {("legs", 1, "account"): sentence}.
        facts: further members of the problem, JSON values only.
    """

    def __init__(self, code: str, detail: str, faults: Mapping[FieldPath, str] | None = None, **facts: Any) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.faults = faults or {}
        self.facts = facts


class Unacceptable(Rejected):
    """The command cannot be valid in any state, for example because it names something that does not exist."""


def differences(change: Command, state: State) -> dict[str, Any]:
    """The fields of a command that are given (not UNSET) and differ from the state's fields of the same name."""
    asked = {name: getattr(change, name) for name in change.__struct_fields__}
    return {
        name: value for name, value in asked.items() if value is not msgspec.UNSET and value != getattr(state, name)
    }


class Missing(Rejected):
    """The aggregate does not exist, or was deleted."""

    def __init__(self, detail: str) -> None:
        super().__init__("not-found", detail)
