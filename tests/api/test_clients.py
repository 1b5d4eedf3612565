"""The API's description in other people's tools: a linter, and a generator of clients."""

import os
import subprocess
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from local import ROOT
from tests.core.domain.roles import CHIEF
from tests.support.domain import NEUTRAL, Domain
from tests.support.stack import Stack
from tests.support.waiting import COMMAND_SECONDS

Tool = Callable[[str], Path]


@pytest.fixture(scope="module")
def description(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return openapi.json of the running API of the repository's own services."""
    return described(stack, tmp_path_factory.mktemp("api"))


def described(stack: Stack, folder: Path) -> Path:
    """Write openapi.json of a stack to a file, and return its path."""
    path = folder / "openapi.json"
    with urllib.request.urlopen(f"{stack.url}/openapi.json") as answer:
        path.write_bytes(answer.read())
    return path


def run(*command: str | Path) -> str:
    """Return a tool's output. It must succeed."""
    env = {**os.environ, "PATH": f"{ROOT}/.venv-api/bin:{os.environ['PATH']}", "REDOCLY_TELEMETRY": "off"}
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, env=env, timeout=COMMAND_SECONDS)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_redocly(description: Path, tool: Tool) -> None:
    """The recommended rules of redocly find no error and no warning."""
    said = run(tool("node_modules/.bin/redocly"), "lint", description)
    assert "Your API description is valid" in said
    assert "warning" not in said.lower().replace("deprecation warning", "")


def generated(tool: Tool, description: Path, folder: Path) -> Path:
    """Return a client that was generated without a warning."""
    generator = tool("bin/openapi-python-client")
    said = run(generator, "generate", "--path", description, "--output-path", folder, "--fail-on-warning")
    assert "warning" not in said.lower()
    return folder


def test_generated_client(description: Path, tool: Tool, tmp_path: Path) -> None:
    """A client of the repository's own services is generated without a warning, and all of it can be imported."""
    folder = generated(tool, description, tmp_path / "client")
    modules = [path.relative_to(folder).with_suffix("").parts for path in folder.rglob("*_client/**/*.py")]
    names = [".".join(parts) for parts in modules if parts[-1] != "__init__"]
    assert names
    imports = f"import sys; sys.path.insert(0, {str(folder)!r}); import {', '.join(names)}"
    run(tool("bin/python"), "-W", "error", "-c", imports)


def test_a_journey_with_a_generated_client(stacks: Callable[[Domain], Stack], tool: Tool, tmp_path: Path) -> None:
    """In a transfer's journey, every answer has the promised type."""
    stack = stacks(NEUTRAL)
    folder = generated(tool, described(stack, tmp_path), tmp_path / "client")
    run(tool("bin/python"), "-W", "error", ROOT / "tests/api/journey.py", folder, stack.url, stack.token(CHIEF))
