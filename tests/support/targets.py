"""The targets of make: those that there are, those that texts name, and those that CI runs."""

import ast
import re
from collections.abc import Iterator, Set

from deploy import parts
from local import ROOT


def targets(makefile: str) -> set[str]:
    """Return the targets of a makefile that are not files."""
    phony = re.findall(r"^\.PHONY: ((?:.*\\\n)*.*)$", (ROOT / makefile).read_text(), re.MULTILINE)
    return {name for names in phony for name in names.replace("\\", " ").split()}


def named(text: str) -> Iterator[str]:
    """Return the targets that a document, a message or a docstring names, as code."""
    for block, span in re.findall(r"```\w*\n(.*?)```|`(make [^`]+)`", text, re.DOTALL):
        yield from re.findall(r"\bmake (?:-s )?([a-z][a-z-]*)", block or span)


def run_by_ci() -> Set[str]:
    """Return the targets that `.ci/run` or a test runs, and those that these need."""
    lines = (ROOT / ".ci/run").read_text().splitlines()
    commands = "\n".join(line for line in lines if not line.lstrip().startswith(("#", "say ")))
    run = set(re.findall(r"\bmake ([a-z][a-z-]*)", commands))
    for name in parts.files(ROOT):
        if "tests/" in name and name.endswith(".py"):
            run |= set(_made((ROOT / name).read_text()))
    makefiles = (ROOT / "deploy/engine.mk").read_text() + (ROOT / "Makefile").read_text()
    for target, needs in re.findall(r"^([a-z-]+): ([a-z -]+) ##", makefiles, re.MULTILINE) * 2:  # what those need, too
        if target in run:
            run |= set(needs.split())
    return run


def _made(test: str) -> Iterator[str]:
    """Return what a test runs by tests/support/make.py."""
    if "tests.support.make " not in test:
        return
    for call in ast.walk(ast.parse(test)):
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") in ("make", "try_make", "making"):
            yield from (str(word.value) for word in call.args if isinstance(word, ast.Constant))
