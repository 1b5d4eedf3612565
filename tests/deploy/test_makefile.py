"""The Makefile names modules and targets that exist."""

import fcntl
import os
import re
import subprocess
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).parents[2]
MAKEFILE = "\n".join((ROOT / name).read_text() for name in ("Makefile", "deploy/engine.mk"))


def make(*arguments: str, **env: str) -> "subprocess.CompletedProcess[str]":
    """Run make without its messages about itself."""
    command = ["make", "--no-print-directory", *arguments]
    return subprocess.run(command, cwd=ROOT, env={**os.environ, **env}, capture_output=True, text=True, check=False)


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
    phony = " ".join(re.findall(r"^\.PHONY: ((?:.*\\\n)*.*)$", MAKEFILE, re.MULTILINE))
    listed = re.findall(r"^  (\S+) +\S", make("help").stdout, re.MULTILINE)
    assert sorted(listed) == sorted(set(phony.replace("\\", " ").split()))


def test_reset(tmp_path: Path) -> None:
    """`make reset` removes the stack's data in LOCAL_STATE, but not while the stack runs."""
    folder = tmp_path / "a state"
    (folder / "mariadb").mkdir(parents=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        refused = make("reset", LOCAL_STATE=str(folder))
        assert refused.returncode != 0
        assert "stop it first" in refused.stderr
        assert (folder / "mariadb").exists()
    assert make("reset", LOCAL_STATE=str(folder)).returncode == 0
    assert not folder.exists()
    assert make("reset", f"LOCAL_STATE={folder}").returncode == 0
