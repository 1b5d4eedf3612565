"""How fast `ops verify` is beside a bare scan of the write store, in one run on the same items.

    python -m bench.verify [--orders 20000] [--segments 4] [--rounds 3]

The scan reads every item, consistently and in as many parts, and does nothing with it. Verify reads them all
as well, compares each with its row and its lines, looks up every row's item, and adds up the summaries.
Rounds take turns, and the median counts.
"""

import argparse
import resource
import statistics
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.projector import SERVICES, record
from bench.stores import TABLE, fill_items, stores
from chalicelib.core.database import connect
from chalicelib.core.projector import Deps, Writer, project
from chalicelib.orders.projection import PROJECTION
from ops.verify import Options, verify


def main() -> None:
    """Fill both sides, measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--orders", type=int, default=20_000)
    parser.add_argument("--segments", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tributary-bench-") as folder, stores(Path(folder)) as (client, url):
        fill(client, url, asked.orders)
        scans, verifications = [], []
        for _ in range(asked.rounds):
            scans.append(asked.orders / timed(lambda: scan(client, asked.segments)))
            verifications.append(asked.orders / timed(lambda: verified(client, url, asked.segments, asked.orders)))
    bare, ours = statistics.median(scans), statistics.median(verifications)
    print(f"{asked.orders} orders of three lines, {asked.segments} segments, median of {asked.rounds} rounds")
    print(f"  bare scan  {bare:8,.0f} items/s")
    print(f"  verify     {ours:8,.0f} items/s   verify / scan = {ours / bare:.2f}")
    print(f"  memory of this process at most {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


def fill(client: Any, url: str, orders: int) -> None:
    """Write the orders, and project them."""
    fill_items(client.meta.endpoint_url, orders)
    deps = Deps(Writer(lambda: connect(url)), None, remaining_ms=lambda: 60_000)  # type: ignore[arg-type]
    for start in range(0, orders, 1000):
        records = [record(number) for number in range(start, min(start + 1000, orders))]
        assert project(records, SERVICES, deps) == []
    deps.writer.close()


def timed(work: Any) -> float:
    """Seconds that it takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def scan(client: Any, segments: int) -> None:
    """Read all items, and nothing else."""

    def part(segment: int) -> int:
        pages = client.get_paginator("scan").paginate(
            TableName=TABLE, ConsistentRead=True, Segment=segment, TotalSegments=segments
        )
        return sum(len(page["Items"]) for page in pages)

    with ThreadPoolExecutor(segments) as threads:
        list(threads.map(part, range(segments)))


def verified(client: Any, url: str, segments: int, orders: int) -> None:
    """Verify, and find nothing."""

    @contextmanager
    def told(what: str, _total: int | None) -> Iterator[Any]:
        start = time.perf_counter()
        yield lambda _count: None
        print(f"    {what}: {time.perf_counter() - start:.1f} s")

    options = Options(segments=segments, settle_seconds=0)
    report = verify(
        {"orders": (TABLE, PROJECTION)}, client, lambda: connect(url, read_timeout=600), options, phase=told
    )
    assert (report.items, report.rows, report.left) == (orders, orders, 0), report


if __name__ == "__main__":
    main()
