"""`make new-project` writes a project that works at once, and `make take-engine` brings it a newer engine."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy import parts
from deploy.new_project.write import CannotWrite, write
from deploy.site.stage import MERMAID
from deploy.take_engine import CannotTake, take
from local.ports import free_port
from tests.support.client import Client
from tests.support.copies import link_environments
from tests.support.make import make, making
from tests.support.waiting import COMMAND_SECONDS

pytestmark = [pytest.mark.end_to_end, pytest.mark.slow]

GONE = "docs/adr/0002-domains-share-a-kernel.md"
SERVICE, ROUTE = "support_tickets", "/support-tickets"
# The short form of its suite. The long form is its `make test`.
SHORT = (
    *("chalicelib", "tests/services", "tests/deploy/test_template.py", "tests/deploy/test_makefile.py"),
    *("tests/deploy/test_parts.py", "tests/deploy/test_rights.py", "tests/security/test_matrix.py"),
)


def run(folder: Path, *command: str) -> str:
    """Run a command in that folder, and return its output. It must succeed."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "MAKE"))}
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=COMMAND_SECONDS)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a project that uses this repository's installations instead of those of `make setup`."""
    dest = tmp_path_factory.mktemp("new") / "desk"
    make(parts.ROOT, "new-project", f"DEST={dest}", f"SERVICE={SERVICE}")
    link_environments(dest)
    return dest


def test_it_is_committed(project: Path) -> None:
    """If git is installed, there is a first commit, and nothing outside of it."""
    assert len(run(project, "git", "log", "--oneline").splitlines()) == 1
    assert run(project, "git", "status", "--porcelain") == ""


def test_nothing_of_the_example_is_in_it(project: Path) -> None:
    """The project has neither the example's folders nor, in its own files, the example's words. No link is broken."""
    files = parts.files(project)
    assert not [name for name in files if name.startswith(("demo/", "bench/", "tests/shop/", "docs/reports/"))]
    assert {name.split("/")[1] for name in files if name.startswith("chalicelib/")} == {
        *("__init__.py", "bootstrap.py", "permissions.py", "core", SERVICE)
    }
    for name in ("README.md", "CHANGELOG.md", "docs/README.md"):
        text = (project / name).read_text()
        assert "support tickets" in text or SERVICE in text, name
        assert "make seed" not in text
    for name in (name for name in files if name.endswith(".md")):
        for target in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", (project / name).read_text()):
            assert (project / name).parent.joinpath(target).exists(), f"{name}: {target}"


def test_lint_is_green(project: Path) -> None:
    """All checks pass, and generated files are current."""
    make(project, "lint")


@pytest.fixture
def running(project: Path, tmp_path: Path) -> Iterator[tuple[Client, dict[str, str]]]:
    """Yield a client of staff for `make run` on ports of its own. `make token` has printed its token."""
    ports = {name: free_port() for name in ("API_PORT", "MINISTACK_PORT", "MYSQL_PORT")}
    env = {**{name: str(port) for name, port in ports.items()}, "LOCAL_STATE": str(tmp_path / "state")}
    with making(project, "run", **env) as shows:
        shows("The console is at")
        token = make(project, "-s", "token", "ROLE=staff", **env).strip()
        yield Client(f"http://127.0.0.1:{ports['API_PORT']}", token), env


def test_a_command_and_a_query(project: Path, running: tuple[Client, dict[str, str]]) -> None:
    """A query with a command's token shows what the command wrote, as in the README. The operator's targets work."""
    client, env = running
    added = client.post(ROUTE, {"name": "First"})
    assert added.status == 201, added
    shown = client.get(ROUTE, Consistency_Token=added.headers["consistency-token"], Prefer="wait=10")
    assert [item["name"] for item in shown.json["items"]] == ["First"]
    assert "agree" in make(project, "verify", **env)
    make(project, "rebuild", **env)
    with making(project, "status", **env) as shows:
        shows(SERVICE)


def test_its_documentation(project: Path) -> None:
    """The site has the project's documents, its routes and its states, but no page of the example."""
    if not (project / MERMAID).exists():
        pytest.skip("`make docs-tools` installs what builds the documentation")
    run(project, sys.executable, "-m", "deploy.site")
    site = project / ".site/site"
    assert ROUTE in (site / "reference/routes/index.html").read_text()
    assert SERVICE in (site / "reference/states-and-events/index.html").read_text()
    assert not (site / "tutorial").exists()
    assert "/orders" not in (site / "reference/routes/index.html").read_text()


def test_its_suite_is_green(project: Path) -> None:
    """The short form of the suite passes. The long form is `make test` in the project."""
    said = run(project, sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *SHORT)
    assert re.search(r"[1-9][0-9]* passed", said), said


def test_a_newer_engine_is_taken(project: Path, tmp_path: Path) -> None:
    """The project gets everything that is new. The engine's removed files go, and the project's own files stay."""
    newer, mine = tmp_path / "newer", tmp_path / "desk"
    for name in parts.files(parts.ROOT):
        (newer / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(parts.ROOT / name, newer / name)
    shutil.copytree(project, mine, symlinks=True, ignore=shutil.ignore_patterns("__pycache__", ".*_cache"))
    (newer / "chalicelib/core/times.py").open("a").write('\nNEWER = "planted"\n')
    (newer / "chalicelib/core/planted.py").write_text('"""New in this engine."""\n')
    (newer / GONE).unlink()
    changelog = newer / (parts.CHANGELOG if (newer / parts.CHANGELOG).exists() else "CHANGELOG.md")
    changelog.write_text(changelog.read_text().replace("## [Unreleased]\n", "## [Unreleased]\n\n- A planted change.\n"))
    template = newer / "deploy/generate/templates/template.yaml"
    template.write_text(template.read_text().replace("Description: Verifies tokens.", "Description: Checks tokens."))
    own = mine / "chalicelib" / SERVICE / "own.py"
    own.write_text('"""The project\'s."""\n')

    said = make(mine, "take-engine", f"FROM={newer}")
    assert "- A planted change." in said
    assert "planted" in (mine / "chalicelib/core/times.py").read_text()
    assert (mine / "chalicelib/core/planted.py").exists()
    assert not (mine / GONE).exists()
    assert own.exists()
    assert "Checks tokens." in (mine / "template.yaml").read_text()
    assert parts.edited(mine) == []
    run(mine, sys.executable, "-m", "deploy.generate", "--check")
    run(mine, sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "serverless", *SHORT)


def test_an_engine_that_was_edited_is_not_replaced(project: Path, tmp_path: Path) -> None:
    """The files are named, and nothing is changed, also if a newer engine has a file that the project already has."""
    mine = tmp_path / "desk"
    shutil.copytree(project, mine, symlinks=True, ignore=shutil.ignore_patterns("__pycache__", ".*_cache"))
    edited = mine / "chalicelib/core/times.py"
    before = edited.read_text()
    edited.write_text(before + "\n# mine\n")
    with pytest.raises(CannotTake, match=r"were changed here:\n  chalicelib/core/times.py\nPut them back"):
        take(parts.ROOT, mine)
    assert edited.read_text() == before + "\n# mine\n"
    edited.write_text(before)
    held = parts.locked(mine)
    del held["local/pump.py"]
    parts.lock(mine, held)
    with pytest.raises(CannotTake, match=r"where you have your own; move yours: local/pump.py"):
        take(parts.ROOT, mine)
    (mine / parts.LOCK).unlink()
    with pytest.raises(CannotTake, match="was not made by `make new-project`"):
        take(parts.ROOT, mine)
    with pytest.raises(CannotTake, match="FROM is the project itself"):
        take(parts.ROOT, parts.ROOT)


@pytest.mark.parametrize(
    ("dest", "service", "reason"),
    [
        ("", "tickets", "Say where"),
        ("{root}/inside", "tickets", "inside this repository"),
        ("{tmp}/full", "tickets", "is not empty"),
        ("{tmp}/file", "tickets", "is a file"),
        ("{tmp}/a b", "tickets", "cannot be a project's name"),
        ("{tmp}/desk", "group", "MySQL reserves the word"),
        ("{tmp}/desk", "core", "is there already"),
        ("{tmp}/desk", "", "small letters and digits"),
    ],
)
def test_what_cannot_be_is_refused(tmp_path: Path, dest: str, service: str, reason: str) -> None:
    """A name or folder that cannot be used is refused with its reason, before anything is written."""
    (tmp_path / "full").mkdir()
    (tmp_path / "full/mine").touch()
    (tmp_path / "file").touch()
    with pytest.raises(CannotWrite, match=reason):
        write(dest.format(root=parts.ROOT, tmp=tmp_path), service)
    assert {path.name for path in tmp_path.iterdir()} == {"full", "file"}
    assert not (parts.ROOT / "inside").exists()
