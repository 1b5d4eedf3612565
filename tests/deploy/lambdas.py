"""Our functions' packages and sample events, for Lambda's emulator."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from local import ROOT
from tests.support.lambdas import Function, emulator, tool

__all__ = ["EVENTS", "ROOT", "Function", "emulator", "event", "package_for_tests", "tool"]

EVENTS = ROOT / "events"
ENGINES_EVENTS = (
    *("authorizer", "authorizer-expired", "check", "deadlines", "jwks", "migrate", "migrate-on-deploy"),
    "query-health",
)
"""The sample events that are about no service."""


def event(name: str, **replaced: str) -> Any:
    """Return a sample event by its file's name. `replaced` has other texts for those in the event."""
    text = (EVENTS / f"{name}.json").read_text(encoding="utf-8")
    for old, new in replaced.items():
        text = text.replace(old, new)
    return json.loads(text)


def package_for_tests(function: str, target: Path) -> Path:
    """Return a function's package, made as `sam build` makes it, but for the Python that runs the tests."""
    version = ".".join(map(str, sys.version_info[:2]))
    subprocess.run(
        [sys.executable, "-m", "deploy.package", function, target / function],
        cwd=ROOT,
        env={**os.environ, "LAMBDA_PYTHON": version},
        check=True,
    )
    return target / function
