"""The Makefile names what is there."""

import re
from importlib.util import find_spec
from pathlib import Path

MAKEFILE = (Path(__file__).parents[2] / "Makefile").read_text()


def runs(module: str) -> bool:
    """Whether `python -m module` finds something to run."""
    try:
        found = find_spec(module)
    except ModuleNotFoundError:  # its package is not there
        return False
    package = found is not None and found.submodule_search_locations is not None
    return find_spec(f"{module}.__main__") is not None if package else found is not None


def test_every_module_is_there() -> None:
    """Each `$(PY) -m x.y` can be run."""
    modules = set(re.findall(r"\$\(PY\) -m ([\w.]+)", MAKEFILE))
    assert {"local", "ops", "bench.verify"} <= modules
    assert [module for module in sorted(modules) if not runs(module)] == []
    assert not runs("ops.forgotten")
    assert not runs("forgotten.module")
