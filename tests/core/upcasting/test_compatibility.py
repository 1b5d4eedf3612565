"""The changes of a type that can read stored data, and the messages about the others."""

from typing import Annotated, Any, Literal, NamedTuple

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Meta

from chalicelib.core.decider import State
from deploy.schemas.compatibility import breaks
from deploy.schemas.documents import schema_of

NO = object()


class Point(msgspec.Struct):
    """A struct in a state."""

    x: int


class WiderPoint(msgspec.Struct):
    """The same struct, later."""

    x: int
    y: int = 0


class OtherPoint(msgspec.Struct):
    """The same struct with a field that was not stored."""

    x: int
    z: int


class Tree(msgspec.Struct):
    """A struct that contains itself."""

    value: int
    below: "list[Tree]" = []


class Forest(msgspec.Struct):
    """The same struct with another type of value."""

    value: str
    below: "list[Forest]" = []


class Circle(msgspec.Struct, tag=True):
    """One of two shapes."""

    radius: int


class Square(msgspec.Struct, tag=True):
    """The other."""

    side: int


class Change(NamedTuple):
    """A type and its default, before and after. The default is NO if there is none."""

    before: Any
    after: Any
    before_default: Any = NO
    after_default: Any = NO


def state(kind: Any, default: Any = NO) -> type[State]:
    """Return a state with one field `f`, or none if the type is NO."""
    field = () if kind is NO else ((("f", kind),) if default is NO else (("f", kind, default),))
    return msgspec.defstruct("Thing", field, bases=(State,), frozen=True, kw_only=True)  # type: ignore[return-value]


def broken(change: Change) -> list[str]:
    """Return what the change breaks."""
    before, after = state(change.before, change.before_default), state(change.after, change.after_default)
    return breaks(schema_of(before, {"deleted"}), schema_of(after, {"deleted"}))


@pytest.mark.parametrize(
    "change",
    [
        Change(int, int),
        Change(NO, int, after_default=0),
        Change(NO, str | None, after_default=None),
        Change(int, int | None),
        Change(int, int | str),
        Change(int, float),
        Change(int, Any),
        Change(Literal["a"], Literal["a", "b"]),
        Change(Literal["a"], str),
        Change(Literal[1, 2], int),
        Change(Annotated[int, Meta(ge=1)], int),
        Change(Annotated[int, Meta(ge=1, le=5)], Annotated[int, Meta(ge=0, le=6)]),
        Change(Annotated[str, Meta(max_length=5)], Annotated[str, Meta(max_length=6)]),
        Change(Annotated[str, Meta(pattern="^a$")], str),
        Change(list[int], list[int | None]),
        Change(dict[str, int], dict[str, int | None]),
        Change(tuple[int, str], tuple[int, str | None]),
        Change(Point, WiderPoint),
        Change(list[Point], list[WiderPoint]),
        Change(Tree, Tree),
        Change(Circle, Circle | Square),
        Change(int | None, int | None, before_default=None, after_default=None),
        Change(int, int, before_default=0, after_default=0),
    ],
)
def test_what_can_be_read(change: Change) -> None:
    """Nothing has to be declared."""
    assert broken(change) == []


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (Change(NO, int), "`f` is new and has no default"),
        (Change(int, NO), "`f` is gone"),
        (Change(int, int, before_default=0), "`f` has no default any more"),
        (
            Change(int, int, before_default=0, after_default=1),
            "the default of `f` was 0 and is 1; where it was equal, it was not stored",
        ),
        (Change(int, str), "`f` was an integer and is a string"),
        (Change(float, int), "`f` was a number and is an integer"),
        (Change(Any, int), "`f` was anything and is an integer"),
        (Change(int | None, int), "`f` could be null and can be that no more"),
        (Change(int | str, int), "`f` could be a string and can be that no more"),
        (Change(Literal["a", "b"], Literal["b"]), "`f` can be 'a' no more"),
        (Change(str, Literal["a"]), "`f` was a string and is one of 'a'"),
        (Change(Literal["a"], int), "`f` was one of 'a' and is an integer"),
        (Change(Literal["a"], Annotated[str, Meta(max_length=1)]), "`f` has a limit, maxLength, that it had not"),
        (Change(int, Annotated[int, Meta(ge=1)]), "`f` is narrower: minimum was unlimited and is 1"),
        (
            Change(Annotated[str, Meta(max_length=5)], Annotated[str, Meta(max_length=4)]),
            "`f` is narrower: maxLength was 5 and is 4",
        ),
        (
            Change(list[int], Annotated[list[int], Meta(max_length=4)]),
            "`f` is narrower: maxItems was unlimited and is 4",
        ),
        (
            Change(str, Annotated[str, Meta(pattern="^a$")]),
            "`f` has another pattern, and what was stored may not fit it",
        ),
        (Change(list[int], list[str]), "`f[]` was an integer and is a string"),
        (Change(list, list[str]), "`f[]` could be anything and is limited now"),
        (Change(dict[str, int], dict[str, str]), "`f{}` was an integer and is a string"),
        (Change(dict[str, int], Point), "`f` was a map and is a struct"),
        (Change(tuple[int, str], tuple[int, str, int]), "`f` had 2 elements and has 3"),
        (Change(tuple[int, str], tuple[str, str]), "`f[0]` was an integer and is a string"),
        (Change(list[Point], list[OtherPoint]), "`f[].z` is new and has no default"),
        (Change(Point | None, OtherPoint | None), "`f.z` is new and has no default"),
        (Change(Tree, Forest), "`f.value` was an integer and is a string"),
        (Change(Circle | Square, Circle), "`f.type` can be 'Square' no more"),
    ],
)
def test_what_cannot_be_read(change: Change, why: str) -> None:
    """The field and the fault are named."""
    assert any(found.startswith(why) for found in broken(change)), broken(change)


KINDS = st.recursive(
    st.sampled_from([int, str, bool, type(None), Literal["a", "b"], Literal["a"], Literal["b", "c"], Literal[1, 2]])
    | st.builds(lambda low, more: Annotated[int, Meta(ge=low, le=low + more)], st.integers(-2, 2), st.integers(0, 4))
    | st.builds(lambda most: Annotated[str, Meta(max_length=most)], st.integers(0, 3)),
    lambda inner: (
        st.builds(lambda kind: list[kind], inner)  # type: ignore[valid-type]
        | st.builds(lambda kind: dict[str, kind], inner)  # type: ignore[valid-type]
        | st.builds(lambda kind: kind | None, st.sampled_from([int, str, bool]))
        | st.builds(lambda kind, other: tuple[kind, other], inner, inner)
    ),  # type: ignore[valid-type]
    max_leaves=3,
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 9) | st.sampled_from(["", "a", "b", "c", "long text"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("xy"), inner, max_size=2),
    max_leaves=4,
)


@settings(max_examples=500, deadline=None)
@given(KINDS, KINDS, VALUES)
def test_what_is_let_through_is_read(before: Any, after: Any, value: Any) -> None:
    """A type that breaks nothing reads everything that an earlier type stored."""
    try:
        msgspec.convert({"f": value}, state(before))
    except msgspec.ValidationError:
        return  # no such value was ever stored
    if broken(Change(before, after)) == []:
        assert msgspec.convert({"f": value}, state(after))
