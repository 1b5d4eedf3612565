"""Targets of make, called as a person calls them."""

import os
import pty
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread

from tests.support.clone import NAMES_A_STACK
from tests.support.waiting import PATIENT_SECONDS, eventually

# Tests run in an environment in which what `make setup` would install is there.
_MAKE = ("make", "--no-print-directory", "-o", "setup")


def make(folder: Path, *arguments: str, **env: str) -> str:
    """Run a target to its end, which must be success, and return what it prints."""
    done = try_make(folder, *arguments, **env)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def try_make(folder: Path, *arguments: str, **env: str) -> "subprocess.CompletedProcess[str]":
    """Run a target to its end, whatever that is."""
    command = [*_MAKE, *arguments]
    return subprocess.run(command, cwd=folder, env=_environment(env), capture_output=True, text=True, check=False)


@contextmanager
def making(folder: Path, *arguments: str, **env: str) -> Iterator[Callable[[str], None]]:
    """Run a target in a terminal of its own. In the end, it gets Ctrl-C.

    Yields a function that waits until the terminal shows a text. It fails if the target ends without it.
    """
    terminal, inner = pty.openpty()
    command = [*_MAKE, *arguments]
    process = subprocess.Popen(
        command, cwd=folder, env=_environment(env), stdout=inner, stderr=inner, start_new_session=True
    )
    os.close(inner)
    shown = bytearray()

    def read() -> None:
        with suppress(OSError):  # all that had the terminal open have ended
            while part := os.read(terminal, 65536):
                shown.extend(part)

    def shows(text: str) -> None:
        eventually(lambda: text.encode() in shown or process.poll() is not None)
        assert text.encode() in shown, shown.decode()

    reader = Thread(target=read)
    reader.start()
    try:
        yield shows
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGINT)
        process.wait(PATIENT_SECONDS)
        reader.join(PATIENT_SECONDS)
        os.close(terminal)


def _environment(env: dict[str, str]) -> dict[str, str]:
    """This process's, without what pytest and make tell their children, and without what names a stack."""
    told = ("PYTEST_", "MAKE", "MFLAGS", *NAMES_A_STACK)
    return {name: value for name, value in os.environ.items() if not name.startswith(told)} | env
