"""dynalite, a DynamoDB on Node and LevelDB, for more items than the embedded AWS can hold.

It keeps the items on disk and needs some hundred MB of memory. A page of a parallel scan costs no more than that page,
while MiniStack reads the whole table. It has no streams, and a rebuild needs none.
"""

import os
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from local import ROOT, LocalError
from local.child import Child
from local.ports import LOOPBACK, answers

VERSION = "4.0.0"
_FOLDER = ROOT / ".dynalite"
_INSTEAD = "or do without, and with far fewer orders, by --store ministack"


class Dynalite:
    """A server of dynalite.

    Args:
        folder: the folder of its items and its log.
        port: its port on 127.0.0.1.
    """

    def __init__(self, folder: Path, port: int) -> None:
        self.port = port
        self._data = folder / "dynalite"
        place = ["--host", LOOPBACK, "--port", str(port), "--path", str(self._data), "--createTableMs", "0"]
        self.child = Child("dynalite", [_program("node"), str(installed()), *place], folder / "dynalite.log")

    @property
    def endpoint(self) -> str:
        """Its URL, for AWS_ENDPOINT_URL."""
        return f"http://{LOOPBACK}:{self.port}"

    def start(self) -> None:
        """Start it and wait until it serves.

        Raises:
            LocalError: the server does not start.
        """
        self.child.start()
        self.child.await_ready(lambda: answers(self.port))

    def stop(self) -> None:
        """Stop it."""
        self.child.stop()

    def fill(self, table: str, items: Iterable[Mapping[str, Any]]) -> None:
        """Write items into a table without HTTP, which is many times faster. The server is stopped meanwhile.

        Raises:
            LocalError: an item is refused.
        """
        self.stop()
        command = [_program("node"), str(Path(__file__).with_name("dynalite_fill.js")), str(installed().parent)]
        with subprocess.Popen([*command, str(self._data), table], stdin=subprocess.PIPE) as process:
            assert process.stdin is not None
            try:
                for item in items:
                    process.stdin.write(msgspec.json.encode(item) + b"\n")
            except BrokenPipeError:
                pass  # it has printed why, and its code says that it failed
        if process.returncode:
            raise LocalError(f"the table {table} cannot be filled; see above")
        self.start()


def installed() -> Path:
    """Return the path of the program. Install it with npm, into a folder of ours, if it is missing.

    Raises:
        LocalError: npm is missing or fails.
    """
    folder = _FOLDER / VERSION
    program = folder / "node_modules" / "dynalite" / "cli.js"
    if program.exists():
        return program
    fresh = folder.with_name(f"{VERSION}.{os.getpid()}")  # renamed when complete, so that no half of it is used
    # No install scripts: the package contains LevelDB already built.
    command = [_program("npm"), "install", "--prefix", str(fresh), "--ignore-scripts", "--no-audit", "--no-fund"]
    fresh.mkdir(parents=True)
    try:
        done = subprocess.run([*command, f"dynalite@{VERSION}"], capture_output=True, text=True, check=False)
        if done.returncode:
            raise LocalError(f"npm cannot install dynalite {VERSION}; mend that, {_INSTEAD}:\n{done.stderr[-2000:]}")
        shutil.rmtree(folder, ignore_errors=True)
        fresh.rename(folder)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return program


def _program(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        raise LocalError(
            f"{name} is not on this machine, and dynalite needs Node.js 20 or newer with npm. Install that"
            f" (https://nodejs.org), {_INSTEAD}."
        )
    return path
