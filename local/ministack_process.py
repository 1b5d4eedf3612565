"""MiniStack's own process, run by its own Python: `python -m local.ministack_process`.

MiniStack alone loses data silently: it ignores a state file that it cannot read, and ignores that it cannot write its
state when it stops. Here the first makes the start fail, and the second leads to an exit code of its own.
"""

import asyncio
import json
import logging
import os
import resource
import sys
import threading
from collections.abc import Callable, Mapping, MutableMapping
from pathlib import Path
from typing import Any, Final

import ministack.app
from hypercorn.asyncio import serve
from hypercorn.config import Config
from hypercorn.utils import LifespanFailureError
from ministack.core import persistence
from ministack.services import dynamodb

from local.guard import AsgiReceive, AsgiSend, Guard
from local.ministack import SAVE_PATH, UNREADABLE, UNSAVED
from local.output import keep_going
from local.written import LONGEST_WAIT_SECONDS, WRITTEN_PATH

# hypercorn's queue of 100 waiting connections overflows when some hundreds of clients start at once.
_BACKLOG: Final = 4096
_LONGEST_SAVING_SECONDS: Final = 600


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
        self._count = 0
        self._newest: dict[str, int] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiting: set[asyncio.Future[None]] = set()
        self._emit = dynamodb._emit_stream_event
        dynamodb._emit_stream_event = self._emit_and_note

    async def answer(self, query: bytes, receive: AsgiReceive, send: AsgiSend) -> None:
        """Answer with the tables that were written since the count that the query is, once there are any."""
        if query:
            await self._wait_for_more_than(int(query), receive)
        with self._lock:
            tables = [table for table, count in self._newest.items() if query and count > int(query)]
            body = json.dumps({"at": self._count, "tables": tables}).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _wait_for_more_than(self, count: int, receive: AsgiReceive) -> None:
        self._loop = asyncio.get_running_loop()
        written = self._loop.create_future()
        # An answer for nobody would keep the server from stopping.
        gone = self._loop.create_task(_disconnected(receive))
        self._waiting.add(written)
        try:
            # Looked at after the future is there: a record that comes now finds it.
            if self._count == count:
                await asyncio.wait((written, gone), timeout=LONGEST_WAIT_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        finally:
            gone.cancel()
            self._waiting.discard(written)

    def _emit_and_note(self, table: str, *args: Any, **kwargs: Any) -> None:
        """Write a record to a table's stream, and note it. MiniStack may do so in any thread."""
        self._emit(table, *args, **kwargs)
        with self._lock:
            self._count += 1
            self._newest[table] = self._count
        if self._waiting and self._loop:
            self._loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        for written in self._waiting:
            if not written.done():
                written.set_result(None)


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
        self.unreadable = ""
        ministack.app.save_all = self._save_at_the_end

    async def __call__(self, scope: MutableMapping[str, Any], receive: AsgiReceive, send: AsgiSend) -> None:
        """Handle an ASGI request or the lifespan protocol."""
        if scope["type"] == "lifespan":
            await self._live(scope, receive, send)
        elif scope.get("path") == SAVE_PATH:
            await self._answer_save(send)
        elif scope.get("path") == WRITTEN_PATH:
            await self._written.answer(scope["query_string"], receive, send)
        else:
            self._saved = False
            await ministack.app.app(scope, receive, send)

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


def main() -> int:
    """Serve until SIGTERM. Returns the exit code; UNREADABLE and UNSAVED stand for faults of the state."""
    keep_going()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    state = SavedState(Path(persistence.STATE_DIR))
    config = Config()
    config.bind = [f"{os.environ['BIND_HOST']}:{os.environ['GATEWAY_PORT']}"]
    config.backlog = _BACKLOG
    config.keep_alive_timeout = 75
    config.loglevel = os.environ["LOG_LEVEL"]
    config.startup_timeout = config.shutdown_timeout = _LONGEST_SAVING_SECONDS
    keeper = Keeper(state)
    try:
        asyncio.run(serve(Guard(keeper), config))
    except LifespanFailureError:
        print(keeper.unreadable, file=sys.stderr)
        return UNREADABLE
    return UNSAVED if state.fault else 0


if __name__ == "__main__":
    sys.exit(main())
