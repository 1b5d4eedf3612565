"""A request that comes again under its idempotency key, whatever has happened since, and how often the store is read.

The aggregate is a door with a lock. Some of its commands say something else when they come a second time.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
import pytest

from chalicelib.core.access.permissions import Access
from chalicelib.core.commands.idempotency import CommandResponse, IdempotencyKey
from chalicelib.core.commands.pipeline import CommandResult, Envelope, handle
from chalicelib.core.commands.store import (
    Commit,
    ItemTooLarge,
    KeptResponse,
    LostRace,
    OutcomeUnknown,
    StoreUnreachable,
    Throttled,
)
from chalicelib.core.decider import Command, Event, Missing, Rejected, State, Unacceptable
from chalicelib.core.errors import Conflict, Invalid, NotFound, PreconditionFailed, Problem, Unavailable
from chalicelib.core.http.preconditions import conditions
from chalicelib.core.service import (
    Aggregate,
    Claim,
    ClaimChange,
    Head,
    NewerSchema,
    Projection,
    Row,
    Rows,
    Service,
    Table,
    several,
)
from chalicelib.core.telemetry import log
from tests.core.memory_store import MemoryStore

AT = "2026-11-23T10:00:00.000Z"


class Door(State, frozen=True):
    """A door."""

    owner: str
    locked: bool = False
    name: str = ""


class Act(Command, frozen=True):
    """Do something to some doors."""

    what: str
    value: str = ""
    doors: tuple[str, ...] = ("door-1",)


class Done(Event, frozen=True):
    """Something was done."""

    what: str
    value: str = ""


def decide(command: Act, states: Mapping[str, Door | None]) -> Mapping[str, Sequence[Done]]:
    """Do it to each door that it changes."""
    return {id: _decide(command, states[id]) for id in command.doors}


def _decide(command: Act, door: Door | None) -> Sequence[Done]:
    done = [Done(what=command.what, value=command.value)]
    match command.what:
        case "hang" if door and not door.deleted:
            raise Rejected("duplicate", "There is a door.")
        case "hang" if not command.value:
            raise Unacceptable("nameless", "A door needs an owner.")
        case "hang":
            return done
        case "crash" if door and door.locked:
            raise ZeroDivisionError
    if door is None or door.deleted:
        raise Missing("There is no door.")
    if command.what == "lock" and door.locked:
        raise Rejected("wrong-state", "It is locked.")
    return [] if command.what == "name" and door.name == command.value else done


def evolve(door: Door | None, event: Done) -> Door:
    """Return the door afterwards."""
    if event.what == "hang" or door is None:
        return Door(owner=event.value)
    changes: dict[str, Any] = {
        "lock": {"locked": True},
        "crash": {"locked": True},
        "unlock": {"locked": False},
        "give": {"owner": event.value},
        "name": {"name": event.value},
        "remove": {"deleted": True},
    }
    return msgspec.structs.replace(door, **changes[event.what])


def claims(_id: str, before: Door | None, after: Door | None, _events: Sequence[Event]) -> ClaimChange:
    """Return the claim of a door on its name."""
    return ClaimChange.between(
        *({Claim("name", door.name)} if door and door.name else set() for door in (before, after))
    )


MAIN = Claim("name", "main")


class DoorRow(Row, frozen=True):
    """A row of `doors`."""

    id: str


DOORS = Service(
    name="doors",
    aggregates=(Aggregate("door", Door, evolve, claims=claims, releases=True),),
    decide=several(decide),
    projection=Projection(Table("doors", DoorRow, key=("id",)), lambda head: Rows(DoorRow(head.id))),
)


class Counted(MemoryStore):
    """A store that counts its calls, and fails in those that a test names."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: Counter[str] = Counter()
        self.errors: dict[str, Exception] = {}

    def load(self, ids: Sequence[str]) -> dict[str, Head]:
        """See `WriteStore.load`."""
        self._call("load")
        return super().load(ids)

    def kept_response(self, claim_id: str, now: int) -> KeptResponse | None:
        """See `WriteStore.kept_response`."""
        self._call("look")
        return super().kept_response(claim_id, now)

    def commit(self, commit: Commit) -> None:
        """See `WriteStore.commit`."""
        self._call("commit")
        super().commit(commit)

    def _call(self, name: str) -> None:
        self.calls[name] += 1
        if error := self.errors.get(name):
            raise error


@pytest.fixture
def store() -> Counted:
    """Return a store with one open door, which belongs to ada."""
    store = Counted()
    send(store, "hang", "ada")
    store.calls.clear()
    return store


def send(
    store: MemoryStore, what: str, value: str = "", key: str = "", doors: Sequence[str] = ("door-1",), **more: Any
) -> CommandResponse:
    """Send a command. Of requests with one key, those with the same command are the same."""
    command = Act(what, value, tuple(doors))
    keyed = IdempotencyKey.of(key, "ada", msgspec.json.encode(command)) if key else None
    return handle(DOORS, store, Envelope("doors.act", command, tuple(doors), "ada", AT, key=keyed, **more), render)


def render(result: CommandResult) -> dict[str, Any]:
    """Return the answer's version and state."""
    return {"version": result.head.version, "state": dict(result.head.state), "created": result.created}


def nothing(_: MemoryStore) -> None:
    """Change nothing."""


def by(*steps: tuple[str, str]) -> Callable[[MemoryStore], None]:
    """Return a function that sends commands."""

    def run(store: MemoryStore) -> None:
        for what, value in steps:
            send(store, what, value)

    return run


def failing(**errors: Exception) -> Callable[[MemoryStore], None]:
    """Return a function that makes calls of the store fail."""

    def run(store: MemoryStore) -> None:
        assert isinstance(store, Counted)
        store.errors = errors

    return run


OWN: dict[str, Any] = {"access": Access.OWN, "owner": lambda door: door.owner}
FIRST_VERSION = conditions({"if-match": '"1"'})
assert FIRST_VERSION
MATCHING: dict[str, Any] = {"precondition": FIRST_VERSION.check}
SINCE = {
    "nothing": (("lock", ""), {}, nothing),
    "nothing, and it would be accepted again": (("unlock", ""), {}, nothing),
    "another changed it": (("unlock", ""), {}, by(("lock", ""))),
    "another changed what the request left as it was": (("name", ""), {}, by(("name", "B"))),
    "it was removed": (("lock", ""), {}, by(("remove", ""))),
    "the request removed it": (("remove", ""), {}, nothing),
    "it was removed and hung again": (("name", "A"), {}, by(("remove", ""), ("hang", "bob"))),
    "the request gave it away": (("give", "bob"), OWN, nothing),
    "another gave it away": (("lock", ""), OWN, by(("give", "bob"))),
    "removed, for a caller who may see only its own": (("lock", ""), OWN, by(("remove", ""))),
    "the version of the condition": (("lock", ""), MATCHING, nothing),
    "a name that the request took": (("name", "A"), {}, by(("name", "B"), ("name", "A"))),
    "a fault of the rules": (("crash", ""), {}, nothing),
    "a newer release wrote it": (("lock", ""), {}, failing(load=NewerSchema("a newer release"))),
    "it has grown too large": (("unlock", ""), {}, failing(commit=ItemTooLarge("over 400 KB"))),
    "writes are throttled": (("unlock", ""), {}, failing(commit=Throttled("slowly"))),
    "its partition is throttled": (("unlock", ""), {}, failing(load=Throttled("slowly"))),
    "it cannot be read": (("unlock", ""), {}, failing(load=StoreUnreachable("away"))),
    "all writes lose": (("unlock", ""), {}, failing(commit=LostRace("another was first"))),
}


@pytest.mark.parametrize("since", SINCE)
def test_the_same_request_again(store: Counted, since: str) -> None:
    """It gets the same answer and changes nothing, whatever it would be answered now."""
    (what, value), more, happens = SINCE[since]
    first = send(store, what, value, "k", **more)
    happens(store)
    heads, taken = dict(store.heads), dict(store.claims)
    second = send(store, what, value, "k", **more)
    assert (first.replayed, second.replayed) == (False, True)
    assert second.response == first.response
    assert (store.heads, store.claims) == (heads, taken)


@pytest.mark.parametrize("since", SINCE)
def test_another_request_with_the_key(store: Counted, since: str) -> None:
    """It is told so and changes nothing, whatever it would be answered without the key."""
    (what, value), more, happens = SINCE[since]
    send(store, "name", "C", "k")
    send(store, "name", "")
    happens(store)
    heads = dict(store.heads)
    with pytest.raises(Invalid) as refused:
        send(store, what, value, "k", **more)
    assert refused.value.code == "idempotency-key-reused"
    assert store.heads == heads


def test_new_ids_again(store: Counted) -> None:
    """A repeated request that makes another id gets the first one's answer, and makes nothing."""
    command = Act("hang", "ada", ("door-2",))
    key = IdempotencyKey.of("k", "ada", b"hang a door")
    answers = []
    for id in ("door-2", "door-3"):
        envelope = Envelope("doors.act", msgspec.structs.replace(command, doors=(id,)), (id,), "ada", AT, new_ids=True)
        answers.append(handle(DOORS, store, msgspec.structs.replace(envelope, key=key), render))
    assert [answer.replayed for answer in answers] == [False, True]
    assert store.heads.keys() == {"door-1", "door-2"}


def test_several_again(store: Counted) -> None:
    """The same is true for a command about several aggregates."""
    send(store, "hang", "ada", doors=["door-2"])
    first = send(store, "unlock", "", "k", doors=["door-1", "door-2"])
    send(store, "remove", doors=["door-2"])
    assert send(store, "unlock", "", "k", doors=["door-1", "door-2"]) == CommandResponse(first.response, replayed=True)


def test_an_expired_key(store: Counted, monkeypatch: pytest.MonkeyPatch) -> None:
    """A day later, the request is decided anew."""
    send(store, "lock", "", "k")
    store.kept = {id: kept._replace(expires_at=0) for id, kept in store.kept.items()}
    with pytest.raises(Conflict):
        send(store, "lock", "", "k")


@pytest.mark.parametrize("call", ["load", "look"])
def test_the_store_is_away(store: Counted, call: str) -> None:
    """If it cannot be found out whether the request came before, the answer is 503: the client sends it again."""
    send(store, "lock", "", "k")
    store.errors = {name: StoreUnreachable("away") for name in {call, "look"}}
    with pytest.raises(Unavailable):
        send(store, "lock", "", "k")
    store.errors = {}
    assert send(store, "lock", "", "k").replayed


def test_an_unknown_outcome(store: Counted) -> None:
    """It is told as it is, without another look, for which there may be no time."""
    store.errors = {"commit": OutcomeUnknown("no answer")}
    with pytest.raises(Unavailable) as told:
        send(store, "unlock", "", "k")
    assert (told.value.code, store.calls["look"]) == ("outcome-unknown", 0)


def test_a_first_request_does_not_look_for_its_key(store: Counted) -> None:
    """The condition of the write finds out whether the key was used, so one read and one write are enough."""
    send(store, "lock", "", "k")
    assert store.calls == {"load": 1, "commit": 1}


def test_what_is_new_is_not_loaded(store: Counted) -> None:
    """The condition of the write finds out whether the id is new, so the write is enough."""
    assert send(store, "hang", "ada", "k", ["door-2"], new_ids=True).response["created"]
    assert store.calls == {"commit": 1}


def refusal(store: Counted, what: str, value: str, **more: Any) -> Problem:
    """Return the problem of a command that is refused."""
    with pytest.raises(Problem) as refused:
        send(store, what, value, new_ids=True, **more)
    return refused.value


def test_what_was_thought_new_exists(store: Counted) -> None:
    """It is loaded and decided about again, so the refusal is about what exists."""
    assert refusal(store, "hang", "bob").code == "duplicate"
    assert refusal(store, "hang", "").code == "duplicate"  # not "nameless"
    assert isinstance(refusal(store, "hang", "bob", access=Access.OWN, owner="eve"), NotFound)
    failed = refusal(store, "hang", "bob", precondition=conditions({"if-none-match": "*"}).check)  # type: ignore[union-attr]
    assert isinstance(failed, PreconditionFailed)
    assert store.heads["door-1"].version == 1


def test_what_was_thought_new_is_changed(store: Counted, logged: list[dict[str, Any]]) -> None:
    """A command that may also change what exists does, also what was removed. No race counts as lost."""
    with log.counting("command", {"Service": "doors"}):
        assert send(store, "lock", new_ids=True, **MATCHING).response["version"] == 2
        send(store, "remove")
        again = send(store, "hang", "bob", new_ids=True)
    assert again.response == {"version": 4, "state": {"owner": "bob"}, "created": True}
    assert not logged


def test_what_was_thought_new_and_is_not_written(store: Counted) -> None:
    """Of several ids, one that the command only reads is loaded, since no condition of the write is about it."""

    def like_the_first(_: Command, states: Mapping[str, Door | None]) -> Mapping[str, Sequence[Done]]:
        other = states["door-1"]
        return {"door-2": [Done(what="hang", value=other.owner if other else "nobody")]}

    service = msgspec.structs.replace(DOORS, decide=several(like_the_first))
    envelope = Envelope("doors.act", Act("hang"), ("door-2", "door-1"), "bob", AT, new_ids=True)
    assert handle(service, store, envelope, render).response["state"] == {"owner": "ada"}


def test_a_taken_claim_of_what_is_new(store: Counted) -> None:
    """The store refuses the claim only if the id is new, so nothing has to be loaded before the answer."""
    service = msgspec.structs.replace(
        DOORS, aggregates=(Aggregate("door", Door, evolve, claims=lambda *_: ClaimChange(frozenset({MAIN}))),)
    )
    envelope = Envelope("doors.act", Act("hang", "ada", ("door-2",)), ("door-2",), "ada", AT, new_ids=True)
    store.claims[MAIN.item_id] = ("door-1", "")
    with pytest.raises(Conflict) as refused:
        handle(service, store, envelope, render)
    assert (refused.value.code, store.calls) == ("duplicate", {"commit": 1})
