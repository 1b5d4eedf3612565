"""A child process of the local stack. It runs in a session of its own, logs to a file, and is stopped by SIGTERM."""

import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from local import ROOT, LocalError
from local.ports import wait_until

_LONGEST_LOG_BYTES = 20_000_000
_LITTLE_ROOM_BYTES = 50_000_000  # mariadbd writes 12 MB at each start, and 300 at the first


class Child:
    """One program that runs until it is stopped.

    Args:
        name: the program's name in messages.
        command: the program and its arguments.
        log: the file to which its output is appended.
        env: environment variables, added to those of this process.
        listen: whether `hear` reads its standard output, instead of appending it to the log.

    Attributes:
        log: the log file.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        log: Path,
        env: Mapping[str, str] | None = None,
        listen: bool = False,
    ) -> None:
        self.name = name
        self._listen = listen
        self._command = [*_dies_with_us(), *command]
        self.log = log
        self._env = {**os.environ, **(env or {})}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the program in a session of its own, so that Ctrl-C reaches only the supervisor."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        if self.log.exists() and self.log.stat().st_size > _LONGEST_LOG_BYTES:
            self.log.replace(self.log.with_suffix(".old.log"))
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                cwd=ROOT,
                env=self._env,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE if self._listen else log,
                stderr=log,
                start_new_session=True,
            )

    @property
    def pid(self) -> int | None:
        """The process id, once started."""
        return self._process.pid if self._process else None

    @property
    def running(self) -> bool:
        """Whether the program was started and has not ended."""
        return self._process is not None and self._process.poll() is None

    @property
    def exit_code(self) -> int | None:
        """The exit code, negative for a signal; None while the program runs."""
        return self._process.poll() if self._process else None

    def stop(self, seconds: float = 30) -> None:
        """End the program by SIGTERM, or by SIGKILL if it has not ended in time."""
        if self._process is None:
            return
        if self._process.poll() is None:
            self._process.terminate()
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End the program at once by SIGKILL, like a crash."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()

    def hear(self) -> str:
        """Read the program's standard output until it ends."""
        assert self._process is not None, "hear comes after start"
        return self._process.communicate()[0].decode(errors="replace").strip()

    def last_line(self) -> str:
        """The last line of the log."""
        return self._tail(1)[0]

    def fail(self, what: str) -> LocalError:
        """An error about the program, with the last lines of its log."""
        free = shutil.disk_usage(self.log.parent).free
        if free < _LITTLE_ROOM_BYTES:
            # The program could not log the reason.
            return LocalError(
                f"{what} Only {free // 1_000_000} MB are free on the disk of {self.log.parent}. Free some space."
            )
        # Of a traceback, show only the error itself. The log has the rest.
        lines = [line for line in self._tail(10) if not line.startswith(("  ", "Traceback"))]
        return LocalError("\n    ".join([f"{what} Its log, {self.log}, ends with:", *lines]))

    def _tail(self, count: int) -> list[str]:
        """The last lines of the log."""
        with self.log.open("rb") as log:
            log.seek(max(0, log.seek(0, os.SEEK_END) - 20_000))
            return log.read().decode(errors="replace").splitlines()[-count:] or [""]

    def await_ready(self, ready: Callable[[], bool], seconds: float = 30) -> None:
        """Wait until the program serves requests.

        Raises:
            LocalError: the program ended, or was not ready in time.
        """
        done = wait_until(lambda: not self.running or ready(), seconds)
        if not self.running:
            raise self.fail(f"{self.name} ended at once (exit code {self.exit_code}).")
        if not done:
            raise self.fail(f"{self.name} is not ready after {seconds:.0f} s.")


def _dies_with_us() -> list[str]:
    """The command, run so that the kernel stops it when this process is killed. It needs util-linux's setpriv."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "TERM"] if setpriv else []
