"""What an aggregate declares as personal: how it is erased, and which declarations are refused."""

import re
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from chalicelib.core.decider import Event, State
from chalicelib.core.service import ERASED, ITSELF, Aggregate, Claim, ClaimChange, Personal, word_rows


class Badge(msgspec.Struct, frozen=True):
    """What a member may open, which is not personal."""

    door: str
    days: int = 1


class Key(msgspec.Struct, frozen=True, tag=True):
    """A badge of another kind."""

    number: int


class Card(msgspec.Struct, frozen=True, tag=True):
    """A badge of a third kind."""

    door: str


class Member(State, frozen=True):
    """A member, with fields of all types that matter here."""

    name: str
    phones: list[str]
    since: int
    address: dict[str, str | None]
    title: str = ""
    sponsor: str | None = None
    badges: list[Badge] = msgspec.field(default_factory=list)
    best: Badge | None = None
    carried: dict[str, Key | Card] = msgspec.field(default_factory=dict)
    returned: tuple[Badge, ...] = ()
    first_and_last: tuple[Badge, Badge] | None = None


class Joined(Event, frozen=True):
    """Somebody joined."""

    name: str


class Changed(Event, frozen=True):
    """Particulars changed."""

    changes: dict[str, str]
    count: int = 0


class Left(Event, frozen=True):
    """Somebody left."""

    returned: list[Badge] = msgspec.field(default_factory=list)


def evolve(state: Member | None, event: Joined | Changed | Left) -> Member:
    """Not called here."""
    raise NotImplementedError


PERSONAL = Personal(
    person=ITSELF,
    state=("name", "phones", "address", "title", "sponsor"),
    events={Joined: ("name",), Changed: ("changes",)},
    claims=("name",),
)
MEMBER = Aggregate("member", Member, evolve, personal=PERSONAL)
ADA = Member(name="Ada", phones=["1", "2"], since=1843, address={"town": "London", "zip": None})


def test_a_state_without_what_is_personal() -> None:
    """Texts are replaced one by one; numbers, and what is empty, stay."""
    erased = MEMBER.erased(ADA)
    assert erased == Member(
        name=ERASED, phones=[ERASED, ERASED], since=1843, address={"town": ERASED, "zip": None}, title="", sponsor=None
    )
    assert MEMBER.erased(erased) == erased


def test_a_field_that_a_state_no_longer_has() -> None:
    """Nobody knows what an earlier release kept there."""
    assert MEMBER.erased_state({"since": 1843, "nickname": "Countess"}) == {"since": 1843, "nickname": ERASED}


def test_a_field_that_a_part_of_a_state_no_longer_has() -> None:
    """The same goes for the structs in a state and in an event, wherever they are."""
    old, new = {"door": "D-1", "holder": "Ada"}, {"door": "D-1", "holder": ERASED}
    card, key = {"type": "Card", "door": "D-2", "note": "hers"}, {"type": "Key", "number": 7}
    lost = {"type": "Lost", "since": "Monday"}
    assert MEMBER.erased_state({"badges": [old, old], "best": old, "carried": {"a": card, "b": key, "c": lost}}) == {
        "badges": [new, new],
        "best": new,
        "carried": {"a": {**card, "note": ERASED}, "b": key, "c": {"type": ERASED, "since": ERASED}},
    }
    assert MEMBER.erased_events([{"type": "Left", "data": {"returned": [old]}}]) == [
        {"type": "Left", "data": {"returned": [new]}}
    ]


def test_a_field_that_a_part_of_a_tuple_no_longer_has() -> None:
    """A tuple is stored as a list, and is one again in the state."""
    old, new = {"door": "D-1", "holder": "Ada"}, {"door": "D-1", "holder": ERASED}
    assert MEMBER.erased_state({"returned": [old, old], "first_and_last": [old, old]}) == {
        "returned": [new, new],
        "first_and_last": [new, new],
    }
    badge = Badge(door="D-1")
    member = msgspec.structs.replace(ADA, returned=(badge,), first_and_last=(badge, badge))
    assert (MEMBER.erased(member).returned, MEMBER.erased(member).first_and_last) == ((badge,), (badge, badge))


def test_what_is_no_event() -> None:
    """Of what the write side never writes, nobody knows what is personal."""
    stored: list[dict[str, Any]] = [
        {"name": "Ada"},
        {"type": "Left", "data": {}, "by": "Ada"},
        {"type": 7, "data": {"name": "Ada"}},
        {"type": ["Ada"], "data": ["Ada"], "schema_version": "2"},
        {"type": "Left", "schema_version": 2, "name": "Ada"},
    ]
    assert MEMBER.erased_events(stored) == [
        {"data": {}},
        {"type": "Left", "data": {}},
        {"type": ERASED, "data": {"name": ERASED}},
        {"type": ERASED, "data": {}, "schema_version": ERASED},
        {"type": "Left", "schema_version": 2, "data": {}},
    ]


def test_what_is_no_event_in_a_timeline() -> None:
    """It is shown as it was stored, and the rest of the timeline with it."""
    for stored in ({"name": "Ada"}, {"type": ["Ada"]}, {"type": "Left", "schema_version": 0, "data": "Ada"}):
        assert MEMBER.recorded_event("m", stored) is stored


def test_events_without_what_is_personal() -> None:
    """Of an event of an unknown type, everything is erased; so is a field that its type does not have."""
    stored: list[dict[str, Any]] = [
        {"type": "Joined", "data": {"name": "Ada", "phone": "0700 123"}},
        {"type": "Changed", "data": {"changes": {"name": "Ada"}, "count": 1}},
        {"type": "Left", "data": {}},
        {"type": "Renamed", "data": {"to": "Ada", "from": None}},
        {"type": "Left", "data": "Ada"},
    ]
    assert MEMBER.erased_events(stored) == [
        {"type": "Joined", "data": {"name": ERASED, "phone": ERASED}},
        {"type": "Changed", "data": {"changes": {"name": ERASED}, "count": 1}},
        {"type": "Left", "data": {}},
        {"type": "Renamed", "data": {"to": ERASED, "from": None}},
        {"type": "Left", "data": {}},
    ]


def test_what_declares_nothing_stays() -> None:
    """Without a declaration nothing is personal."""
    silent = replace(MEMBER, personal=None)
    assert silent.erased(ADA) is ADA
    assert silent.erased_events([{"type": "Joined", "data": {"name": "Ada"}}])[0]["data"] == {"name": "Ada"}


def test_an_erased_name_is_no_claim() -> None:
    """So that several erased aggregates can exist, whatever their service makes of the text."""
    change = ClaimChange(
        frozenset({Claim("name", ERASED.upper()), Claim("seat", ERASED)}), frozenset({Claim("name", "ada")})
    )
    kind = replace(MEMBER, releases=True, claims=lambda *_: change)
    assert kind.claim_change("m", ADA, ADA, []) == ClaimChange(
        frozenset({Claim("seat", ERASED)}), frozenset({Claim("name", "ada")})
    )


def test_an_erased_name_is_not_found_by_words() -> None:
    """Nobody finds erased people by searching for them."""
    assert word_rows("m", ERASED, "Ada", None) == word_rows("m", "Ada")


def test_a_person_by_id_or_by_field() -> None:
    """An aggregate is a person, or names one."""
    assert PERSONAL.person_of("mem_1", {}) == "mem_1"
    owned = replace(PERSONAL, person="sponsor")
    assert owned.person_of("mem_1", {"sponsor": "usr_1"}) == "usr_1"
    assert owned.person_of("mem_1", {"sponsor": 7}) is None


WHERE = r'Personal\(\.\.\.\) of Aggregate\("member", \.\.\.\)'


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"person": "owner"}, f"Member has no field 'owner': write .*\"id\".* into {WHERE}"),
        ({"state": ("nmae",)}, rf"Member has no field 'nmae'; it has address, .*name.*: correct `state` of {WHERE}"),
        ({"state": ("name", "since")}, "Member.since cannot hold '\\(erased\\)': only text"),
        ({"events": {**PERSONAL.events, Left: ("why",)}}, f"Left has no field 'why'; .* correct `events` of {WHERE}"),
        ({"events": {**PERSONAL.events, Changed: ("count",)}}, "Changed.count cannot hold"),
        ({"events": {Changed: ("changes",)}}, r"Joined has name, .* write `Joined: \('name',\)` into `events`"),
        ({"events": {**PERSONAL.events, Event: ()}}, "Event is no event that `evolve` of member takes"),
    ],
)
def test_what_is_refused(changes: dict[str, Any], expected: str) -> None:
    """Each fault says what to write where."""
    (fault,) = replace(MEMBER, personal=replace(PERSONAL, **changes)).personal_faults()
    assert re.search(expected, fault), fault


def test_what_is_said_of_an_event_that_is_not_personal() -> None:
    """An empty tuple is an answer."""
    assert not list(
        replace(MEMBER, personal=replace(PERSONAL, events={**PERSONAL.events, Joined: ()})).personal_faults()
    )


def test_events_that_are_not_known() -> None:
    """Without an annotation nobody can tell which events hold personal data."""
    (fault, *_) = replace(MEMBER, evolve=lambda state, event: state).personal_faults()
    assert "annotate the second parameter" in fault
