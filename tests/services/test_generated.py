"""The repository has the files of `make generate` as they should be, and no lost line stays unnoticed."""

import re
import shutil
from pathlib import Path

import pytest

from chalicelib.bootstrap import FOLDERS
from deploy.generate import files

MADE = files.made()


def test_all_is_current() -> None:
    """The generated files match the declarations. If not, run `make generate`."""
    assert files.stale() == []


# deploy/deployer.yaml names a service only if it declares rights of its own. llms.txt names documents only.
@pytest.mark.parametrize("path", [path for path in MADE if not path.startswith(("schema/", "deploy/", "llms.txt"))])
def test_a_line_that_is_lost_is_seen_and_comes_back(path: str, tmp_path: Path) -> None:
    """If a line about a service is removed, this is noticed."""
    files.write(_copy(tmp_path))
    lines = MADE[path].splitlines(keepends=True)
    about = [index for index, line in enumerate(lines) if _is_about_a_service(path, line)]
    assert about
    for index in about:
        (tmp_path / path).write_text("".join(lines[:index] + lines[index + 1 :]))
        assert files.stale(tmp_path) == [path]
    assert files.write(tmp_path) == [path]
    assert (tmp_path / path).read_text() == MADE[path]


def test_schemas_are_written_with_the_rest(tmp_path: Path) -> None:
    """A lost file is noticed and written again. The files of a service that no longer exists are removed."""
    files.write(_copy(tmp_path))
    first = next(path for path in MADE if path.startswith("schema/"))
    (tmp_path / first).unlink()
    (tmp_path / "schema/gone").mkdir()
    (tmp_path / "schema/gone/thing.1.json").write_text("{}")
    assert files.stale(tmp_path) == [first, "schema/gone/thing.1.json"]
    assert files.write(tmp_path) == [first, "schema/gone/thing.1.json"]
    assert (tmp_path / first).read_text() == MADE[first]
    assert not (tmp_path / "schema/gone").exists()


def _copy(folder: Path) -> Path:
    """Return a folder with the generated files, and with the schemas of earlier versions, which cannot be generated."""
    shutil.copytree(files.ROOT / "schema", folder / "schema")
    (folder / "pyproject.toml").write_text(MADE["pyproject.toml"])
    return folder


def _is_about_a_service(path: str, line: str) -> bool:
    if path == "pyproject.toml":
        return line.strip('" ,\n').removeprefix("chalicelib.") in FOLDERS
    letters = re.sub(r"[^a-z0-9]", "", line.lower())  # SupportTickets, support-tickets, support_tickets
    return path.endswith(".json") or any(name.replace("_", "") in letters for name in FOLDERS)
