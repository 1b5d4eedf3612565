"""A child process of the local stack: started in a group of its own, logged to a file, stopped politely."""

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
        name: for messages.
        command: the program and its arguments.
        log: file that its output is appended to.
        env: its environment, added to ours.
        listen: whether its standard output is for us, to be read by `hear`, instead of for the log.

    Attributes:
        log: the file.
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
        """Start it; in a session of its own, so that Ctrl-C reaches the supervisor alone."""
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
        """Its process id, once started."""
        return self._process.pid if self._process else None

    @property
    def running(self) -> bool:
        """Whether it is started and has not ended."""
        return self._process is not None and self._process.poll() is None

    @property
    def exit_code(self) -> int | None:
        """How it ended: negative for a signal; None while it runs."""
        return self._process.poll() if self._process else None

    def stop(self, seconds: float = 30) -> None:
        """Ask it to end by SIGTERM, and kill it when it has not done so in time."""
        if self._process is None:
            return
        if self._process.poll() is None:
            self._process.terminate()
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End it at once, as a crash would (kill -9)."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()

    def hear(self) -> str:
        """What it says on its standard output until it ends."""
        assert self._process is not None, "hear comes after start"
        return self._process.communicate()[0].decode(errors="replace").strip()

    def last_line(self) -> str:
        """The last line of its log."""
        return self._tail(1)[0]

    def fail(self, what: str) -> LocalError:
        """The error to raise when it did not do what it should: with the last lines of its log."""
        free = shutil.disk_usage(self.log.parent).free
        if free < _LITTLE_ROOM_BYTES:
            # What it would say, it cannot write.
            return LocalError(
                f"{what} Only {free // 1_000_000} MB are free on the disk of {self.log.parent}: make room."
            )
        # Of a traceback, what was raised; where is in the log.
        lines = [line for line in self._tail(10) if not line.startswith(("  ", "Traceback"))]
        return LocalError("\n    ".join([f"{what} Its log, {self.log}, ends with:", *lines]))

    def _tail(self, count: int) -> list[str]:
        """The last lines of its log, of which an error's text may have many."""
        with self.log.open("rb") as log:
            log.seek(max(0, log.seek(0, os.SEEK_END) - 20_000))
            return log.read().decode(errors="replace").splitlines()[-count:] or [""]

    def await_ready(self, ready: Callable[[], bool], seconds: float = 30) -> None:
        """Wait until it serves.

        Raises:
            LocalError: it ended or was not ready in time.
        """
        done = wait_until(lambda: not self.running or ready(), seconds)
        if not self.running:
            raise self.fail(f"{self.name} ended at once (exit code {self.exit_code}).")
        if not done:
            raise self.fail(f"{self.name} is not ready after {seconds:.0f} s.")


def _dies_with_us() -> list[str]:
    """Have the kernel stop the child when we are killed, where util-linux's setpriv is there to ask for it."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "TERM"] if setpriv else []
