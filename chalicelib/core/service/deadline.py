"""Deadlines: how long an aggregate may wait, and the command that ends the waiting."""

from collections.abc import Callable

import msgspec

from chalicelib.core.decider import Command


class Deadline(msgspec.Struct, frozen=True):
    """A limit on the time that an aggregate may wait in some status. Off unless DEADLINES gives it a duration.

    The read model finds the ids, and may be behind. So `decide` must look at the state: for an aggregate that does not
    wait any more, or not that long, it decides nothing.

    Attributes:
        name: of the command: "transfers.expire". It becomes the commit's `command`, and DEADLINES names it.
        command: moment -> what `decide` takes. An aggregate that has waited since before that moment is overdue. The
            moment is ISO 8601 UTC with milliseconds, as times in states are.
        since: the DATETIME column of the service's root table that says since when an aggregate waits.
        status: the column of the root table that says whether it waits.
        waiting: the values of `status` that wait. An index must begin with `status`, `since` and the key.
    """

    name: str
    command: Callable[[str], Command]
    since: str
    waiting: tuple[str, ...]
    status: str = "status"
