"""The walk from route to row: every file and every function that it names is there."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
WALK = ROOT / "docs/explanation/from-route-to-row.md"
STOP = re.compile(r"^\d\. .*?(?=^\d\. |\Z)", re.MULTILINE | re.DOTALL)
HEAD = re.compile(r"\*\*(.*?)\*\*", re.DOTALL)
NAMED_IN = re.compile(r"`([\w.]+)`\s+in\s+`([\w/]+\.py)`")


def walk() -> list[str]:
    """The stops of the walk, a text each."""
    return STOP.findall(WALK.read_text())


def located(stop: str) -> dict[str, Path]:
    """The files of a stop by the paths that the page writes. A bare name is in a folder that the stop has named."""
    folders, found = [ROOT, ROOT / "chalicelib"], {}
    for path in re.findall(r"`([\w/]+\.py)`", stop):
        found[path] = next((folder / path for folder in folders if (folder / path).is_file()), ROOT / path)
        folders.append(found[path].parent)
    return found


def lines(file: Path) -> dict[str, int]:
    """How long the functions and methods of a file are: "place", "CommandEndpoint.respond"."""
    found = {}
    for node in ast.parse(file.read_text()).body:
        if isinstance(node, ast.FunctionDef):
            found[node.name] = _length(node)
        if isinstance(node, ast.ClassDef):
            methods = [each for each in node.body if isinstance(each, ast.FunctionDef)]
            found |= {f"{node.name}.{each.name}": _length(each) for each in methods}
    return found


def _length(function: ast.FunctionDef) -> int:
    return (function.end_lineno or 0) - function.lineno + 1


def named(stop: str, text: str) -> list[tuple[str, Path]]:
    """The functions that a part of a stop names, each with its file."""
    return [(name, located(stop)[path]) for name, path in NAMED_IN.findall(text)]


def test_every_file_is_there() -> None:
    """Eight stops, with more than twenty files between them."""
    stops = walk()
    assert len(stops) == 8
    files = [file for stop in stops for file in located(stop).values()]
    assert len(set(files)) > 20
    assert [file.relative_to(ROOT).as_posix() for file in files if not file.is_file()] == []


def test_every_function_is_there() -> None:
    """Where a function is named in a file, that file defines it."""
    missing = [(name, file.name) for stop in walk() for name, file in named(stop, stop) if name not in lines(file)]
    assert missing == []


def test_the_walk_is_as_short_as_it_says() -> None:
    """The functions at the heads of the stops are twelve, of about 250 lines together."""
    heads = [(stop, match[1]) for stop in walk() if (match := HEAD.search(stop))]
    functions = [each for stop, head in heads for each in named(stop, head)]
    assert len(functions) == 12
    assert 200 < sum(lines(file)[name] for name, file in functions) < 300


def test_it_is_one_click_away() -> None:
    """The README links to the walk."""
    assert f"]({WALK.relative_to(ROOT).as_posix()})" in (ROOT / "README.md").read_text()
