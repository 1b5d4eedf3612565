"""Every generated file: what it should hold, and whether it does."""

from collections.abc import Mapping
from pathlib import Path

from chalicelib.bootstrap import APIS, FOLDERS, INFO, SERVICES, SETTINGS
from deploy.generate import alarms, clients, data, imports, rights, template

ROOT = Path(__file__).parents[2]


def made(root: Path = ROOT) -> Mapping[str, str]:
    """What `make generate` writes: path below the repository's root -> text."""
    services = list(SERVICES.values())
    endpoints = [endpoint for api in APIS for endpoint in api.endpoints]
    return {
        "template.yaml": template.text(services, endpoints, SETTINGS, INFO),
        "infrastructure/data.yaml": data.text(SERVICES),
        "infrastructure/roles.yaml": rights.text(services, endpoints),
        "infrastructure/clients.json": clients.text(services),
        "infrastructure/alarms.yaml": alarms.text(SERVICES),
        "pyproject.toml": imports.text((root / "pyproject.toml").read_text(encoding="utf-8"), FOLDERS),
    }


def stale(root: Path = ROOT) -> list[str]:
    """The paths of those that hold something else, or are not there."""
    return [path for path, text in made(root).items() if _read(root / path) != text]


def write(root: Path = ROOT) -> list[str]:
    """Write those that are not current. Returns their paths."""
    texts, changed = made(root), stale(root)
    for path in changed:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(texts[path], encoding="utf-8")
    return changed


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None
