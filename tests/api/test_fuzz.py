"""schemathesis calls every route, with what its description allows and with what it does not, as every role.

FUZZ_CASES=10000 (`make fuzz`) is the least number of cases over all routes and roles. By default, there are a few for
each route.
"""

import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from local import ROOT
from tests.support.domain import OWN
from tests.support.routes import routes, subject_of
from tests.support.stack import Stack
from tests.support.waiting import COMMAND_SECONDS

CASES = int(os.environ.get("FUZZ_CASES", "0"))
HOOKS = ROOT / "tests/api/hooks.py"
# First for all routes, then for those of the services, in a file of their own.
CONFIGS = [ROOT / "tests/api/schemathesis.toml", *sorted(ROOT.glob("tests/[!a]*/schemathesis.toml"))]
ROLES = list(OWN.permissions.roles)
EXAMPLES = max(3, -(-CASES // (len(routes(OWN)) * len(ROLES))))


@pytest.mark.parametrize("role", ROLES)
def test_schemathesis(stack: Stack, tool: Callable[[str], Path], role: str, tmp_path: Path) -> None:
    """No answer is a 500, undescribed, or unlike its description. Bad data are refused, and good data are accepted."""
    token = stack.token(role, subject_of(role, OWN.permissions))
    config = tmp_path / "schemathesis.toml"
    config.write_text("\n".join(path.read_text() for path in CONFIGS))
    command = [
        *(tool("bin/schemathesis"), "--config-file", config, "run", f"{stack.url}/openapi.json"),
        *("--checks", "all", "--mode", "all", "--max-examples", str(EXAMPLES), "--continue-on-failure"),
        *("--phases", "examples,coverage,fuzzing,stateful" if CASES else "examples,fuzzing"),
        *("--header", f"Authorization: Bearer {token}", "--no-color", "--warnings", "off"),
        *("--generation-database", "none", "--suppress-health-check", "all"),
    ]
    env = {**os.environ, "SCHEMATHESIS_HOOKS": str(HOOKS)}
    done = subprocess.run(
        list(map(str, command)), capture_output=True, text=True, cwd=tmp_path, env=env, timeout=COMMAND_SECONDS
    )
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-5_000:]
    print(re.findall(r"^.*(?:test cases|passed|generated).*$", done.stdout, re.MULTILINE))  # noqa: T201 - how many
