"""A few threads, each with a client of its own. They take items from the source only as fast as they work."""

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from demo.http import CommandClient

Item = TypeVar("Item")
_WAITING_PER_WORKER = 2


class Workers:
    """Threads that do work on items. Usable as a context manager.

    Args:
        count: the number of threads.
        make_client: makes a thread's client.
        stopping: an event that is set when an item's work raises or the run is interrupted. It ends the clients' waits.
    """

    def __init__(self, count: int, make_client: Callable[[], CommandClient], stopping: threading.Event) -> None:
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="seed")
        self._slots = threading.BoundedSemaphore(count * (1 + _WAITING_PER_WORKER))
        self._make_client = make_client
        self._stopping = stopping
        self._of_thread = threading.local()

    def __enter__(self) -> "Workers":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind:
            self._stopping.set()
        self._threads.shutdown(cancel_futures=kind is not None)

    def each(self, items: Iterable[Item], work: Callable[[CommandClient, Item], None]) -> None:
        """Call `work(client, item)` for every item, in no certain order, and return when all are done.

        Raises:
            Exception: the first that a call of `work` raised. Items that were not begun are left.
        """
        futures: set[Future[None]] = set()
        failed: list[BaseException] = []

        def done(future: Future[None]) -> None:
            self._slots.release()
            futures.discard(future)
            if not future.cancelled() and (error := future.exception()):
                failed.append(error)
                self._stopping.set()

        for item in items:
            self._slots.acquire()  # the backpressure: the source is read only as fast as the API answers
            if failed:
                self._slots.release()
                break
            future = self._threads.submit(self._run, work, item)
            futures.add(future)
            future.add_done_callback(done)
        for future in list(futures):
            future.exception()
        if failed:
            raise failed[0]

    def _run(self, work: Callable[[CommandClient, Item], None], item: Item) -> None:
        client = getattr(self._of_thread, "client", None)
        if client is None:
            client = self._of_thread.client = self._make_client()
        work(client, item)
