"""The assembly of the services from their folders. Errors say what a folder lacks, and what to write where."""

import itertools
from collections.abc import Callable
from pathlib import Path

import pytest

from chalicelib.core.access.permissions import Permissions
from chalicelib.core.assembly import Assembly, assemble
from chalicelib.core.composition_root import HalfWired
from chalicelib.core.fields import Subject
from chalicelib.core.mysql.migration_sets import MigrationSet
from chalicelib.core.operations.api import api as engine
from tests.core.bootstrap import INFO

_numbers = itertools.count(1)
API = """
from chalicelib.core.http.chalice_adapter import Api
from chalicelib.core.fields import Body
api = Api("notes")
class Answer(Body, frozen=True):
    text: str
@api.query("/notes", "notes.get", answer=Answer)
def get(call, cursor):
    "Show it."
"""
SERVICE = """
from chalicelib.core.decider import Event, State
from chalicelib.core.service import Aggregate, Personal, Projection, Row, Rows, Service, Table
class Note(State, frozen=True):
    text: str
class Written(Event, frozen=True):
    text: str
def evolve(state: Note | None, event: Written) -> Note:
    return Note(text=event.text)
NOTES = Table("notes", Row, key=("id",))
kind = Aggregate("note", Note, evolve, personal=Personal(person="id", state=("txt",)))
SERVICE = Service("notes", (kind,), lambda *_: {}, Projection(NOTES, Rows))
"""
PERMISSIONS = """
from chalicelib.core.access.permissions import ALL
PERMISSIONS = {"notes.get": {"staff": ALL}}
"""
Put = Callable[..., Assembly]
ENGINES = {endpoint.name for endpoint in engine.endpoints if endpoint.name}


@pytest.fixture
def put(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Put:
    """Return a function that assembles a package with a folder `notes` that has these modules."""

    def made(folders: tuple[str, ...] = ("notes",), **modules: str) -> Assembly:
        package = f"half_wired_{next(_numbers)}"
        for folder in (tmp_path / package / name for name in folders):
            folder.mkdir(parents=True)
            (folder.parent / "__init__.py").touch()
            for name, text in {"__init__": "", **modules}.items():
                (folder / f"{name}.py").write_text(text)
        monkeypatch.syspath_prepend(tmp_path)
        engine = Permissions({"staff": Subject}, {name: {} for name in ENGINES})
        return assemble(package, folders, engine, MigrationSet("services", tmp_path), INFO)

    return made


def test_a_folder_that_only_reads(put: Put) -> None:
    """Such a folder needs only routes and their permissions."""
    assembly = put(api=API, permissions=PERMISSIONS)
    assert assembly.services == {}
    assert set(assembly.permissions.table) == {"notes.get", *ENGINES}
    assert [migrations.name for migrations in assembly.migrations] == ["core", "services"]


SETTINGS = """
from chalicelib.core.settings import Setting
DAYS_KEPT = Setting("DAYS_KEPT", "30", "[0-9]+", "For how long.", ("queries",))
"""


def test_settings_of_a_folder(put: Put) -> None:
    """The settings are collected. A variable belongs to one folder."""
    assert [setting.name for setting in put(api=API, permissions=PERMISSIONS, settings=SETTINGS).settings] == [
        "DAYS_KEPT"
    ]
    with pytest.raises(HalfWired, match=r"others/settings.py declares DAYS_KEPT, as .*/notes does: give it another"):
        put(api=API, permissions=PERMISSIONS, settings=SETTINGS, folders=("notes", "others"))


@pytest.mark.parametrize(
    ("modules", "expected"),
    [
        ({}, r"half_wired_\d+/notes/api.py is not there: write it, or take 'notes' out of bootstrap.py."),
        ({"api": ""}, r'/notes/api.py has no routes: write `api = Api\("notes"\)` and a function a route.'),
        (
            {"api": API},
            r'GET /notes has no permission: write `"notes.get": {"<role>": ALL},` into PERMISSIONS of '
            r"half_wired_\d+/notes/permissions.py.",
        ),
        (
            {"api": API, "permissions": PERMISSIONS, "service": ""},
            r"/notes/service.py has no SERVICE: write `S",
        ),
        (
            {"api": API, "permissions": PERMISSIONS, "service": SERVICE},
            r"/notes/service.py: Note has no field 'txt'; it has deleted, text: correct `state` of Personal\(",
        ),
    ],
)
def test_what_a_folder_lacks_is_said(put: Put, modules: dict[str, str], expected: str) -> None:
    """There is one line for each fault."""
    with pytest.raises(HalfWired, match=expected) as caught:
        put(**modules)
    assert len(str(caught.value).splitlines()) == 1
