"""Each file belongs to the engine, which a project never edits, to the project, or to the example."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy import parts
from local import ROOT

FILES = parts.files(ROOT)
ENGINE = [name for name in FILES if parts.is_engines(name)]
TABLE = re.search(
    r"^\| file or folder \|.*?(?=\n\n|\Z)", (ROOT / "docs/README.md").read_text(), re.MULTILINE | re.DOTALL
)


def rows() -> dict[str, str]:
    """Return the table of docs/README.md: path -> owner. A folder's path ends in /."""
    assert TABLE, "docs/README.md has a table of files and folders"
    cells = [line.strip("|").split("|") for line in TABLE[0].splitlines()[2:]]
    return {path: row[1].strip() for row in cells for path in re.findall(r"`([^`]+)`", row[0])}


def whose(name: str) -> str:
    """Return the owner of a file: that of the table's longest path that contains it."""
    found = [path for path in rows() if name == path or (path.endswith("/") and name.startswith(path))]
    assert found, f"{name} is in no row of docs/README.md's table of files and folders"
    return rows()[max(found, key=len)]


def test_the_table_knows_every_file() -> None:
    """docs/README.md names the same owner of each file as `make new-project` and `make take-engine`."""
    for name in FILES:
        assert not parts.is_engines(name) or whose(name) == "the engine's", name
        assert (
            parts.is_engines(name)
            or name.startswith("events/")
            or whose(name) != "the engine's"
            or (name == parts.CHANGELOG or name.startswith("tests/"))
        ), name


def test_the_table_has_nothing_else() -> None:
    """Every row is about a file that exists, comes with a project, or is made by the tutorial's reader."""
    gone = [path for path in rows() if not (ROOT / path).exists()]
    assert set(gone) <= {parts.LOCK, "docs/tutorial.md", "schema/"}


def test_the_parts_are_there() -> None:
    """Every named part of the engine is in the repository."""
    assert [part for part in parts.ENGINE if not (ROOT / part).exists()] == []


def imported(path: Path) -> Iterator[str]:
    """Return the modules that a file imports, at any place."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("name", [name for name in ENGINE if name.endswith(".py")])
def test_the_engine_imports_nothing_of_a_project(name: str) -> None:
    """The engine imports only bootstrap.py and permissions.py, which every project has."""
    ours = ("chalicelib.", "tests.", "demo.", "bench.", "ops.", "local.", "deploy.")
    wiring = ("chalicelib.bootstrap", "chalicelib.permissions")
    for module in imported(ROOT / name):
        if module.startswith(ours) and not module.startswith(wiring):
            path = module.replace(".", "/")
            places = [f"{path}.py", f"{path}/__init__.py", f"{path.rpartition('/')[0]}.py"]
            places += [f"{path.rpartition('/')[0]}/__init__.py"]
            assert any(parts.is_engines(place) for place in places if (ROOT / place).exists()), module
