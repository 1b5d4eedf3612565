"""The API's description as other people's tools read it: a linter, and a generator of clients."""

import os
import subprocess
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from local import ROOT
from tests.support.stack import Stack

Tool = Callable[[str], Path]


@pytest.fixture(scope="module")
def description(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """openapi.json, as the running API gives it."""
    path = tmp_path_factory.mktemp("api") / "openapi.json"
    with urllib.request.urlopen(f"{stack.url}/openapi.json") as answer:
        path.write_bytes(answer.read())
    return path


def run(*command: str | Path) -> str:
    """What a tool prints; it must succeed."""
    env = {**os.environ, "PATH": f"{ROOT}/.venv-api/bin:{os.environ['PATH']}", "REDOCLY_TELEMETRY": "off"}
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, env=env, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_redocly(description: Path, tool: Tool) -> None:
    """redocly's recommended rules find no error and no warning."""
    said = run(tool("node_modules/.bin/redocly"), "lint", description)
    assert "Your API description is valid" in said
    assert "warning" not in said.lower().replace("deprecation warning", "")


def test_generated_client(stack: Stack, description: Path, tool: Tool, tmp_path: Path) -> None:
    """A client is generated without a warning, and an order's journey with it finds the types that it was promised."""
    generator, folder = tool("bin/openapi-python-client"), tmp_path / "client"
    said = run(generator, "generate", "--path", description, "--output-path", folder, "--fail-on-warning")
    assert "warning" not in said.lower()
    run(tool("bin/python"), "-W", "error", ROOT / "tests/api/journey.py", folder, stack.url, stack.token("admin"))
