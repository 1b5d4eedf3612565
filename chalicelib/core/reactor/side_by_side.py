"""Runs the tasks of a batch at the same time in a few threads, and tasks that share an aggregate in their order."""

from collections.abc import Callable, Sequence, Set
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextvars import copy_context
from graphlib import TopologicalSorter
from heapq import heappop, heappush
from typing import NamedTuple

Target = tuple[str, str]
"""A service and the id of an aggregate of it."""
AT_ONCE = 8
"""Tasks at the same time. A command takes some 2 ms of CPU and waits 10 to 20 ms for DynamoDB, so this many keep one
processor busy. More would only wait for it. They are a fraction of the connections of the client (CLIENT_CONFIG)."""


class Task(NamedTuple):
    """A part of a batch.

    Attributes:
        touches: the aggregates that it reads or writes; None if they are not known before, so that it runs alone.
        run: returns whether the task is done. If it is not, no later task is begun.
    """

    touches: Set[Target] | None
    run: Callable[[], bool]


def run_side_by_side(tasks: Sequence[Task]) -> int:
    """Run tasks; of those that touch a common aggregate each begins when the one before it has ended.

    All tasks before one that is not done are run, as if one came after the other. Each sees the log's context and
    counters of the caller.

    Returns:
        The position of the first task that is not done; the number of tasks if all are done.

    Raises:
        BaseException: a task raised it. No other is begun, and those that are running have ended.
    """
    sorter, ready, failed = _sorted(tasks), list[int](), len(tasks)
    running: dict[Future[bool], int] = {}
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="reactor") as threads:
        while True:
            for position in sorter.get_ready():
                heappush(ready, position)
            while ready and ready[0] < failed and len(running) < AT_ONCE:
                position = heappop(ready)
                running[threads.submit(copy_context().run, tasks[position].run)] = position
            if not running:
                return failed
            for ended in wait(running, return_when=FIRST_COMPLETED).done:
                position = running.pop(ended)
                if not ended.result():
                    failed = min(failed, position)
                sorter.done(position)


def _sorted(tasks: Sequence[Task]) -> TopologicalSorter[int]:
    """Which tasks wait for which. A task waits only for earlier ones."""
    sorter, last, alone = TopologicalSorter[int](), dict[Target, int](), -1
    for position, task in enumerate(tasks):
        if task.touches is None:
            sorter.add(position, *range(max(alone, 0), position))
            alone = position
            continue
        sorter.add(position, *{last[target] for target in task.touches if target in last})
        if alone >= 0:
            sorter.add(position, alone)
        last |= dict.fromkeys(task.touches, position)
    sorter.prepare()
    return sorter
