"""The Makefile names modules and targets that exist, and CI runs each of its targets."""

import fcntl
import re
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.support.make import make, try_make
from tests.support.targets import run_by_ci, targets

ROOT = Path(__file__).parents[2]
MAKEFILE = "\n".join((ROOT / name).read_text() for name in ("Makefile", "deploy/engine.mk"))


def runs(module: str) -> bool:
    """Return whether `python -m module` finds a module to run."""
    try:
        found = find_spec(module)
    except ModuleNotFoundError:  # its package does not exist
        return False
    package = found is not None and found.submodule_search_locations is not None
    return find_spec(f"{module}.__main__") is not None if package else found is not None


def test_every_module_is_there() -> None:
    """Each `$(PY) -m x.y` can be run."""
    modules = set(re.findall(r"\$\(PY\) -m ([\w.]+)", MAKEFILE))
    assert {"local", "ops", "deploy.generate"} <= modules
    assert [module for module in sorted(modules) if not runs(module)] == []
    assert not runs("ops.forgotten")
    assert not runs("forgotten.module")


def test_help_lists_every_target() -> None:
    """`make help` lists and explains every target that is not a file."""
    listed = re.findall(r"^  (\S+) +\S", make(ROOT, "help"), re.MULTILINE)
    assert sorted(listed) == sorted(targets("Makefile") | targets("deploy/engine.mk"))


def test_every_target_is_run() -> None:
    """CI runs each target of the engine as a target, perhaps in a short form."""
    if not (ROOT / ".ci/run").exists():
        pytest.skip("this project has no .ci/run")
    assert sorted(targets("deploy/engine.mk") - run_by_ci()) == []


def test_reset(tmp_path: Path) -> None:
    """`make reset` removes the stack's data in LOCAL_STATE, but not while the stack runs."""
    folder = tmp_path / "a state"
    (folder / "mariadb").mkdir(parents=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        refused = try_make(ROOT, "reset", LOCAL_STATE=str(folder))
        assert refused.returncode != 0
        assert "stop it first" in refused.stderr
        assert (folder / "mariadb").exists()
    make(ROOT, "reset", LOCAL_STATE=str(folder))
    assert not folder.exists()
    make(ROOT, "reset", f"LOCAL_STATE={folder}")
