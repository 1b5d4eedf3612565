"""What Hypothesis does to the streams of any saga: batches cut anywhere, crashes, redelivery after days."""

import os
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from tests.core.reacting import ReactingWorld

LONG = os.environ.get("FAULTS") == "long"
# Two commits at most follow from a record, and a batch has many: beyond that a crash is no crash.
_CRASHES = st.none() | st.integers(0, 12)


class Redelivery(RuleBasedStateMachine):
    """Two streams, and a reactor that is cut off anywhere and fed again with anything; clients are the subclass's.

    Args:
        world: empty.
    """

    def __init__(self, world: ReactingWorld) -> None:
        super().__init__()
        self.world: Any = world

    def check_at_rest(self) -> None:
        """What holds when nothing is under way; the subclass adds to it."""
        assert not self.world.dead.letters

    @rule(which=st.integers(0, 1), size=st.integers(1, 6), crash_after=_CRASHES)
    def feed(self, which: int, size: int, crash_after: int | None) -> None:
        """The next batch comes; the reactor may die over it."""
        self.world.feed(sorted(self.world.services)[which], size, crash_after)

    @precondition(lambda self: any(self.world.checkpoints.values()))
    @rule(which=st.integers(0, 1), chosen=st.lists(st.integers(0, 99), min_size=1, max_size=6))
    def redeliver(self, which: int, chosen: list[int]) -> None:
        """Records that were done come again, days later, in any order."""
        service = sorted(self.world.services)[which]
        done = self.world.streams[service][: self.world.checkpoints[service]]
        if done:
            assert self.world.react(service, [done[number % len(done)] for number in chosen]) == []

    @rule()
    def rest(self) -> None:
        """Everything under way comes to its end."""
        self.world.come_to_rest()
        self.check_at_rest()

    def teardown(self) -> None:
        """In the end too; and then all that ever was comes once more, and changes nothing."""
        self.rest()
        before = {name: list(stream) for name, stream in self.world.streams.items()}
        for service, stream in before.items():
            assert self.world.react(service, stream[::-1]) == []
        assert self.world.streams == before


def run(machine: type[Redelivery], examples: int, steps: int = 30) -> None:
    """Try that many histories of so many steps, ten times as many where FAULTS=long."""
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        machine,
        settings=settings(
            max_examples=examples * (10 if LONG else 1),
            stateful_step_count=steps,
        ),
    )
