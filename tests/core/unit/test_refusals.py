"""The pipeline's refusals, on a made-up service of notes: items of other owners, and the rules' own refusals."""

from collections.abc import Sequence
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.core.access.permissions import Access
from chalicelib.core.commands.pipeline import CommandResult, Envelope, handle
from chalicelib.core.decider import Command, Event, Missing, Rejected, State, Unacceptable
from chalicelib.core.errors import Fault, Invalid, NotFound, PreconditionFailed
from chalicelib.core.http.preconditions import conditions
from chalicelib.core.service import Aggregate, Projection, Row, Rows, Service, Table, single
from tests.core.memory_store import MemoryStore

AT = "2026-11-23T10:00:00.000Z"


class Note(State, frozen=True):
    """A note and its author."""

    author: str


class Sign(Command, frozen=True):
    """Sign a note. With None, the note has to exist."""

    author: str | None


class Signed(Event, frozen=True):
    """A note was signed."""

    author: str


def decide(command: Sign, state: Note | None) -> Sequence[Event]:
    """Sign a note. Nobody may use the name "taken"."""
    if command.author is None and state is None:
        raise Missing("There is no such note.")
    if command.author == "taken":
        raise Rejected("taken", "Somebody has that name.")
    if command.author == "":
        raise Unacceptable("nameless", "A name has to be given.", faults={("author",): "empty", ("at/by", 1): "x"})
    return [Signed(author=command.author or "nobody")]


class NoteRow(Row, frozen=True):
    """A row of `notes`."""

    id: str


NOTES = Service(
    name="notes",
    aggregates=(Aggregate("note", Note, lambda _, event: Note(author=event.author)),),
    decide=single(decide),
    projection=Projection(Table("notes", NoteRow, key=("id",)), lambda head: Rows(NoteRow(head.id))),
)


def envelope(author: str | None, actor: str, owner: Any, access: Access = Access.OWN) -> Envelope:
    """Return a command about the only note."""
    return Envelope("notes.sign", Sign(author), ("note_1",), actor, AT, access=access, owner=owner)


def render(answer: CommandResult) -> dict[str, Any]:
    """Return only the version."""
    return {"version": answer.head.version}


def author_of(note: Note) -> str:
    """Return the owner of a note."""
    return note.author


@pytest.mark.parametrize("owner", [author_of, "ada"])
def test_the_owner_passes(owner: Any) -> None:
    """With OWN, only the owner may change the item. With ALL, anybody may."""
    store = MemoryStore()
    handle(NOTES, store, envelope("ada", "clerk", owner, Access.ALL), render)
    assert handle(NOTES, store, envelope("ada", "ada", owner), render).response == {"version": 2}
    with pytest.raises(NotFound, match="owns nothing with this id"):
        handle(NOTES, store, envelope("bob", "bob", owner), render)
    assert handle(NOTES, store, envelope("ada", "bob", owner, Access.ALL), render).response == {"version": 3}


def test_what_is_nobodys_is_not_the_callers() -> None:
    """If a command does not name the owner, a role that may see only its own items is refused."""
    store = MemoryStore()
    handle(NOTES, store, envelope("ada", "clerk", None, Access.ALL), render)
    with pytest.raises(NotFound, match="owns nothing with this id"):
        handle(NOTES, store, envelope("ada", "ada", None), render)


def test_foreign_and_absent_are_answered_alike() -> None:
    """A role that may see only its own items learns nothing about others' items, not even that they exist."""
    store, refusals = MemoryStore(), set()
    handle(NOTES, store, envelope("ada", "clerk", None, Access.ALL), render)
    for place in (store, MemoryStore()):
        for condition in (None, conditions({"if-match": '"7"'}), conditions({"if-none-match": "*"})):
            asked = envelope(None, "eve", author_of)
            with pytest.raises(NotFound) as refused:
                handle(NOTES, place, replace(asked, precondition=condition and condition.check), render)
            refusals.add(str(refused.value.as_json(type="x")))
    assert len(refusals) == 1


def test_a_condition_on_what_is_missing() -> None:
    """A missing item is reported as missing under a condition too. A failed condition precedes other refusals."""
    condition = conditions({"if-match": '"7"'})
    assert condition
    asked = replace(envelope(None, "clerk", None, Access.ALL), precondition=condition.check)
    with pytest.raises(NotFound, match="no such note"):
        handle(NOTES, MemoryStore(), asked, render)
    store = MemoryStore()
    handle(NOTES, store, envelope("ada", "clerk", None, Access.ALL), render)
    with pytest.raises(PreconditionFailed):
        handle(NOTES, store, replace(asked, command=Sign("taken")), render)


def test_a_fault_of_a_command_is_told_where_it_is_in_the_body() -> None:
    """The fault has the field's name in the body: the same name, unless the route says otherwise."""
    for in_body, pointer in (({}, "/author"), ({"author": "signed_by"}, "/signed_by")):
        with pytest.raises(Invalid) as caught:
            handle(NOTES, MemoryStore(), replace(envelope("", "ada", None), in_body=in_body), render)
        assert caught.value.faults == (Fault("empty", pointer=pointer), Fault("x", pointer="/at~1by/1"))
