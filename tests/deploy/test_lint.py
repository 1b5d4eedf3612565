"""AWS's own checks of the templates."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.deploy.lambdas import ROOT, tool
from tests.support.waiting import COMMAND_SECONDS

TEMPLATES = sorted(
    path.relative_to(ROOT).as_posix()
    for path in [ROOT / "template.yaml", ROOT / "deploy/deployer.yaml", *ROOT.glob("infrastructure/*.yaml")]
)
ENV = {**os.environ, "SAM_CLI_TELEMETRY": "0", "AWS_DEFAULT_REGION": "eu-west-1"}

pytestmark = [pytest.mark.end_to_end, pytest.mark.slow]


def need(name: str, folder: str) -> Path:
    """Return a tool, or skip the test with a message that says how to install it."""
    found = tool(name, folder)
    if not found:
        pytest.skip(f"no {name}; run `make deploy-tools`")
    return found


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a tool in the repository."""
    return subprocess.run(command, cwd=ROOT, env=ENV, capture_output=True, text=True, timeout=COMMAND_SECONDS)


def test_sam_validate() -> None:
    """`sam validate --lint` finds nothing, not even a warning."""
    done = run(need("sam", ".venv-sam"), "validate", "--lint")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "is a valid SAM Template" in done.stdout
    assert "W" not in {line[:1] for line in done.stdout.splitlines()}


@pytest.mark.parametrize("template", TEMPLATES)
def test_cfn_lint(template: str) -> None:
    """cfn-lint finds nothing, with no rule skipped."""
    done = run(need("cfn-lint", ".venv-sam"), "--include-checks", "W", "--", template)
    assert done.returncode == 0, done.stdout


def test_checkov() -> None:
    """checkov finds nothing. deploy/checkov.yml names the skipped rules and their reasons."""
    done = run(need("checkov", ".venv-checkov"), "--config-file", "deploy/checkov.yml", *_files())
    assert done.returncode == 0, done.stdout[-4000:]


def _files() -> list[str]:
    return [part for template in TEMPLATES for part in ("--file", template)]
