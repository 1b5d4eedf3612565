"""`python -m deploy.take_engine PROJECT`, run in the newer engine: replace a project's engine with this one.

`make take-engine FROM=../tributary` in the project calls it. Only the engine's files and generated files change.
"""

# ruff: noqa: T201  # a command line; it starts only the generator

import argparse
import difflib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from deploy import parts


class CannotTake(Exception):
    """Nothing is changed. The message says why, and what to do."""


def take(source: Path, project: Path) -> list[str]:
    """Replace a project's engine, and return the new lines of the engine's changelog.

    Args:
        source: the newer engine's repository.
        project: the folder of the project.

    Raises:
        CannotTake: the project has edited the engine's files, or the folder is not a project.
    """
    _check(source, project)
    old = parts.locked(project)
    before = (project / parts.CHANGELOG).read_text(encoding="utf-8")
    for name in old:
        (project / name).unlink()
    held = parts.copy(source, project)
    parts.lock(project, held)
    _drop_empty_folders(project, old)
    return list(_news(before, (project / parts.CHANGELOG).read_text(encoding="utf-8")))


def _check(source: Path, project: Path) -> None:
    if source.resolve() == project.resolve():
        raise CannotTake("FROM is the project itself: name the folder of a newer engine.")
    if not (project / parts.LOCK).exists():
        raise CannotTake(f"{project} has no {parts.LOCK}: it was not made by `make new-project`.")
    if edited := parts.edited(project):
        listed = "\n  ".join(edited)
        raise CannotTake(
            f"These files are the engine's and were changed here:\n  {listed}\n"
            "Put them back (git checkout), with what you need in files of your own or in the engine itself."
        )
    known = parts.locked(project)
    if own := [name for name in parts.engines(source) if name not in known and (project / name).exists()]:
        raise CannotTake(f"The newer engine brings files where you have your own; move yours: {', '.join(own)}.")


def _drop_empty_folders(project: Path, names: dict[str, str]) -> None:
    folders = {parent for name in names for parent in Path(name).parents if parent != Path()}
    for folder in sorted(folders, key=lambda each: len(each.parts), reverse=True):
        place = project / folder
        if place.is_dir() and not any(child.name != "__pycache__" for child in place.iterdir()):
            for cached in place.glob("__pycache__/*"):
                cached.unlink()
            for child in place.iterdir():
                child.rmdir()
            place.rmdir()


def _news(before: str, after: str) -> Iterator[str]:
    for line in difflib.ndiff(before.splitlines(), after.splitlines()):
        if line.startswith("+ "):
            yield line[2:]


def main() -> int:
    """Replace the engine, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m deploy.take_engine", description=__doc__)
    parser.add_argument("project", type=Path, help="the folder of the project")
    project = parser.parse_args().project.resolve()
    try:
        news = take(parts.ROOT, project)
    except CannotTake as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    print("\n".join(["The engine is taken. New in its changelog:", *(news or ["nothing"])]))
    if subprocess.run([sys.executable, "-m", "deploy.generate"], cwd=project, check=False).returncode:
        print("\nDo what it says, then run `make generate`.", file=sys.stderr)
        return 1
    print("Now run `make test`, look at `git diff`, and commit.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
