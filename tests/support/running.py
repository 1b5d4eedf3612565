"""A stack as a person runs it, for tests of the whole."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from local import ROOT, keys
from local.ports import answers, free_port
from tests.support.client import Client
from tests.support.domain import OWN, Domain
from tests.support.waiting import PATIENT_SECONDS, eventually


class Run:
    """A stack under `python -m local run`, on ports and in a folder of its own.

    Args:
        folder: the folder for its data.
        domain: the domain whose services it runs.
        root: the root of the repository, or of a copy.
        env: further variables.
    """

    def __init__(self, folder: Path, domain: Domain = OWN, root: Path = ROOT, **env: str) -> None:
        self.folder = folder
        self._root = root
        self._domain = domain
        self.ports = {name: free_port() for name in ("API_PORT", "MINISTACK_PORT", "MYSQL_PORT")}
        self.env = {
            **{name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "READ_DATABASE_URL")},
            **{name: str(port) for name, port in self.ports.items()},
            "LOCAL_STATE": str(folder),
            **domain.env,
            **env,
        }
        self.process: subprocess.Popen[str] | None = None

    def start(self, **env: str) -> "Run":
        """Start the stack, with these further variables. `ready` waits for it."""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "local", "run"],
            cwd=self._root,
            env={**self.env, **env},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        return self

    def ready(self) -> Client:
        """Return a client of the domain's last role, which may do most, as soon as the API answers."""
        assert self.process is not None
        assert eventually(lambda: answers(self.ports["API_PORT"]) or self.process.poll() is not None)  # type: ignore[union-attr]
        assert self.process.poll() is None, self.output()
        token = keys.issue(self.folder / "keys", list(self._domain.permissions.roles)[-1])
        return Client(f"http://127.0.0.1:{self.ports['API_PORT']}", token)

    def stop(self, number: int = signal.SIGTERM) -> str:
        """Send a signal, wait for the end, and return the output."""
        assert self.process is not None
        self.process.send_signal(number)
        return self.output()

    def ready_and_stop(self) -> str:
        """Wait until the API answers, stop the stack, and return its output."""
        self.ready()
        return self.stop()

    def output(self) -> str:
        """Return the output, after the end."""
        assert self.process is not None
        return self.process.communicate(timeout=PATIENT_SECONDS)[0]

    def ops(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run an operator's command on this stack to its end."""
        command = [sys.executable, "-m", "ops", *arguments]
        return subprocess.run(command, cwd=self._root, env=self.env, capture_output=True, text=True, check=False)

    def ministack_pid(self) -> int:
        """Return the process id of its embedded AWS."""
        assert self.process is not None
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        (pid,) = (pid for pid in children if b"local.ministack_process" in Path(f"/proc/{pid}/cmdline").read_bytes())
        return int(pid)

    def mysql_pid(self) -> int:
        """Return the process id of its mariadbd, which may still be about to write it to a file."""
        found: list[str] = []

        def look() -> bool:
            found[:] = [file.read_text() for file in (self.folder / "mariadb" / "data").glob("*.pid")]
            return any(found)

        assert eventually(look)
        return int(found[0])
