"""A second clone of the repository, for tests of its programs."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from local import ROOT, keys
from ops.running_stack import RunningStack
from tests.support.commands import Output
from tests.support.waiting import PATIENT_SECONDS

NAMES_A_STACK = ("TABLE_PREFIX", "DATABASE_URL", "READ_DATABASE_URL", "LOCAL_STATE", "AWS_ENDPOINT_URL")


class Clone(NamedTuple):
    """A clone with the operator's tools and the demo."""

    folder: Path

    def run(self, *command: str, **env: str) -> Output:
        """Run one of its programs, in an environment that names a stack only by `env`."""
        clean = {name: value for name, value in os.environ.items() if name not in NAMES_A_STACK} | env
        run = [sys.executable, "-m", *command]
        done = subprocess.run(run, cwd=self.folder, env=clean, capture_output=True, text=True, timeout=PATIENT_SECONDS)
        return Output(done.returncode, done.stdout, done.stderr)

    @property
    def state(self) -> Path:
        """The folder in which its local stack keeps its data."""
        return self.folder / ".local"


def make_clone(folder: Path) -> Clone:
    """Return a clone in a folder of its own, whose stack does not run."""
    folder.mkdir()
    for path in ROOT.iterdir():
        if (path / "__init__.py").exists():
            (folder / path.name).symlink_to(path)
    (folder / ".local").mkdir()
    return Clone(folder)


def described(state: Path, environment: Mapping[str, str] | None = None) -> RunningStack:
    """Return the description of a stack that runs on that folder and has this environment."""
    environment = environment or {}
    return RunningStack(
        api_url="http://localhost:9",
        environment={"JWT_ISSUER": keys.ISSUER, "JWT_AUDIENCE": keys.AUDIENCE, **environment},
        migrations_database_url=environment.get("DATABASE_URL", ""),
        signing_key=str(keys.private_key_path(state / "keys")),
        roles=["member", "chief"],
        own_roles=["member"],
    )
