"""README's walk from route to row: every file and every function that it names is there."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
STOP = re.compile(r"^\d\. .*?(?=^\d\. |\Z)", re.MULTILINE | re.DOTALL)
NAMED_IN = re.compile(r"`([\w.]+)`\s+in\s+`([\w/]+\.py)`")


def walk() -> list[str]:
    """The stops of the walk, a text each."""
    section = (ROOT / "README.md").read_text().partition("\n## How it works\n")[2].partition("\n## ")[0]
    return STOP.findall(section)


def located(stop: str) -> dict[str, Path]:
    """The files of a stop by the paths that README writes. A bare name is in a folder that the stop has named."""
    folders, found = [ROOT, ROOT / "chalicelib"], {}
    for path in re.findall(r"`([\w/]+\.py)`", stop):
        found[path] = next((folder / path for folder in folders if (folder / path).is_file()), ROOT / path)
        folders.append(found[path].parent)
    return found


def defined(file: Path) -> set[str]:
    """The functions and methods of a file: "place", "CommandEndpoint.respond"."""
    names = set()
    for node in ast.parse(file.read_text()).body:
        if isinstance(node, ast.FunctionDef):
            names.add(node.name)
        if isinstance(node, ast.ClassDef):
            names |= {part for each in node.body if isinstance(each, ast.FunctionDef) for part in _names(node, each)}
    return names


def _names(owner: ast.ClassDef, method: ast.FunctionDef) -> tuple[str, str]:
    return method.name, f"{owner.name}.{method.name}"


def test_every_file_is_there() -> None:
    """Eight stops, with more than twenty files between them."""
    stops = walk()
    assert len(stops) == 8
    files = [file for stop in stops for file in located(stop).values()]
    assert len(set(files)) > 20
    assert [file.relative_to(ROOT).as_posix() for file in files if not file.is_file()] == []


def test_every_function_is_there() -> None:
    """Where a function is named in a file, that file defines it."""
    named = [(name, located(stop)[path]) for stop in walk() for name, path in NAMED_IN.findall(stop)]
    assert len(named) >= 10
    assert [(name, file.name) for name, file in named if name not in defined(file)] == []
