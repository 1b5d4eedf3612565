"""Hypothesis's treatment of the streams of any saga: batches cut anywhere, crashes, redelivery after days."""

import os
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from tests.core.reacting import ReactingWorld

LONG = os.environ.get("FAULTS") == "long"
# At most two commits follow from a record. A crash after more steps than a batch takes would be no crash.
_CRASHES = st.none() | st.integers(0, 12)


class Redelivery(RuleBasedStateMachine):
    """Two streams, and a reactor that crashes anywhere and gets any batches again. Subclasses add the clients.

    Args:
        world: an empty world.
    """

    def __init__(self, world: ReactingWorld) -> None:
        super().__init__()
        self.world: Any = world

    def check_at_rest(self) -> None:
        """Check what must be true when nothing is under way. Subclasses add more."""
        assert not self.world.dead.letters

    @rule(which=st.integers(0, 1), size=st.integers(1, 6), crash_after=_CRASHES)
    def feed(self, which: int, size: int, crash_after: int | None) -> None:
        """Deliver the next batch. The reactor may crash."""
        self.world.feed(sorted(self.world.services)[which], size, crash_after)

    @precondition(lambda self: any(self.world.checkpoints.values()))
    @rule(which=st.integers(0, 1), chosen=st.lists(st.integers(0, 99), min_size=1, max_size=6))
    def redeliver(self, which: int, chosen: list[int]) -> None:
        """Deliver records that were handled again, days later, in any order."""
        service = sorted(self.world.services)[which]
        done = self.world.streams[service][: self.world.checkpoints[service]]
        if done:
            assert self.world.react(service, [done[number % len(done)] for number in chosen]) == []

    @rule()
    def rest(self) -> None:
        """Run the reactor until nothing is under way."""
        self.world.come_to_rest()
        self.check_at_rest()

    def teardown(self) -> None:
        """Come to rest, then deliver everything once more, and check that nothing changes."""
        self.rest()
        before = {name: list(stream) for name, stream in self.world.streams.items()}
        for service, stream in before.items():
            assert self.world.react(service, stream[::-1]) == []
        assert self.world.streams == before


def run(machine: type[Redelivery], examples: int, steps: int = 30) -> None:
    """Try that many histories of so many steps, or ten times as many if FAULTS=long."""
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        machine,
        settings=settings(
            max_examples=examples * (10 if LONG else 1),
            stateful_step_count=steps,
        ),
    )
