"""All generated files: the text that each should have, and whether it has it."""

from collections.abc import Mapping
from pathlib import Path

from chalicelib.bootstrap import APIS, FOLDERS, INFO, SERVICES, SETTINGS
from deploy.generate import alarms, checks, clients, data, deployer, rights, template
from deploy.schemas import files as schemas
from deploy.site import llms
from deploy.site.pages import sections

ROOT = Path(__file__).parents[2]


class CannotRead(Exception):
    """A changed type cannot read what earlier releases stored. The message says what to declare, and where."""


def made(root: Path = ROOT) -> Mapping[str, str]:
    """Return the files that `make generate` writes: path below the repository's root -> text."""
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
    """Compare the declared states and events with schema/.

    Raises:
        CannotRead: a changed type cannot read what is stored.
    """
    if faults := schemas.faults(root, list(SERVICES.values())):
        raise CannotRead("\n\n".join(faults))


def stale(root: Path = ROOT) -> list[str]:
    """Return the paths of the files that differ, are missing, or belong to a service that no longer exists."""
    changed = [path for path, text in made(root).items() if _read(root / path) != text]
    return [*changed, *schemas.orphans(root, SERVICES.values())]


def write(root: Path = ROOT, below: str = "") -> list[str]:
    """Write the files that are not current, and return their paths.

    Args:
        root: the repository's root.
        below: the folder in which to write, such as "schema/"; "" for all.

    Raises:
        CannotRead: a changed type cannot read what is stored; nothing is written.
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
