"""The speed of `ops verify`, compared with a bare scan of the write store, in one run on the same items.

The scan reads every item, consistently and in as many parts, and does nothing with it. It runs once with boto3's own
decoding, and once with verify's decoding, which is faster. Verify reads all items too, compares each with its row and
its lines, looks up every row's item, and adds up the summaries. Rounds take turns, and the median counts.
"""

import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.rows import Row, Size, at_least, medians
from bench.stores import TABLE, stores
from bench.workload import SERVICES, placed
from chalicelib.core.mysql.connections import connect
from chalicelib.core.projector import ProjectorDeps, Writer, project
from chalicelib.orders.service import SERVICE
from ops.verify import Target, VerifyOptions, verify
from ops.verify.sides import Items

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def rows(size: Size) -> Iterator[Row]:
    """Yield the items a second of verify, compared with each scan."""
    orders, segments, rounds = size.choose_orders(20_000, 60), size.choose(4, 2), size.choose(3, 1)
    with (
        tempfile.TemporaryDirectory(prefix="tributary-bench-") as folder,
        stores(Path(folder), orders) as (client, url),
    ):
        fill(url, orders)
        seconds = medians(
            {
                "bare scan": lambda: scan(client, segments),
                "quick scan": lambda: quick_scan(client, segments),
                "verify": lambda: verified(client, url, segments, orders),
            },
            rounds,
        )
    for name, bar in (("bare scan", at_least(0.9)), ("quick scan", None)):
        yield Row(
            path="verify",
            size=f"{orders:,} orders of 3 lines, {segments} segments",
            ours=orders / seconds["verify"],
            unit="items/s",
            beside=name,
            figure=orders / seconds[name],
            bar=bar,
        )


def fill(url: str, orders: int) -> None:
    """Project the orders."""
    deps = ProjectorDeps(Writer(lambda: connect(url)), None, remaining_ms=lambda: 60_000)  # type: ignore[arg-type]
    for start in range(0, orders, 1000):
        records = [placed(number) for number in range(start, min(start + 1000, orders))]
        assert project(records, SERVICES, deps) == []
    deps.writer.close()


def scan(client: "DynamoDBClient", segments: int) -> None:
    """Read all items with boto3, and do nothing else."""

    def part(segment: int) -> int:
        pages = client.get_paginator("scan").paginate(
            TableName=TABLE, ConsistentRead=True, Segment=segment, TotalSegments=segments
        )
        return sum(len(page["Items"]) for page in pages)

    with ThreadPoolExecutor(segments) as threads:
        list(threads.map(part, range(segments)))


def quick_scan(client: "DynamoDBClient", segments: int) -> None:
    """Read all items as verify does, and do nothing else."""
    items = Items(client, TABLE, lambda _: True)

    def part(segment: int) -> int:
        return sum(len(part) for part in items.parts(segment, segments))

    with ThreadPoolExecutor(segments) as threads:
        list(threads.map(part, range(segments)))


def verified(client: "DynamoDBClient", url: str, segments: int, orders: int) -> None:
    """Verify, and fail if there are differences."""

    @contextmanager
    def told(what: str, _total: int | None) -> Iterator[Any]:
        start = time.perf_counter()
        yield lambda _count: None
        print(f"    {what}: {time.perf_counter() - start:.1f} s")

    options = VerifyOptions(segments=segments, settle_seconds=0)
    report = verify(
        [Target(SERVICE, TABLE, SERVICE.projection)],
        client,
        lambda: connect(url, read_timeout=600),
        options,
        phase=told,
    )
    assert (report.items, report.rows, report.left) == (orders, orders, 0), report
