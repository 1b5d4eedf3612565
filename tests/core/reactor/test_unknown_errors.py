"""An error of a record's own command or policy is poison. Any other error may pass, and is retried."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from msgspec.structs import replace

from chalicelib.core.commands.store import Commit, OutcomeUnknown, StoreUnreachable
from chalicelib.core.service import Asks, FollowUp, Service
from tests.core.bootstrap import SERVICES
from tests.core.domain.accounts.commands import Release
from tests.core.domain.accounts.domain import hold_id
from tests.core.histories import sequence_of
from tests.core.memory_store import MemoryStore
from tests.core.reactor.world import World


def refused(code: str, *reasons: str) -> ClientError:
    """Return DynamoDB's answer to a write that it refuses."""
    answer: Any = {"Error": {"Code": code}, "CancellationReasons": [{"Code": reason} for reason in reasons]}
    return ClientError(answer, "TransactWriteItems")


class Failing(MemoryStore):
    """A store whose next commits fail.

    Attributes:
        errors: the errors that they raise.
    """

    errors: list[Exception]

    def commit(self, commit: Commit) -> None:
        """Raise the next error, or commit."""
        if self.errors:
            raise self.errors.pop(0)
        super().commit(commit)


@pytest.fixture
def errors() -> list[Exception]:
    """Return the list of errors that the next commits of accounts raise."""
    return []


@pytest.fixture
def world(errors: list[Exception]) -> World:
    """Return a world with 100 in account A, and a transfer of 30 from it that nobody has reacted to."""

    def make(name: str, published: Callable[[Any], None]) -> MemoryStore:
        store = Failing(published=published)
        store.errors = errors if name == "accounts" else []
        return store

    world = World(make)
    world.open("A", 100)
    world.open("B")
    world.request("tra_1", [("A", -30), ("B", 30)])
    return world


def react(world: World) -> list[str]:
    """Give the transfer to the reactor. Return what it reports as failed: nothing, or "first"."""
    records = world.records("transfers")
    failed = world.react_raw(records)
    assert failed in ([], [sequence_of(records[0])])
    return ["first"] if failed else []


@pytest.mark.parametrize(
    "error",
    [
        StoreUnreachable("away"),
        OutcomeUnknown("who knows"),
        refused("AccessDeniedException"),
        MemoryError(),
        ModuleNotFoundError("chalicelib.core.dynamodb.store"),
    ],
)
def test_an_error_that_passes(world: World, errors: list[Exception], error: Exception) -> None:
    """The command is tried again at once, and succeeds."""
    errors += [error, error]
    assert react(world) == []
    assert world.status(hold_id("tra_1")) == "held"
    assert not world.dead.letters


def test_an_error_that_stays(world: World, errors: list[Exception]) -> None:
    """When the time is over, the batch fails from that record, and nothing is set aside."""
    errors += [refused("AccessDeniedException")] * 100
    records = world.records("transfers")
    assert world.react_raw(records, remaining_ms=31_000) == [sequence_of(records[0])]
    assert not world.dead.letters


@pytest.mark.parametrize(
    "error",
    [
        refused("ValidationException"),
        refused("SerializationException"),
        refused("TransactionCanceledException", "None", "ValidationError"),
    ],
)
def test_a_command_that_is_wrong_in_itself(world: World, errors: list[Exception], error: Exception) -> None:
    """DynamoDB would refuse it every time, so it is set aside."""
    errors.append(error)
    assert react(world) == []
    assert world.dead.letters["transfers#tra_1#1#reactor"].error.startswith("ClientError: ")


def with_policy(error: Exception) -> dict[str, Service]:
    """Return the services with an accounts' policy that raises an error."""

    def react(_: Any) -> Any:
        raise error

    accounts = SERVICES["accounts"]
    policies = tuple(replace(policy, react=react) for policy in accounts.policies)
    return {**SERVICES, "accounts": replace(accounts, policies=policies)}


def with_decider(error: Exception) -> dict[str, Service]:
    """Return the services with an accounts' decider that raises an error."""

    def decide(*_: Any) -> Any:
        raise error

    return {**SERVICES, "accounts": replace(SERVICES["accounts"], decide=decide)}


DOMAIN = pytest.mark.parametrize("services", [with_policy, with_decider])


@pytest.mark.parametrize("error", [KeyError("legs"), OSError("value too large"), TimeoutError(), RuntimeError("?")])
@DOMAIN
def test_poison_of_any_type(world: World, services: Callable[..., dict[str, Service]], error: Exception) -> None:
    """An error of any type is the record's if the domain itself raises it."""
    world.serve(services(error))
    assert react(world) == []
    assert world.dead.letters["transfers#tra_1#1#reactor"].error.startswith(type(error).__name__)


def test_a_command_about_nothing(world: World) -> None:
    """A policy that names no aggregate would fail every time, so its record is set aside and keeps no other waiting."""

    def react_to(_: Any) -> Any:
        return [FollowUp("accounts", "accounts.release", Release("tra_1"), ())]

    accounts = SERVICES["accounts"]
    policies = tuple(replace(policy, react=react_to) for policy in accounts.policies)
    world.serve({**SERVICES, "accounts": replace(accounts, policies=policies)})
    assert react(world) == []
    assert "names no aggregate" in world.dead.letters["transfers#tra_1#1#reactor"].error


def test_a_command_of_no_service(world: World) -> None:
    """The same goes for a policy that asks for a service that is not there."""

    def react_to(_: Any) -> Any:
        return [FollowUp("gone", "gone.release", Release("tra_1"), ("tra_1",))]

    accounts = SERVICES["accounts"]
    policies = tuple(replace(policy, react=react_to, asks=(Asks("gone"),)) for policy in accounts.policies)
    world.serve({**SERVICES, "accounts": replace(accounts, policies=policies)})
    assert world.react_raw(world.records("transfers"), remaining_ms=31_000) == []
    assert "no service 'gone'" in world.dead.letters["transfers#tra_1#1#reactor"].error


@DOMAIN
def test_no_memory_in_the_domain(world: World, services: Callable[..., dict[str, Service]]) -> None:
    """This is not the record's fault: the batch fails, nothing is set aside, and later it is done."""
    world.serve(services(MemoryError()))
    assert world.react_raw(world.records("transfers"), remaining_ms=31_000) != []
    assert not world.dead.letters
    world.serve(SERVICES)
    assert react(world) == []
    assert world.status(hold_id("tra_1")) == "held"
