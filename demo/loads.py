"""The computed effects of a load: docs/scaling.md's table, and the amounts that demo/costs.py puts prices to.

Nothing here was measured on AWS. The assumptions are below, each with its reason. Measurements on a machine of ours
are in docs/scaling.md.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

# ---- Assumptions for every load ----

# One query for each command. One command in four places an order of three lines. The others change something.
ORDERS = 1 / 4
LINES = 3
# A state of 2 KB and an idempotency key, in a transaction, which counts twice: (2 + 1) x 2.
WRITES = 6
# An order reads its customer and its products, any other command the aggregate.
READS = ORDERS * (1 + LINES) + (1 - ORDERS)
# The order saga writes reservation and stock in a transaction, then the order. It reads all of them before.
SAGA_WRITES, SAGA_READS = (1 + LINES) * 2 + 2, (1 + LINES) + 1
# Further records of an order for the projector: the reservation, the stock, the confirmed order.
SAGA_RECORDS = 1 + LINES + 1
# Records of an order for the reactor: placed, reserved, and confirmed, which causes no command.
REACTED_RECORDS = 3
API_SECONDS = 0.030
AUTHORIZER_SECONDS, AUTHORIZED = 0.005, 0.1  # API Gateway caches a token's result for a minute
# A call's transaction, and the time that each record adds. `make bench` measures 0.13 ms for the latter, without a
# network, on two cores that the server shares (1,240 orders a second, each of 6.25 records).
PROJECTOR_SECONDS, PROJECTOR_SECONDS_A_RECORD = 0.020, 0.0002
# A command of the reactor. In a batch, commands that share an aggregate run one after the other. If all orders have the
# same product, all commands share one. The figures assume this, so they are the most that the reactor takes.
RESERVE_SECONDS, CONFIRM_SECONDS = 0.020, 0.010
SHARD_WRITES = 1000
SERVICES = 4


class Load(NamedTuple):
    """A steady load.

    Attributes:
        commands: the commands in a second.
        batch: the records in a call of the projector.
        reacted: the records in a call of the reactor.
        writer: Aurora capacity units.
        readers: the number of readers, each of the writer's size.
        parallelization: the parameter Parallelization.
    """

    commands: int
    batch: int
    reacted: int
    writer: float
    readers: int
    parallelization: int

    @property
    def requests(self) -> float:
        """The API's requests in a second: commands and queries."""
        return 2 * self.commands

    @property
    def orders(self) -> float:
        """The orders placed in a second."""
        return self.commands * ORDERS

    @property
    def writes(self) -> float:
        """The write units in a second, including the saga's."""
        return self.commands * WRITES + self.orders * SAGA_WRITES

    @property
    def reads(self) -> float:
        """The read units in a second."""
        return self.commands * READS + self.orders * SAGA_READS

    @property
    def records(self) -> float:
        """The records that the projector gets in a second. Claims are filtered out."""
        return self.commands + self.orders * SAGA_RECORDS

    @property
    def shards(self) -> int:
        """The shards of all tables' streams: one for each partition, at least one for each table."""
        return max(SERVICES, math.ceil(self.writes / SHARD_WRITES))

    @property
    def order_shards(self) -> int:
        """The shards of the orders' table. An order is written twice, when it is placed and when it is confirmed."""
        return max(1, math.ceil(self.orders * (WRITES + 2) / SHARD_WRITES))

    @property
    def projector_calls(self) -> float:
        """The calls of the projector in a second."""
        return self.records / self.batch

    @property
    def projector_busy(self) -> float:
        """The average number of concurrent calls of the projector. Each has a connection."""
        return self.projector_calls * (PROJECTOR_SECONDS + self.batch * PROJECTOR_SECONDS_A_RECORD)

    @property
    def reactor_calls(self) -> float:
        """The calls of the reactor in a second."""
        return self.orders * REACTED_RECORDS / self.reacted

    @property
    def reserving(self) -> float:
        """The average number of concurrent calls of the reactor on the orders' stream."""
        return self.orders * RESERVE_SECONDS

    @property
    def reactor_busy(self) -> float:
        """The average number of concurrent calls of the reactor on both of its streams."""
        return self.orders * (RESERVE_SECONDS + CONFIRM_SECONDS)

    @property
    def api_busy(self) -> float:
        """The average number of concurrent commands, and of concurrent queries. Each query has a connection."""
        return self.commands * API_SECONDS

    @property
    def units(self) -> float:
        """The Aurora capacity units in all."""
        return self.writer * (1 + self.readers)


LOADS = (Load(1, 2, 1, 0.5, 1, 2), Load(100, 10, 2, 2, 1, 2), Load(10_000, 500, 50, 32, 3, 4))


def table() -> str:
    """Return docs/scaling.md's table."""
    rows: list[tuple[str, Callable[[Load], str]]] = [
        ("commands at once (30 ms each), and as many queries", lambda load: _whole(load.api_busy)),
        ("orders placed a second", lambda load: _number(load.orders)),
        ("write units a second: 6 a command, 10 more an order for the saga", lambda load: _number(load.writes)),
        ("shards, all tables: one a partition, of 1,000 units", lambda load: _number(load.shards)),
        ("`Parallelization`", lambda load: _number(load.parallelization)),
        ("projector: records a second", lambda load: _number(load.records)),
        ("projector: records a call, about", lambda load: _number(load.batch)),
        ("projector: calls at once, needed of possible", lambda load: _of(load, load.projector_busy, load.shards)),
        (
            "reactor on orders: calls at once, needed of possible",
            lambda load: _of(load, load.reserving, load.order_shards),
        ),
        (
            "database connections: projector at most, queries",
            lambda load: f"{_number(load.shards * load.parallelization)}, {_whole(load.api_busy)}",
        ),
        ("Aurora capacity units: writer, readers", lambda load: f"{load.writer:g}, {_readers(load)}"),
    ]
    lines = [f"| | {' | '.join(title(load) for load in LOADS)} |", "|---|--:|--:|--:|"]
    lines += [f"| {name} | {' | '.join(show(load) for load in LOADS)} |" for name, show in rows]
    return "\n".join(lines) + "\n"


def title(load: Load) -> str:
    """Return the heading of a load's column."""
    return "1 command/s" if load.commands == 1 else f"{load.commands:,}/s"


def _of(load: Load, needed: float, shards: int) -> str:
    return f"{_whole(needed)} of {_number(shards * load.parallelization)}"


def _readers(load: Load) -> str:
    return f"{load.readers} x {load.writer:g}" if load.readers > 1 else f"{load.writer:g}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:,.3g}"


def _whole(value: float) -> str:
    return f"{math.ceil(round(value, 6)):,}"
