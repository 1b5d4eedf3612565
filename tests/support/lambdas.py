"""One Lambda function on this machine: AWS's Runtime Interface Emulator, AWS's Python runtime, a package."""

import json
import os
import re
import subprocess
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from local import ROOT
from local.ports import answers, free_port
from tests.support.waiting import eventually

_PATH = "2015-03-31/functions/function/invocations"


def tool(name: str, folder: str) -> Path | None:
    """A program of one of the environments that deploy/tools.sh makes, or of the folder that a variable names.

    The variable is the folder's name: VENV_SAM for .venv-sam.
    """
    base = os.environ.get(folder.strip(".").replace("-", "_").upper())
    path = (Path(base) if base else ROOT / folder) / "bin" / name
    return path if path.exists() else None


def emulator() -> Path | None:
    """The Runtime Interface Emulator, which comes with sam."""
    python = tool("python", ".venv-sam")
    found = (
        sorted(python.parent.parent.glob("lib/*/site-packages/samcli/local/rapid/aws-lambda-rie-x86_64"))
        if python
        else []
    )
    return found[0] if found else None


class Function:
    """A function that runs until it is stopped; takes one event at a time, as Lambda's environments do.

    Args:
        package: the folder with its code.
        handler: "app.app".
        env: its environment, whole: nothing of ours is passed on.
        timeout: in seconds; over it, the emulator ends the call.
        log: the file that it writes to.
    """

    def __init__(self, package: Path, handler: str, env: Mapping[str, str], timeout: int, log: Path) -> None:
        self._port, runtime_port = free_port(), free_port()
        rie, python = emulator(), tool("python", ".venv-lambda")
        assert rie, "the fixture `lambda_tools` comes first"
        assert python
        self.log = log
        self._package = package
        command = [rie, "--runtime-interface-emulator-address", f"127.0.0.1:{self._port}"]
        command += ["--runtime-api-address", f"127.0.0.1:{runtime_port}", python, "-B", "-m", "awslambdaric", handler]
        self._process = subprocess.Popen(
            command,
            cwd=package,
            env={
                "PATH": "/usr/bin:/bin",
                "LAMBDA_TASK_ROOT": str(package),
                "AWS_LAMBDA_FUNCTION_NAME": package.name,
                "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1024",
                "AWS_LAMBDA_FUNCTION_TIMEOUT": str(timeout),
                **env,
            },
            stdin=subprocess.DEVNULL,
            stdout=log.open("ab"),
            stderr=subprocess.STDOUT,
        )
        assert eventually(lambda: answers(self._port)), log.read_text()

    def __call__(self, event: Mapping[str, Any]) -> Any:
        """What it returns for an event; of an error or a time-out, as Lambda has it: {"errorMessage": ..., ...}."""
        request = urllib.request.Request(f"http://127.0.0.1:{self._port}/{_PATH}", json.dumps(event).encode())
        with urllib.request.urlopen(request, timeout=300) as answer:
            text = answer.read().decode()
        # Of a time-out the emulator says so in plain text, where Lambda has JSON.
        return {"errorMessage": text} if text.startswith("Task timed out") else json.loads(text or "null")

    def imported(self) -> set[str]:
        """The Python files of its package that it has loaded so far, with PYTHONVERBOSE in its environment."""
        found = re.findall(r"(?:code object|loaded) from '?([^'\n]+)", self.log.read_text(errors="replace"))
        return {os.path.relpath(path, self._package) for path in found if path.startswith(str(self._package))}

    def stop(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()
