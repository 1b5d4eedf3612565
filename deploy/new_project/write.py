"""The files of a new project: the engine's as they are, the project's from files/, and one generated service."""

# ruff: noqa: S603  # starts only the generators and git

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from string import Template

from chalicelib.core.http.endpoint import OperatorEndpoint
from chalicelib.core.operations.api import api as engine
from deploy import parts

FILES = Path(__file__).parent / "files"
# A project gets copies of these files, and they are its own from then on.
BEGUN = (".chalice/config.json", ".ci/run", ".github/workflows/ci.yml", ".gitignore", "samconfig.toml")
_ALL, _ADMIN = '"staff": ALL, "admin": ALL', '"admin": ALL'
_TABLE = re.compile(r"^\| file or folder \|.*?(?=\n\n)", re.MULTILINE | re.DOTALL)


class CannotWrite(Exception):
    """Nothing is written. The message says why."""


def write(dest: str, service: str) -> Path:
    """Write a project, and return its folder.

    Args:
        dest: the folder; it must be missing or empty.
        service: the name of its first service: "tickets".

    Raises:
        CannotWrite: the folder or the name cannot be used.
    """
    target = _target(dest)
    with tempfile.TemporaryDirectory(prefix="new-project-") as place:
        folder = Path(place) / target.name
        folder.mkdir()
        held = parts.copy(parts.ROOT, folder)
        _write_own(folder, service)
        _generate(folder, service)
        parts.lock(folder, held)
        shutil.copytree(folder, target, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__", ".ruff_cache"))
    _commit(target)
    return target


def _target(dest: str) -> Path:
    """Return the folder if it can be used.

    Raises:
        CannotWrite: it cannot be used.
    """
    if not dest:
        raise CannotWrite("Say where: make new-project DEST=../desk SERVICE=tickets")
    target = Path(dest).expanduser().resolve()
    if target.exists() and not target.is_dir():
        raise CannotWrite(f"{target} is a file; name a folder that is not there.")
    if target.exists() and any(target.iterdir()):
        raise CannotWrite(f"{target} is not empty; name a folder that is not there.")
    if target.is_relative_to(parts.ROOT):
        raise CannotWrite(f"{target} is inside this repository; name a folder outside of it, such as ../desk.")
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9-]{0,39}", target.name):
        raise CannotWrite(
            f"{target.name!r} cannot be a project's name, of which stacks and tables are named: at most 40 letters,"
            " digits and hyphens, a letter first."
        )
    return target


def values_of(name: str, service: str) -> Mapping[str, str]:
    """Return the values of the templates' placeholders."""
    words = service.replace("_", " ")
    return {
        "name": name.lower(),
        "Title": name.replace("-", " ").capitalize(),
        "service": service,
        "words": words,
        "route": service.replace("_", "-"),
        "table": _table(),
        "engine_rows": "\n".join(
            f'        "{route.name}": {{{_ADMIN if isinstance(route, OperatorEndpoint) else _ALL}}},'
            for route in engine.endpoints
            if route.name
        ),
    }


def _table() -> str:
    """Return the table of the files that a project has."""
    found = _TABLE.search((parts.ROOT / "docs/README.md").read_text(encoding="utf-8"))
    if not found:
        raise CannotWrite("docs/README.md has no table of files and folders to take along.")
    lines = found[0].splitlines()
    return "\n".join(line for line in lines if "the example's" not in line)


def _write_own(folder: Path, service: str) -> None:
    values = values_of(folder.name, service)
    for name in BEGUN:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(parts.ROOT / name, folder / name)
    samconfig = folder / "samconfig.toml"
    text = samconfig.read_text(encoding="utf-8")
    text = re.sub(r'(stack_name = )"[a-z0-9-]+?-(dev|data)"', rf'\1"{values["name"]}-\2"', text)
    samconfig.write_text(text, encoding="utf-8")
    for source in sorted(FILES.rglob("*.txt")):
        path = folder / source.relative_to(FILES).as_posix().removesuffix(".txt")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(Template(source.read_text(encoding="utf-8")).substitute(values), encoding="utf-8")


def _generate(folder: Path, service: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "deploy.new_service", service], cwd=folder, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise CannotWrite(done.stderr.strip() or done.stdout.strip())


def _commit(folder: Path) -> None:
    """Make a first commit if git is installed."""
    git = shutil.which("git")
    if not git:
        return
    identity = []
    if subprocess.run([git, "config", "user.email"], cwd=folder, capture_output=True, check=False).returncode:
        identity = ["-c", "user.name=new-project", "-c", "user.email=new-project@localhost"]
    subprocess.run([git, "init", "--quiet", "--initial-branch=main"], cwd=folder, check=True)
    subprocess.run([git, "add", "--all"], cwd=folder, check=True)
    message = "feat: a project of its own, made by make new-project"
    subprocess.run([git, *identity, "commit", "--quiet", "--no-verify", "-m", message], cwd=folder, check=True)
