"""`make new-service` writes a service that passes all checks as it is, and can be removed without a trace."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.new_service.naming import BadName, names_of
from tests.support.copies import copy_files
from tests.support.waiting import COMMAND_SECONDS

pytestmark = [pytest.mark.end_to_end, pytest.mark.slow]

NAME = "gift_cards"


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the repository, committed."""
    folder = tmp_path_factory.mktemp("copy") / "repository"
    copy_files(folder)
    run(folder, "git", "init", "-q")
    run(folder, "git", "add", "-A")
    identity = ["-c", "user.name=test", "-c", "user.email=test@example.com"]
    run(folder, "git", *identity, "commit", "-q", "-m", "before")
    return folder


def run(folder: Path, *command: str) -> str:
    """Run a command in the copy, and return its output. It must succeed."""
    env = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull}
    done = subprocess.run(
        command, cwd=folder, env=env, capture_output=True, text=True, timeout=COMMAND_SECONDS, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def python(folder: Path, *arguments: str) -> str:
    """Run a Python module in the copy."""
    return run(folder, sys.executable, "-m", *arguments)


def changed(folder: Path) -> set[str]:
    """Return the files that differ from the commit."""
    listed = run(folder, "git", "status", "--porcelain", "--untracked-files=all").splitlines()
    return {line[3:] for line in listed}


def test_it_is_green_and_goes_without_a_trace(copy: Path) -> None:
    """Checks and tests pass. Outside its folder, only bootstrap.py is edited by hand. Its removal restores the tree."""
    python(copy, "deploy.new_service", NAME)
    outside = {path for path in changed(copy) if not path.startswith(f"chalicelib/{NAME}/")}
    assert "template.yaml" in outside
    python(copy, "ruff", "check", ".")
    python(copy, "ruff", "format", "--check", ".")
    python(copy, "mypy")
    run(copy, str(Path(sys.executable).with_name("lint-imports")))
    python(copy, "deploy.generate", "--check")
    tests = ["chalicelib", "tests/services/test_declarations.py", "tests/services/test_generated.py"]
    python(copy, "pytest", "-q", "-m", "serverless", *tests, "tests/deploy/test_template.py")

    # By hand: the folder, and the line.
    run(copy, "git", "stash", "push", "-q", "--include-untracked", "--", *sorted(outside))
    assert changed(copy) == {path for path in changed(copy) if path.startswith(f"chalicelib/{NAME}/")}
    bootstrap = copy / "chalicelib/bootstrap.py"
    before = bootstrap.read_text()
    bootstrap.write_text(before.replace("FOLDERS = [\n", f'FOLDERS = [\n    "{NAME}",\n'))
    python(copy, "deploy.generate")
    assert {path for path in changed(copy) if not path.startswith(f"chalicelib/{NAME}/")} == outside

    shutil.rmtree(copy / "chalicelib" / NAME)
    bootstrap.write_text(before)
    python(copy, "deploy.generate")
    assert changed(copy) == set()


def test_a_name_is_refused_before_anything_is_written(copy: Path) -> None:
    """The command fails with the reason, and the tree is unchanged."""
    command = [sys.executable, "-m", "deploy.new_service", "group"]
    done = subprocess.run(command, cwd=copy, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.strip() == (
        "Cannot be a service's name: 'group': MySQL reserves the word, and its read table is called so."
    )
    assert changed(copy) == set()


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "small letters and digits"),
        ("Gift-Cards", "small letters and digits"),
        ("a__b", "small letters and digits"),
        ("core", "is there already, and is no service"),
        ("timeline", "has a read table of this name"),
        ("dead_letter", "the templates have a DeadLetterTable already"),
        ("x" * 25, "at most 24 characters"),
        ("events", "Event or EVENTS is a name that its own code uses"),
        ("nones", "None or NONES"),
        ("group", "MySQL reserves the word"),
        ("core", "is there already"),
    ],
)
def test_names_that_cannot_be(name: str, reason: str) -> None:
    """Each name is refused with its reason."""
    with pytest.raises(BadName, match=reason):
        names_of(name)


@pytest.mark.parametrize(
    ("name", "thing", "kind", "route"),
    [
        ("gift_cards", "gift card", "GiftCard", "gift-cards"),
        ("policies", "policy", "Policy", "policies"),
        ("taxes", "tax", "Tax", "taxes"),
        ("a1_b2_cs", "a1 b2 c", "A1B2C", "a1-b2-cs"),
        ("status_of_bus", "status of bus", "StatusOfBus", "status-of-bus"),
    ],
)
def test_forms_of_a_name(name: str, thing: str, kind: str, route: str) -> None:
    """A name may have one word or several, in the plural or not."""
    names = names_of(name)
    assert (names.thing, names.kind, names.route) == (thing, kind, route)
