"""Rules in the form of sentences: given(events).when(command).then(events) or .rejects(code)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from chalicelib.core.decider import Event, Rejected


@dataclass(frozen=True)
class Decider:
    """The rules under test: decide and evolve of one aggregate."""

    decide: Callable[[Any, Any], Sequence[Event]]
    evolve: Callable[[Any, Any], Any]

    def given(self, *events: Event) -> "Given":
        """Start from these past events."""
        state = None
        for event in events:
            state = self.evolve(state, event)
        return Given(self, state)


@dataclass(frozen=True)
class Given:
    """The state before a command."""

    decider: Decider
    state: Any

    def when(self, command: Any) -> "When":
        """Send a command."""
        return When(self, command)


@dataclass(frozen=True)
class When:
    """A command in a state, which is not decided yet."""

    given: Given
    command: Any

    def then(self, *events: Event) -> Any:
        """Check that exactly these events follow. Return the state after them."""
        decided = list(self.given.decider.decide(self.command, self.given.state))
        assert decided == list(events)
        state = self.given.state
        for event in decided:
            state = self.given.decider.evolve(state, event)
        return state

    def rejects(self, code: str) -> Rejected:
        """Check that the command is refused with this code. Return the refusal."""
        with pytest.raises(Rejected) as caught:
            self.given.decider.decide(self.command, self.given.state)
        assert caught.value.code == code
        return caught.value
