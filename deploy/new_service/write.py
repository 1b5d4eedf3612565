"""Write the folder of a new service, its line in bootstrap.py, and the generated files."""

# ruff: noqa: S603  # starts only ruff and the generator

import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from string import Template

from chalicelib.bootstrap import PERMISSIONS
from chalicelib.core.access.permissions import Access
from deploy.new_service.naming import FOLDER, ROOT, BadName, Names

_BOOTSTRAP = ROOT / "chalicelib" / "bootstrap.py"
_END_OF_FOLDERS = "\n]\n"
# The statuses of a route for callers who may use it: if the item exists, and if it does not.
_FOUND = {
    "add": ("201", "-"),
    "change": ("200", "404"),
    "remove": ("200", "404"),
    "list": ("200", "-"),
    "get": ("200", "404"),
    "timeline": ("200", "404"),
}


def write(names: Names) -> Path:
    """Write the service, and return its folder.

    Raises:
        BadName: bootstrap.py has no list FOLDERS with one folder on each line.
    """
    bootstrap = _BOOTSTRAP.read_text(encoding="utf-8")
    begin = bootstrap.find("FOLDERS = [\n")
    end = bootstrap.find(_END_OF_FOLDERS, begin)
    if begin < 0 or end < 0:
        raise BadName("chalicelib/bootstrap.py has no `FOLDERS = [` with a line a service; write it so")
    target = ROOT / "chalicelib" / names.service
    values = values_of(names)
    for source in sorted(FOLDER.rglob("*.txt")):
        path = target / _filled(source.relative_to(FOLDER).as_posix().removesuffix(".txt"), values)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_filled(source.read_text(encoding="utf-8"), values), encoding="utf-8")
    _BOOTSTRAP.write_text(f'{bootstrap[:end]}\n    "{names.service}",{bootstrap[end:]}', encoding="utf-8")
    # A process of its own, since this one has imported the old list of services.
    subprocess.run([sys.executable, "-m", "deploy.generate"], cwd=ROOT, check=True)
    # In a new project, the line length becomes known only now, from the generated pyproject.toml.
    _ruff("check", "--fix", "--quiet", "--select", "I", target)
    _ruff("format", "--quiet", target)
    return target


def values_of(names: Names) -> Mapping[str, str]:
    """Return the values of the placeholders in the folder's templates."""
    article = "an" if names.thing[0] in "aeiou" else "a"
    return {
        "service": names.service,
        "words": names.words,
        "thing": names.thing,
        "a_thing": f"{article} {names.thing}",
        "thing_name": names.identifier,
        "Thing": names.kind,
        "TABLE": names.service.upper(),
        "route": names.route,
        "prefix": names.prefix,
        "roles": ", ".join(f'"{role}": ALL' for role in _roles()),
        "trusted": _roles()[-1],
        "matrix": _matrix(names.service),
    }


def _matrix(service: str) -> str:
    """Return the table of tests/matrix.md: a row for each route, two columns for each role (item exists, or not)."""
    columns, let = list(PERMISSIONS.roles), _roles()
    head = ["route", "no token", *(f"{role}{case}" for role in columns for case in ("", ", none"))]
    rows = [[f"{service}.{route}", "401", *_statuses(columns, let, *found)] for route, found in _FOUND.items()]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, ["---"] * len(head), *rows))


def _statuses(roles: Iterable[str], let: Iterable[str], good: str, none: str) -> Iterator[str]:
    for role in roles:
        yield good if role in let else "403"
        yield none if role in let or none == "-" else "403"


def _roles() -> list[str]:
    """Return the roles without any access limited to their own items, or all roles if there are none."""
    own_only = {role for row in PERMISSIONS.table.values() for role, access in row.items() if access is Access.OWN}
    return [role for role in PERMISSIONS.roles if role not in own_only] or list(PERMISSIONS.roles)


def _filled(text: str, values: Mapping[str, str]) -> str:
    return Template(text).substitute(values)


def _ruff(*arguments: str | Path) -> None:
    subprocess.run([sys.executable, "-m", "ruff", *arguments], cwd=ROOT, check=True)
