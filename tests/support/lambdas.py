"""A Lambda function on this machine: AWS's Runtime Interface Emulator, AWS's Python runtime, and a package."""

import json
import os
import re
import subprocess
import urllib.request
from collections.abc import Mapping
from importlib.util import source_from_cache
from pathlib import Path
from typing import Any

from local import ROOT
from local.ports import answers, free_port
from tests.support.waiting import COMMAND_SECONDS, eventually

_PATH = "2015-03-31/functions/function/invocations"


def tool(name: str, folder: str) -> Path | None:
    """Return a program of an environment that `make deploy-tools` makes, or of the folder that a variable names.

    The variable has the folder's name: VENV_SAM for .venv-sam.
    """
    base = os.environ.get(folder.strip(".").replace("-", "_").upper())
    path = (Path(base) if base else ROOT / folder) / "bin" / name
    return path if path.exists() else None


def emulator() -> Path | None:
    """Return the path of the Runtime Interface Emulator, which is part of sam."""
    python = tool("python", ".venv-sam")
    found = (
        sorted(python.parent.parent.glob("lib/*/site-packages/samcli/local/rapid/aws-lambda-rie-x86_64"))
        if python
        else []
    )
    return found[0] if found else None


class Function:
    """A function that runs until it is stopped. It takes one event at a time, as Lambda's environments do.

    Args:
        package: the folder with its code.
        handler: such as "app.app".
        env: its whole environment: no variable of this process is passed on.
        timeout: the seconds after which the emulator ends the call.
        log: the file to which it writes its log.
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
        """Return the result for an event, or Lambda's answer to an error or a timeout: {"errorMessage": ..., ...}."""
        request = urllib.request.Request(f"http://127.0.0.1:{self._port}/{_PATH}", json.dumps(event).encode())
        with urllib.request.urlopen(request, timeout=COMMAND_SECONDS) as answer:
            text = answer.read().decode()
        # The emulator reports a timeout in plain text, where Lambda has JSON.
        return {"errorMessage": text} if text.startswith("Task timed out") else json.loads(text or "null")

    def imported(self) -> set[str]:
        """Return the Python files of its package that it has loaded so far, if PYTHONVERBOSE is in its environment."""
        found = re.findall(r"(?:code object|loaded) from '?([^'\n]+)", self.log.read_text(errors="replace"))
        files = (source_from_cache(path) if path.endswith(".pyc") else path for path in found)
        return {os.path.relpath(path, self._package) for path in files if path.startswith(str(self._package))}

    def stop(self) -> None:
        """Stop the function."""
        self._process.kill()
        self._process.wait()
