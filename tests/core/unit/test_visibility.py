"""Members of answers that only some roles see: their names, their removal and their description."""

from typing import Annotated, Any

import pytest
from msgspec import Meta, Struct
from msgspec.structs import replace

from chalicelib.core.access.authentication import Principal
from chalicelib.core.access.permissions import ALL, Permissions
from chalicelib.core.fields import Subject
from chalicelib.core.http.openapi import document
from chalicelib.core.http.visibility import Member, member_at, without
from tests.core.bootstrap import APIS, INFO, PERMISSIONS
from tests.core.domain.transfers.queries import TransferLeg


class Part(Struct):
    """A part of a machine."""

    name: str
    supplier: str | None = None


class Machine(Struct):
    """A machine, its price, its motor and its other parts."""

    cost: int
    motor: Part | None
    parts: Annotated[list[Part], Meta(max_length=9)]


MACHINE = Machine(7, Part("motor", "a"), [Part("x", "b"), Part("y")])


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        ([], {"cost": 7, "motor": {"name": "motor", "supplier": "a"}, "parts": [{"name": "x", "supplier": "b"}]}),
        (["cost", "parts"], {"motor": {"name": "motor", "supplier": "a"}}),
        (["motor.supplier", "parts.supplier"], {"cost": 7, "motor": {"name": "motor"}, "parts": [{"name": "x"}]}),
    ],
)
def test_members_are_left_out(paths: list[str], expected: dict[str, Any]) -> None:
    """Members are left out by their path, through structs and lists, also in each item of a list."""
    machine = Machine(7, Part("motor", "a"), [Part("x", "b")])
    assert without(machine, paths) == expected
    assert without([machine, machine], paths) == [expected, expected]


def test_null_on_the_way() -> None:
    """A missing part has no members to leave out."""
    assert without(Machine(7, None, []), ["motor.supplier"]) == {"cost": 7, "motor": None, "parts": []}


@pytest.mark.parametrize(
    ("path", "member"),
    [
        ("cost", Member(Machine, "cost")),
        ("motor.supplier", Member(Part, "supplier")),
        ("parts.name", Member(Part, "name")),
        ("nope", None),
        ("cost.x", None),
        ("parts.nope", None),
        ("", None),
    ],
)
def test_member_at(path: str, member: Member | None) -> None:
    """A path names a member of a struct, or nothing."""
    assert member_at(Machine, path) == member


def test_who_does_not_see_what() -> None:
    """A row about a member hides it from all roles that it leaves out."""
    table = Permissions(
        {"editor": Subject, "guest": Subject},
        {"machines.get": {"editor": ALL, "guest": ALL}, "machines.get:cost": {"editor": ALL}},
    )
    assert table.unseen("machines.get", Principal("ada", "guest")) == ["cost"]
    assert table.unseen("machines.get", Principal("ada", "editor")) == []
    assert table.unseen("machines.list", Principal("ada", "guest")) == []


def test_a_copy_with_another_table() -> None:
    """It hides what its own table says, and does not change what the first hides."""
    every = {"machines.get": {"editor": ALL, "guest": ALL}}
    open_ = Permissions({"editor": Subject, "guest": Subject}, every)
    closed = replace(open_, table={**every, "machines.get:cost": {"editor": ALL}})
    opened = replace(closed, table=every)
    guest = Principal("ada", "guest")
    assert [table.unseen("machines.get", guest) for table in (open_, closed, opened)] == [[], ["cost"], []]


def test_openapi_says_who_sees_what() -> None:
    """Such a member is described with its roles, and is not required."""
    described = document([e for api in APIS for e in api.endpoints], PERMISSIONS, INFO)["components"]["schemas"]
    leg = described[TransferLeg.__name__]
    assert leg["properties"]["name"]["description"] == "Only for clerk, chief."
    assert "name" not in leg["required"]
    assert "account" in leg["required"]
