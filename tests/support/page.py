"""A page of the documentation that a test follows: its commands, its edits and its files.

A console block shows commands after `$ `, each with its output; `…` stands for a part that differs. Any other block
belongs to the file whose name is before it in bold. It is a whole file or, in a `diff` block, places of the file before
and after a change, separated by lines `@@`.
"""

import re
import subprocess
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

_BLOCK = re.compile(
    r"(?:^\*\*(?P<path>[^*\n]+)\*\*\n\n)?^```(?P<kind>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)
_MARK = "--- next ---"


class Command(NamedTuple):
    """A typed line, and its output."""

    line: str
    output: str

    def with_addresses(self, addresses: Mapping[str, str]) -> "Command":
        """Return the command with the addresses of a test's own servers."""
        return Command(_replaced(self.line, addresses), _replaced(self.output, addresses))

    def is_answered_by(self, got: str) -> bool:
        """Return whether the page shows this output. A failed test does not match, unless the page shows one."""
        if "failed" in got and "failed" not in self.output:
            return False
        pattern = ".*?".join(map(re.escape, self.output.rstrip("\n").split("…")))
        return re.fullmatch(pattern, got.rstrip("\n"), re.DOTALL) is not None


class Edit(NamedTuple):
    """Places of a file, each before and after a change."""

    path: str
    places: list[tuple[str, str]]

    def apply(self, root: Path) -> None:
        """Change the file. Each place must be in it once."""
        file = root / self.path
        text = file.read_text()
        for before, after in self.places:
            assert text.count(before) == 1, f"{self.path} has this {text.count(before)} times:\n{before}"
            text = text.replace(before, after)
        file.write_text(text)


class File(NamedTuple):
    """A whole file."""

    path: str
    text: str

    def apply(self, root: Path) -> None:
        """Write the file."""
        (root / self.path).write_text(self.text)


def commands(page: str) -> list[Command]:
    """Return the commands of all console blocks."""
    return [command for block in re.findall(r"```console\n(.*?)```", page, re.DOTALL) for command in _commands(block)]


def steps(page: str) -> Iterator[Command | Edit | File]:
    """Return all steps of a page, in order. Blocks of another kind are not allowed."""
    for block in _BLOCK.finditer(page):
        path, kind, text = block["path"], block["kind"], block["text"]
        if kind == "console":
            yield from _commands(text)
        elif path and kind == "diff":
            yield Edit(path, [_place(place) for place in re.split(r"^@@\n", text, flags=re.MULTILINE)])
        else:
            assert path, f"this block is no console, and names no file:\n{text}"
            yield File(path, text)


def _commands(block: str) -> Iterator[Command]:
    starts = [match.start() for match in re.finditer(r"^\$ ", block, re.MULTILINE)]
    for start, end in pairwise([*starts, len(block)]):
        line, _, output = block[start + 2 : end].partition("\n")
        yield Command(line, output)


def _place(block: str) -> tuple[str, str]:
    lines = block.splitlines(keepends=True)
    assert all(line[0] in " +-" for line in lines), f"a line begins with none of ' ', '+' and '-':\n{block}"
    before = "".join(line[1:] for line in lines if line[0] != "+")
    return before, "".join(line[1:] for line in lines if line[0] != "-")


def _replaced(text: str, addresses: Mapping[str, str]) -> str:
    for shown, own in addresses.items():
        text = text.replace(shown, own)
    return text


class Shell:
    """A shell in which one line is typed after the other. Usable as a context manager."""

    def __init__(self, folder: Path, env: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            ["bash"],
            cwd=folder,
            env=dict(env),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def __enter__(self) -> "Shell":
        return self

    def __exit__(self, *_: object) -> None:
        """End the shell, and everything that it runs in the background."""
        self.run("kill $(jobs -p) 2>/dev/null; wait")
        with self._process as process:
            assert process.stdin
            process.stdin.close()

    def run(self, line: str) -> str:
        """Type a line, and return its output."""
        assert self._process.stdin
        assert self._process.stdout
        # curl ends its output without a line break, so the mark begins with one.
        self._process.stdin.write(f"{line}\nprintf '\\n{_MARK}\\n'\n")
        self._process.stdin.flush()
        lines: list[str] = []
        while (got := self._process.stdout.readline()) != f"{_MARK}\n":
            assert got, f"the shell ended after {lines}"
            lines.append(got)
        return "".join(lines)
