"""MiniStack's own process, run by its own Python: `python -m local.ministack_process`.

MiniStack alone loses data silently: it ignores a state file that it cannot read, and ignores that it cannot write its
state when it stops. Here the first makes the start fail, and the second leads to an exit code of its own.
"""

import asyncio
import gc
import json
import logging
import os
import resource
import signal
import sys
import threading
from collections.abc import Callable, Mapping, MutableMapping
from pathlib import Path
from typing import Any, Final

import ministack.app
import uvicorn
from ministack.core import persistence
from ministack.services import dynamodb

from local.guard import AsgiApp, AsgiReceive, AsgiSend, Guard
from local.ministack import SAVE_PATH, UNREADABLE, UNSAVED
from local.ministack_shortcuts import DirectCalls, install
from local.output import keep_going
from local.written import WRITTEN_PATH

_BACKLOG: Final = 4096  # some hundreds of clients may start at once
_KEEP_ALIVE_SECONDS: Final = 75
_LAST_ANSWERS_SECONDS: Final = 3  # for what is under way when the process is stopped
_GATHER_SECONDS: Final = 0.005
# Python's own are 700, 10 and 10, with which it looks through all items and stream records again and again.
_GARBAGE_COLLECTION: Final = (50_000, 20, 100)


class SavedState:
    """MiniStack's state between two runs: one file for each AWS service.

    Args:
        folder: the folder of the files.

    Attributes:
        fault: why the last save failed; "" if it succeeded.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._list = folder / "files.list"
        self.fault = ""

    def missing(self) -> list[str]:
        """The files of the last save that are missing."""
        names = self._list.read_text(encoding="utf-8").split() if self._list.exists() else []
        return [name for name in names if not (self._folder / name).exists()]

    def save(self, services: Mapping[str, Callable[[], Any]]) -> None:
        """Write all files. If that fails, `fault` says why."""
        faults = Faults()
        try:
            persistence.save_all(services)
            self._put_on_disk()
        except OSError as error:
            faults.found.append(str(error))
        finally:
            # Every file may fail for the same reason. Name it once.
            self.fault = "; ".join(dict.fromkeys(text.split(": ", 2)[-1] for text in faults.stop()))

    def _put_on_disk(self) -> None:
        files = sorted(self._folder.glob("*.json"))
        fresh = self._list.with_suffix(".new")
        fresh.write_text("".join(f"{file.name}\n" for file in files), encoding="utf-8")
        for path in (*files, fresh):
            with path.open("rb") as file:
                os.fsync(file.fileno())
        fresh.replace(self._list)


class WrittenStreams:
    """Answers requests for `WRITTEN_PATH`: see local/written.py."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._listeners: set[_Listener] = set()
        self._emit = dynamodb._emit_stream_event
        dynamodb._emit_stream_event = self._emit_and_tell

    async def answer(self, receive: AsgiReceive, send: AsgiSend) -> None:
        """Answer with lines about what is written, until the client goes away."""
        listener = _Listener()
        with self._lock:
            self._listeners.add(listener)
        # An answer for nobody would keep the server from stopping.
        telling = asyncio.create_task(self._tell(listener, send))
        try:
            await _disconnected(receive)
        finally:
            telling.cancel()
            with self._lock:
                self._listeners.discard(listener)

    async def _tell(self, listener: "_Listener", send: AsgiSend) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/jsonl")]})
        while True:
            with self._lock:
                tables = sorted(listener.tables)
                listener.tables.clear()
            await send({"type": "http.response.body", "body": b"%s\n" % json.dumps(tables).encode(), "more_body": True})
            await asyncio.sleep(_GATHER_SECONDS)
            await listener.written.wait()
            listener.written.clear()

    def _emit_and_tell(self, table: str, *args: Any, **kwargs: Any) -> None:
        """Write a record to a table's stream, and tell the listeners. MiniStack may do so in any thread."""
        self._emit(table, *args, **kwargs)
        with self._lock:
            for listener in self._listeners:
                listener.add(table)


class _Listener:
    """A client that is told what is written.

    Attributes:
        tables: those that were written since the last line.
        written: set in the event loop if there are any.
    """

    def __init__(self) -> None:
        self.tables: set[str] = set()
        self.written = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    def add(self, table: str) -> None:
        """Note that a table was written, from any thread."""
        if not self.tables:
            self._loop.call_soon_threadsafe(self.written.set)
        self.tables.add(table)


async def _disconnected(receive: AsgiReceive) -> None:
    """Wait until the client is gone."""
    while (await receive())["type"] != "http.disconnect":
        pass


class Keeper:
    """MiniStack's ASGI application. Its start fails if the state cannot be read.

    `SAVE_PATH` saves the state, and `WRITTEN_PATH` tells which streams have new records.

    Args:
        state: the saved state.

    Attributes:
        unreadable: the part of the state that could not be read at the start; "" if there is none.
    """

    def __init__(self, state: SavedState) -> None:
        self._state = state
        self._saved = False
        self._written = WrittenStreams()
        # Under AUTH, MiniStack has to see the whole request, whose signature it checks.
        self._calls = ministack.app.app if ministack.app.AUTH else DirectCalls(ministack.app.app)
        self.unreadable = ""
        ministack.app.save_all = self._save_at_the_end

    async def __call__(self, scope: MutableMapping[str, Any], receive: AsgiReceive, send: AsgiSend) -> None:
        """Handle an ASGI request or the lifespan protocol."""
        if scope["type"] == "lifespan":
            await self._live(scope, receive, send)
        elif scope.get("path") == SAVE_PATH:
            await self._answer_save(send)
        elif scope.get("path") == WRITTEN_PATH:
            await self._written.answer(receive, send)
        else:
            self._saved = False
            await self._calls(scope, receive, send)

    async def _live(self, scope: MutableMapping[str, Any], receive: AsgiReceive, send: AsgiSend) -> None:
        faults = Faults()
        faults.found += [f"{name} is missing" for name in self._state.missing()]

        async def checked(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "lifespan.startup.complete":
                self.unreadable = "; ".join(faults.stop())
                if self.unreadable:
                    message = {"type": "lifespan.startup.failed", "message": self.unreadable}
            await send(message)

        await ministack.app.app(scope, receive, checked)

    async def _answer_save(self, send: AsgiSend) -> None:
        """Save while no other request is served. Answer 200, or 507 with the reason."""
        self._state.save(ministack.app._build_persistence_save_dict())
        self._saved = not self._state.fault
        await send({"type": "http.response.start", "status": 200 if self._saved else 507, "headers": []})
        await send({"type": "http.response.body", "body": self._state.fault.encode()})

    def _save_at_the_end(self, services: Mapping[str, Callable[[], Any]]) -> None:
        """Save when MiniStack stops, unless it was asked for nothing since the last save."""
        if not self._saved:
            self._state.save(services)


class Faults(logging.Handler):
    """Collects MiniStack's log messages about faulty state files, since it reports them in no other way.

    Attributes:
        found: the messages.
    """

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        logging.getLogger().addHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Collect a message."""
        text = record.getMessage()
        if record.levelno >= logging.ERROR or text.startswith("Failed to load persisted"):
            self.found.append(text)

    def stop(self) -> list[str]:
        """Stop collecting. Returns all messages."""
        logging.getLogger().removeHandler(self)
        return self.found


class Server(uvicorn.Server):  # type: ignore[misc]  # its types are in .venv-ministack only
    """uvicorn's server. It waits for SIGTERM, where uvicorn looks ten times a second whether it is to stop."""

    async def main_loop(self) -> None:
        """Serve until SIGTERM."""
        stopped = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
        if not self.should_exit:  # the signal may have come to uvicorn's own handler, just before
            await stopped.wait()


def _config(app: AsgiApp) -> uvicorn.Config:
    # httptools reads a request in C. With hypercorn, which reads it in Python, each call took twice the time.
    return uvicorn.Config(
        app,
        host=os.environ["BIND_HOST"],
        port=int(os.environ["GATEWAY_PORT"]),
        http="httptools",
        loop="asyncio",
        ws="none",
        lifespan="on",
        log_config=None,
        log_level=os.environ["LOG_LEVEL"].lower(),
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,  # MiniStack sends its own
        backlog=_BACKLOG,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=_LAST_ANSWERS_SECONDS,
    )


def main() -> int:
    """Serve until SIGTERM. Returns the exit code; UNREADABLE and UNSAVED stand for faults of the state."""
    keep_going()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    gc.set_threshold(*_GARBAGE_COLLECTION)
    install()
    state = SavedState(Path(persistence.STATE_DIR))
    keeper = Keeper(state)
    try:
        asyncio.run(Server(_config(Guard(keeper))).serve())
    except SystemExit:
        print(keeper.unreadable, file=sys.stderr)
        return UNREADABLE if keeper.unreadable else 1
    return UNSAVED if state.fault else 0


if __name__ == "__main__":
    sys.exit(main())
