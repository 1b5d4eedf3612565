"""Every generated file: what it should hold, and whether it does."""

from collections.abc import Mapping
from pathlib import Path

from chalicelib.bootstrap import APIS, FOLDERS, INFO, SERVICES, SETTINGS
from deploy.generate import alarms, checks, clients, data, deployer, rights, template
from deploy.schemas import files as schemas
from deploy.site import llms
from deploy.site.pages import sections

ROOT = Path(__file__).parents[2]


class CannotRead(Exception):
    """A changed type cannot read what earlier releases stored; the message says what to write where."""


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
        "deploy/deployer.yaml": deployer.text(services),
        "pyproject.toml": checks.text(_read(root / "pyproject.toml") or "", FOLDERS, ROOT),
        "llms.txt": llms.text(sections(ROOT)),
        **schemas.made(services),
    }


def check_schemas(root: Path = ROOT) -> None:
    """Hold the declared states and events against schema/.

    Raises:
        CannotRead: see there.
    """
    if faults := schemas.faults(root, list(SERVICES.values())):
        raise CannotRead("\n\n".join(faults))


def stale(root: Path = ROOT) -> list[str]:
    """The paths of those that hold something else, are not there, or belong to no service any more."""
    changed = [path for path, text in made(root).items() if _read(root / path) != text]
    return [*changed, *schemas.orphans(root, SERVICES.values())]


def write(root: Path = ROOT, below: str = "") -> list[str]:
    """Write those that are not current. Returns their paths.

    Args:
        root: of the repository.
        below: the folder in which to write, such as "schema/"; "" for all.

    Raises:
        CannotRead: see there; nothing is written.
    """
    check_schemas(root)
    texts, changed = made(root), [path for path in stale(root) if path.startswith(below)]
    for path in changed:
        if path in texts:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(texts[path], encoding="utf-8")
        else:
            (root / path).unlink()
    _remove_empty_folders(root / schemas.FOLDER)
    return changed


def _remove_empty_folders(folder: Path) -> None:
    for below in folder.glob("*/"):
        if not any(below.iterdir()):
            below.rmdir()


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None
