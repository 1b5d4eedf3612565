"""How fast `ops verify` is beside a bare scan of the write store, in one run on the same items.

    python -m bench.verify [--orders 20000] [--segments 4] [--rounds 3]

The scan reads every item, consistently and in as many parts, and does nothing with it: once as boto3 does, and once
with answers read as verify reads them, which is the harder thing to keep up with. Verify reads them all as well,
compares each with its row and its lines, looks up every row's item, and adds up the summaries. Rounds take turns, and
the median counts.
"""

import argparse
import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.projector import SERVICES, record
from bench.stores import TABLE, fill_items, stores
from chalicelib.core.mysql.connections import connect
from chalicelib.core.projector import ProjectorDeps, Writer, project
from chalicelib.orders.service import SERVICE
from ops.verify import Target, VerifyOptions, verify
from ops.verify.sides import Items

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def main() -> None:
    """Fill both sides, measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--orders", type=int, default=20_000)
    parser.add_argument("--segments", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tributary-bench-") as folder, stores(Path(folder)) as (client, url):
        fill(client, url, asked.orders)
        contenders: dict[str, Callable[[], None]] = {
            "bare scan": lambda: scan(client, asked.segments),
            "quick scan": lambda: quick_scan(client, asked.segments),
            "verify": lambda: verified(client, url, asked.segments, asked.orders),
        }
        rates: dict[str, list[float]] = {name: [] for name in contenders}
        for _ in range(asked.rounds):
            for name, run in contenders.items():
                rates[name].append(asked.orders / timed(run))
    bare, quick, ours = (statistics.median(found) for found in rates.values())
    print(f"{asked.orders} orders of three lines, {asked.segments} segments, median of {asked.rounds} rounds")
    print(f"  bare scan   {bare:8,.0f} items/s   verify / bare scan = {ours / bare:.2f}")
    print(f"  quick scan  {quick:8,.0f} items/s   verify / quick scan = {ours / quick:.2f}")
    print(f"  verify      {ours:8,.0f} items/s")
    print(f"  memory of this process at most {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


def fill(client: "DynamoDBClient", url: str, orders: int) -> None:
    """Write the orders, and project them."""
    fill_items(client.meta.endpoint_url, orders)
    deps = ProjectorDeps(Writer(lambda: connect(url)), None, remaining_ms=lambda: 60_000)  # type: ignore[arg-type]
    for start in range(0, orders, 1000):
        records = [record(number) for number in range(start, min(start + 1000, orders))]
        assert project(records, SERVICES, deps) == []
    deps.writer.close()


def timed(work: Callable[[], None]) -> float:
    """Seconds that it takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def scan(client: "DynamoDBClient", segments: int) -> None:
    """Read all items by boto3, and nothing else."""

    def part(segment: int) -> int:
        pages = client.get_paginator("scan").paginate(
            TableName=TABLE, ConsistentRead=True, Segment=segment, TotalSegments=segments
        )
        return sum(len(page["Items"]) for page in pages)

    with ThreadPoolExecutor(segments) as threads:
        list(threads.map(part, range(segments)))


def quick_scan(client: "DynamoDBClient", segments: int) -> None:
    """Read all items as verify does, and nothing else."""
    items = Items(client, TABLE, lambda _: True)

    def part(segment: int) -> int:
        return sum(len(page) for page, _ in items.pages(segment, segments))

    with ThreadPoolExecutor(segments) as threads:
        list(threads.map(part, range(segments)))


def verified(client: "DynamoDBClient", url: str, segments: int, orders: int) -> None:
    """Verify, and find nothing."""

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


if __name__ == "__main__":
    main()
