"""Fetch the pages' libraries again: `python -m deploy.vendor` fetches them, `--check` only compares the files.

Each folder `vendor` in chalicelib/core/console has a packages.json. It lists packages of the npm registry with their
versions, the files that are kept and their names, the fetched package's integrity, and a digest of each file. Files
are not changed. To take a newer version, change the version in packages.json and run this.
"""

# ruff: noqa: S603  # a command line; it starts only npm

import argparse
import base64
import hashlib
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

CONSOLE = Path(__file__).parent.parent / "chalicelib" / "core" / "console"
LISTS = tuple(sorted(CONSOLE.rglob("packages.json")))


class CannotFetch(Exception):
    """A package differs from the recorded one, or cannot be fetched. The message says which."""


def faults(listed: Path) -> Iterator[str]:
    """Return the files that differ from the fetched ones, are missing, or belong to no package."""
    packages: Mapping[str, Any] = json.loads(listed.read_text(encoding="utf-8"))
    known = {listed.name}
    for package in packages.values():
        for name, digest in package.get("sha256", {}).items():
            known.add(name)
            file = listed.parent / name
            if not file.exists():
                yield f"{name} is missing"
            elif hashlib.sha256(file.read_bytes()).hexdigest() != digest:
                yield f"{name} was changed"
        if missing := package["files"].keys() - package.get("sha256", {}).keys():
            yield f"{', '.join(sorted(missing))}: not fetched"
    yield from (f"{file.name} belongs to no package" for file in _files(listed.parent) if file.name not in known)


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.iterdir() if path.is_file())


def fetch(listed: Path) -> None:
    """Fetch every package of a list, and record what was fetched.

    Raises:
        CannotFetch: npm cannot fetch a package, or its contents differ from those recorded for this version.
    """
    packages: dict[str, Any] = json.loads(listed.read_text(encoding="utf-8"))
    for name, package in packages.items():
        with tempfile.TemporaryDirectory() as folder:
            archive = _archive(f"{name}@{package['version']}", Path(folder))
            integrity = "sha512-" + base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
            before = package.get("integrity", {"version": "", "hash": ""})
            if before["version"] == package["version"] and before["hash"] != integrity:
                raise CannotFetch(f"{name}@{package['version']} is not what it was: {integrity}")
            package["integrity"] = {"version": package["version"], "hash": integrity}
            package["sha256"] = dict(_extract(archive, package["files"], listed.parent))
    listed.write_text(json.dumps(packages, indent=2) + "\n", encoding="utf-8")


def _archive(spec: str, folder: Path) -> Path:
    npm = shutil.which("npm")
    if not npm:
        raise CannotFetch("npm is not installed; it fetches the packages")
    packed = subprocess.run([npm, "pack", "--silent", spec], cwd=folder, capture_output=True, text=True, check=False)
    if packed.returncode:
        raise CannotFetch(f"npm cannot fetch {spec}: {packed.stderr.strip()}")
    return next(folder.glob("*.tgz"))


def _extract(archive: Path, files: Mapping[str, str], target: Path) -> Iterator[tuple[str, str]]:
    """Write the files, and yield each file's name and digest."""
    with tarfile.open(archive) as package:
        for name, source in files.items():
            member = package.extractfile(f"package/{source}")
            if member is None:
                raise CannotFetch(f"{archive.name} has no file {source}")
            content = member.read()
            (target / name).write_bytes(content)
            yield name, hashlib.sha256(content).hexdigest()


def main() -> int:
    """Fetch or compare, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m deploy.vendor", description=__doc__)
    parser.add_argument("--check", action="store_true", help="fetch nothing; fail where a file differs")
    try:
        if not parser.parse_args().check:
            for listed in LISTS:
                fetch(listed)
        found = [f"{listed.parent.name}/{fault}" for listed in LISTS for fault in faults(listed)]
    except CannotFetch as error:
        found = [str(error)]
    print("\n".join(found) or "All files are as their packages have them.", file=sys.stderr if found else sys.stdout)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
