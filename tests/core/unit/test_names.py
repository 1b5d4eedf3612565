"""No two modules of the core define the same public name."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

CORE = Path(__file__).parent.parent.parent.parent / "chalicelib/core"
# Read with the name of their module, as in `log.set_up()` and `timeline.TABLE`. A segment
# of a trace has the name of the function that it is about.
QUALIFIED = {"set_up", "TABLE", "UPSERT", "SEGMENT"}


def defined(module: Path) -> Iterator[str]:
    """Return the public names that a module defines, without type variables."""
    for node in ast.parse(module.read_text(encoding="utf-8")).body:
        match node:
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name):
                yield name
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if not _is_type_variable(value):
                yield name
            case ast.AnnAssign(target=ast.Name(id=name)):
                yield name


def _is_type_variable(value: ast.expr) -> bool:
    return isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "TypeVar"


def test_every_name_means_one_thing() -> None:
    """Only a route's function may have the name of the function that it calls."""
    places = defaultdict(list)
    for module in sorted(CORE.rglob("*.py")):
        if module.name not in ("__init__.py", "api.py"):
            for name in defined(module):
                places[name].append(module.relative_to(CORE).as_posix())
    twice = {name: where for name, where in places.items() if len(where) > 1 and not name.startswith("_")}
    assert {name: where for name, where in twice.items() if name not in QUALIFIED} == {}
    assert set(twice) == QUALIFIED
