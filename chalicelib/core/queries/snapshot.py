"""A read-only snapshot of one replica that has seen the commits in the client's consistency tokens.

The check and the query run in one READ ONLY transaction at REPEATABLE READ, every server's default. So both see the
same rows, even if a proxy sends each transaction to another replica. Each further check starts a new transaction. The
connection is given back during the pause between checks, so that waiting clients do not keep others from reading.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, TypeVar

from chalicelib.core.errors import Fault, Malformed, ReadModelBehind
from chalicelib.core.mysql.connections import LostWhileIdle, error_code
from chalicelib.core.queries.limit import DEFAULT_LIMIT_SECONDS, LimitedCursor
from chalicelib.core.service import Service, UnknownAggregate
from chalicelib.core.tokens import CONSISTENCY_HEADER, Token

if TYPE_CHECKING:
    from chalicelib.core.mysql.connections import Readers

T = TypeVar("T")

# What `ops rebuild` can do to a transaction that has read one table and not yet another, when it swaps both: deadlock,
# lock wait time-out, table definition changed (1213, 1205, 1412). Asked again, it finds the new tables.
_SWAPPED = frozenset({1205, 1213, 1412})
_ATTEMPTS = 4
FIRST_PAUSE_SECONDS = 0.005
LONGEST_PAUSE_SECONDS = 0.05


def ask(
    pool: "Readers",
    tokens: Sequence[Token],
    wait_seconds: float,
    services: Mapping[str, Service],
    query: Callable[[LimitedCursor], T],
    limit_seconds: float = DEFAULT_LIMIT_SECONDS,
) -> T:
    """Run a query on a snapshot. If a rebuild swaps the tables meanwhile, run it again.

    Args:
        pool: connections to the readers.
        tokens: the commits that have to be visible.
        wait_seconds: see `snapshot`.
        services: see `snapshot`.
        query: cursor -> answer. It only reads, and may be called again.
        limit_seconds: see `snapshot`.

    Raises:
        Exception: any error that `snapshot` or the query raises.
    """
    began = time.monotonic()
    for left in reversed(range(_ATTEMPTS)):
        try:
            while True:
                with (
                    suppress(LostWhileIdle),  # until no connection is idle any more, and a new one is opened
                    snapshot(pool, tokens, wait_seconds, services, limit_seconds, began) as cursor,
                ):
                    return query(cursor)
        except Exception as error:
            if not left or error_code(error) not in _SWAPPED:
                raise
            time.sleep(LONGEST_PAUSE_SECONDS)
    raise AssertionError("the last attempt returns or raises")


@contextmanager
def snapshot(
    pool: "Readers",
    tokens: Iterable[Token],
    wait_seconds: float,
    services: Mapping[str, Service],
    limit_seconds: float = DEFAULT_LIMIT_SECONDS,
    began: float | None = None,
) -> Iterator[LimitedCursor]:
    """A cursor in a READ ONLY transaction that has seen all the tokens. It returns rows as dicts.

    Args:
        pool: connections to the readers.
        tokens: the commits that have to be visible.
        wait_seconds: how long to look for them; 0 looks once.
        services: the services by name. They say which table shows the version of an aggregate.
        limit_seconds: how long the server may work on the check and the query together.
        began: when the wait began, by `time.monotonic`, if another snapshot was asked for before; None begins it now.

    Raises:
        Malformed: a token names a service or an aggregate that cannot exist. Nothing was read.
        ReadModelBehind: a commit is still not visible after the wait.
        TooCostly: the server ended a statement because the time limit was over.
        LostWhileIdle: the connection turned out to be lost; ask for another snapshot, as `ask` does.
        Unavailable: the readers cannot be reached.
    """
    from chalicelib.core.mysql.rows import RowsByName

    checks = [_check(token, services) for token in tokens]
    deadline = (time.monotonic() if began is None else began) + wait_seconds
    pause = FIRST_PAUSE_SECONDS
    while True:
        with pool.connection() as connection:
            cursor = LimitedCursor(RowsByName(connection), limit_seconds)
            if all(cursor.execute(*check) for check in checks):
                yield cursor
                return
        left = deadline - time.monotonic()
        if left <= 0:
            raise ReadModelBehind(
                "The read model did not reach the change of the"
                f" {CONSISTENCY_HEADER} within {wait_seconds:g} s. Ask again,"
                " wait longer (Prefer: wait=10), or leave out the header to read the present data."
            )
        time.sleep(min(pause, left))
        pause = min(pause * 2, LONGEST_PAUSE_SECONDS)


def _check(token: Token, services: Mapping[str, Service]) -> tuple[str, tuple[Any, ...]]:
    """A statement that finds a row once the commit is visible, and its values.

    Raises:
        Malformed: see `snapshot`.
    """
    if token.service not in services:
        raise _unknown(f"the token's service, {token.service!r}, is not one of {', '.join(sorted(services))}")
    service = services[token.service]
    try:
        projected = service.projects(token.id)
    except UnknownAggregate as error:
        raise _unknown(f"the token names what cannot be: {error}") from error
    if not projected:  # the read model has only its timeline
        statement = "SELECT 1 FROM timeline WHERE service = %s AND id = %s AND version >= %s LIMIT 1"
        return statement, (token.service, token.id, token.version)
    root = service.projection.root
    statement = f"SELECT 1 FROM {root.name} WHERE {root.key[0]} = %s AND version >= %s"  # noqa: S608 - declared names
    return statement, (token.id, token.version)


def _unknown(detail: str) -> Malformed:
    fault = Fault(detail, parameter=CONSISTENCY_HEADER)
    return Malformed(f"In the {CONSISTENCY_HEADER} header, {detail}.", faults=[fault])
