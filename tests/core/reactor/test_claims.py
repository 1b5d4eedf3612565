"""Follow-up commands that take and release claims."""

from collections.abc import Mapping

import pytest
from msgspec.structs import replace

from chalicelib.core.service import Asks, FollowUp, Policy
from tests.core.bootstrap import SERVICES
from tests.core.domain.accounts.commands import ChangeDetails
from tests.core.reactor.world import World

MAY_RELEASE = Asks("accounts", releases=True)


def renamed(name: str, asks: Asks, refused: Mapping[str, FollowUp | None] = {}) -> tuple[World, list[str]]:
    """Return a world in which the opening of B caused another name for A, and the errors of what was set aside."""
    world = World()
    rename = FollowUp("accounts", "accounts.change", ChangeDetails(name=name), ("A",), refused)
    policy = Policy("accounts", lambda head: [rename] if head.id == "B" else [], asks=(asks,))
    world.serve({**SERVICES, "accounts": replace(SERVICES["accounts"], policies=(policy,))})
    world.open("A")
    world.open("B")
    world.come_to_rest()
    return world, [letter.error for letter in world.dead.letters.values()]


def test_a_claim_is_taken_and_another_released() -> None:
    """The claims change as by a client's command."""
    world, errors = renamed("C", MAY_RELEASE)
    assert (world.newest("accounts")["A"].state["name"], errors) == ("C", [])


def test_a_release_that_is_not_declared() -> None:
    """The reactor would have no right to it, so it is an error here as well, which says what to write."""
    world, (error,) = renamed("C", Asks("accounts"))
    assert 'add releases=True to the Asks("accounts", ...) of the policy' in error
    assert world.newest("accounts")["A"].state["name"] == "A"


@pytest.mark.parametrize("expected", [True, False])
def test_a_claim_that_is_taken(expected: bool) -> None:
    """The refusal is `duplicate`, which a follow-up may expect. Otherwise, the record is set aside."""
    _, errors = renamed("B", MAY_RELEASE, {"duplicate": None} if expected else {})
    assert ["another aggregate holds this name" in error for error in errors] == ([] if expected else [True])
