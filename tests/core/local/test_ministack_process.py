"""The process of the embedded AWS."""

import os
import subprocess
from pathlib import Path

from local import ROOT
from local.ministack import python
from local.ports import LOOPBACK
from tests.support.waiting import PATIENT_SECONDS

# In MiniStack's Python: the handler that uvicorn has while it starts has heard SIGTERM; then it begins to serve.
PROGRAM = """
import asyncio
from local.ministack_process import Server, _config

async def nothing(scope, receive, send):
    pass

server = Server(_config(nothing))
server.should_exit = True
asyncio.run(server.main_loop())
"""


def test_a_signal_just_before_it_serves(tmp_path: Path) -> None:
    """It ends. It would serve for ever, since no second signal comes, and then be killed with what it has not saved."""
    env = {"BIND_HOST": LOOPBACK, "GATEWAY_PORT": "0", "LOG_LEVEL": "WARNING", "STATE_DIR": str(tmp_path)}
    done = subprocess.run(
        [python(), "-c", PROGRAM],
        cwd=ROOT,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        timeout=PATIENT_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
