"""Rules between the services: what one of them must not do because of the others."""

import tomllib
from collections import Counter
from importlib import import_module
from pathlib import Path
from typing import Any

from chalicelib.bootstrap import SERVICES
from chalicelib.core.decider import Event

ROOT = Path(__file__).parents[2]
# The folders with routes: the services of bootstrap.py, and those that only read.
SLICES = {f"chalicelib.{path.parent.name}" for path in ROOT.glob("chalicelib/*/api.py")}


def test_an_events_name_tells_whose_it_is() -> None:
    """No two services have an event of the same name, since a timeline may show several services' events together."""
    domains = [import_module(f"chalicelib.{service}.domain") for service in SERVICES]
    names = Counter(
        name
        for domain in domains
        for name, kind in vars(domain).items()
        if isinstance(kind, type) and issubclass(kind, Event) and kind is not Event
    )
    assert len(names) >= len(SERVICES)
    assert [name for name, count in names.items() if count > 1] == []


def contract(name: str) -> dict[str, Any]:
    """A contract of import-linter."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (found,) = [each for each in contracts if each["name"] == name]
    return dict(found)


def test_the_imports_of_every_service_are_checked() -> None:
    """The contracts that name folders name each folder with routes, and no other."""
    assert {f"chalicelib.{service}" for service in SERVICES} <= SLICES
    assert set(contract("A service knows another by what that publishes")["modules"]) == SLICES
    unknown_to_the_core = set(contract("The core knows no service")["forbidden_modules"])
    assert unknown_to_the_core >= SLICES | {"chalicelib.bootstrap", "chalicelib.permissions"}
