"""Which files are the engine's. A project never edits them, and replaces them with a newer engine's.

`make new-project` copies them, and `make take-engine` replaces them. This module imports no service, so it works
in any project.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).parents[1]
LOCK = "engine.lock"
"""In a project: the engine's files as they were taken, path -> SHA-256."""
CHANGELOG = "docs/engine-changelog.md"
"""Where a project has the engine's CHANGELOG.md."""
ENGINE = (
    "LICENSE",
    "app.py",
    "chalicelib/__init__.py",
    "chalicelib/core/",
    "deploy/",
    "docs/",
    "events/authorizer-expired.json",
    "events/authorizer.json",
    "events/check.json",
    "events/deadlines.json",
    "events/jwks.json",
    "events/migrate-on-deploy.json",
    "events/migrate.json",
    "events/query-health.json",
    "local/",
    "ops/",
    "requirements/",
    "requirements-dev.txt",
    "requirements.txt",
    "tests/__init__.py",
    "tests/api/",
    "tests/browser/",
    "tests/conftest.py",
    "tests/core/",
    "tests/deploy/",
    "tests/security/",
    "tests/services/",
    "tests/support/",
)
EXCEPT = (
    "docs/README.md",
    "docs/engine-changelog.md",
    "docs/explanation/from-route-to-row.md",
    "docs/performance.json",
    "docs/performance.md",
    "docs/promises.md",
    "docs/reports/",
    "docs/tour.md",
    "docs/tutorial.md",
)
"""What is not the engine's of its folders."""
_LINK = re.compile(r"\[([^\]]*)\]\(([^)#:\s]+)(#[^)]*)?\)")


def files(root: Path) -> list[str]:
    """Return a repository's files that git tracks or would add; without git, all files that are not generated."""
    listed = subprocess.run(  # nosec B607
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],  # noqa: S607 - git, as PATH has it
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode == 0 and (root / ".git").exists():
        names = [name for name in listed.stdout.split("\0") if name]
    else:
        names = list(_walked(root))
    return sorted(name for name in names if (root / name).is_file())


def _walked(root: Path) -> Iterator[str]:
    for folder, folders, names in os.walk(root):
        place = Path(folder).relative_to(root)
        made = {"__pycache__", "deployments", "deployed"}
        folders[:] = [
            name for name in folders if name not in made and (not name.startswith(".") or name in (".ci", ".chalice"))
        ]
        yield from ((place / name).as_posix() for name in names if not name.endswith(".pyc"))


def engines(root: Path) -> list[str]:
    """Return the engine's files in a repository."""
    return [name for name in files(root) if is_engines(name)]


def is_engines(name: str) -> bool:
    """Return whether a path is one of the engine's files."""
    return _within(name, ENGINE) and not _within(name, EXCEPT)


def _within(name: str, places: Iterable[str]) -> bool:
    return any(name == place or (place.endswith("/") and name.startswith(place)) for place in places)


def copy(source: Path, target: Path) -> dict[str, str]:
    """Copy the engine's files, and return their digests for engine.lock.

    Links in its documents to files that are not copied become plain text.
    """
    names = engines(source)
    for name in names:
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source / name, target / name)
    changelog = source / (CHANGELOG if (source / CHANGELOG).exists() else "CHANGELOG.md")
    shutil.copy(changelog, target / CHANGELOG)
    there = {*names, CHANGELOG, "README.md", "docs/README.md", "CHANGELOG.md"}
    for name in [*names, CHANGELOG]:
        if name.endswith(".md"):
            _unlink(target / name, name, there)
    return {name: digest(target / name) for name in [*names, CHANGELOG]}


def _unlink(path: Path, name: str, there: Iterable[str]) -> None:
    known = set(there) | {f"{parent}" for each in there for parent in Path(each).parents}

    def link(match: re.Match[str]) -> str:
        target = os.path.normpath(Path(name).parent / match[2])
        return match[0] if target in known else match[1]

    path.write_text(_LINK.sub(link, path.read_text(encoding="utf-8")), encoding="utf-8")


def digest(path: Path) -> str:
    """Return the SHA-256 digest of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def lock(root: Path, digests: Mapping[str, str]) -> None:
    """Write engine.lock."""
    (root / LOCK).write_text(json.dumps(dict(sorted(digests.items())), indent=1) + "\n", encoding="utf-8")


def locked(root: Path) -> dict[str, str]:
    """Return the digests in engine.lock.

    Raises:
        FileNotFoundError: there is no such file, so the folder is not a project.
    """
    held: dict[str, str] = json.loads((root / LOCK).read_text(encoding="utf-8"))
    return held


def edited(root: Path) -> list[str]:
    """Return the engine's files that a project has edited."""
    return [name for name, taken in locked(root).items() if not (root / name).exists() or digest(root / name) != taken]
