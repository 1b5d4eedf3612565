"""The vocabulary of a domain: commands, events, states and the refusal of a command.

A service's domain is a decider (the term is Jérémie Chassaing's): two pure functions,

    decide(command, state) -> list[Event]     or raises Rejected
    evolve(state, event)   -> State

Each service names the union of its commands and that of its events; decide and evolve match over them and end in
`assert_never`, so that the type checker finds a case that is missing. They do no I/O and know no clock and no
randomness: times and ids come in with the command. This module imports the standard library and msgspec only, so
that a domain which imports it stays pure as well.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

import msgspec


class Command(msgspec.Struct, frozen=True):
    """What is asked of an aggregate, with all that its rules need: ids, times, what other services publish.

    It knows no HTTP: the service's api.py makes it from a request's body.
    """


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag=True):
    """What a commit did. Stored as `{"type": <class name>, "data": {...}}`.

    `held_by_state` names fields that the state holds as well and that are not stored twice: the
    largest state has to fit into one item of 400 KB with them.
    """

    held_by_state: ClassVar[frozenset[str]] = frozenset()


class State(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an aggregate is now. `deleted` makes the commit a tombstone."""

    deleted: bool = False


FieldPath = tuple[str | int, ...]
"""Where in a command something is: ("legs", 1, "account")."""


class Rejected(Exception):
    """A rule of the domain refuses the command in the present state; nothing is written.

    Args:
        code: stable, in kebab-case, for programs: "insufficient-funds".
        detail: one sentence for people: what was wrong and what to do next.
        faults: what is wrong with which field of the command: {("legs", 1, "account"): sentence}.
        facts: further members of the problem, JSON values only.
    """

    def __init__(self, code: str, detail: str, faults: Mapping[FieldPath, str] | None = None, **facts: Any) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.faults = faults or {}
        self.facts = facts


class Unacceptable(Rejected):
    """The command's own content cannot be right in any state: it names what does not exist."""


def differences(change: Command, state: State) -> dict[str, Any]:
    """The fields of a command that are given (not UNSET) and differ from the state's of the same name."""
    asked = {name: getattr(change, name) for name in change.__struct_fields__}
    return {
        name: value for name, value in asked.items() if value is not msgspec.UNSET and value != getattr(state, name)
    }


class Missing(Rejected):
    """There is no such aggregate, or no longer."""

    def __init__(self, detail: str) -> None:
        super().__init__("not-found", detail)
