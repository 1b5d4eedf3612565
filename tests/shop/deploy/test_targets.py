"""The shop's targets of make: those that nothing else runs, in a short form and in a copy of the repository."""

from pathlib import Path

import pytest

from deploy import parts
from local import ROOT
from tests.support.copies import copy_repository
from tests.support.make import make
from tests.support.targets import named, run_by_ci, targets

HERE = "tests/shop/deploy/test_targets.py"


def test_every_target_is_run() -> None:
    """CI runs each target of the shop as a target, perhaps in a short form."""
    assert sorted(targets("Makefile") - run_by_ci()) == []


def test_what_is_named_is_there() -> None:
    """Every target that a document, a message or a docstring names is one that there is."""
    files = [name for name in parts.files(ROOT) if name.endswith((".md", ".py", ".txt")) and name != HERE]
    found = {(target, name) for name in files for target in named((ROOT / name).read_text())}
    assert len(found) > 100
    known = targets("Makefile") | targets("deploy/engine.mk")
    assert sorted((target, name) for target, name in found if target not in known) == []
    planted = "```\nmake seed\n$ make -s token ROLE=staff\n```\nor `make nothing` and make it."
    assert list(named(planted)) == ["seed", "token", "nothing"]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Return a copy of the repository."""
    return copy_repository(tmp_path / "copy")


def documents(root: Path) -> dict[str, str]:
    """Return the text of each document."""
    return {path.relative_to(root).as_posix(): path.read_text() for path in (root / "docs").rglob("*.md")}


@pytest.mark.end_to_end
def test_costs(copy: Path) -> None:
    """What is worked out again is what is committed."""
    make(copy, "costs")
    assert documents(copy) == documents(ROOT)


@pytest.mark.end_to_end
@pytest.mark.usefixtures("own_servers")
def test_bench(copy: Path) -> None:
    """A short benchmark prints its table and writes nothing. tests/shop/bench runs the others."""
    if not (ROOT / ".venv-peers").exists():
        pytest.skip("needs `make bench-tools`")
    assert "orders/s" in make(copy, "bench", "SHORT=1", "ONLY=projector")
    assert documents(copy) == documents(ROOT)
