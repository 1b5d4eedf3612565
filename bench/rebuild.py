"""The speed of `ops rebuild`, and the memory that it needs, in a process of its own.

With ORDERS=1000000 it shows that the memory does not grow with the number of aggregates. The embedded AWS cannot hold
so many: above 50,000 orders, the write store is dynalite, which npm installs.

Only the write store is filled. A rebuild reads only the items: it fills new tables beside those in use, so the tables
in use may be empty.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench.rows import Row, Size, within
from bench.stores import DYNALITE, MINISTACK, TABLE, fill_items, stores

MOST_MEGABYTES = 300
_MOST_IN_MINISTACK = 50_000


def rows(size: Size) -> Iterator[Row]:
    """Yield the orders a second, and the memory."""
    orders, segments = size.choose_orders(20_000, 60), size.choose(4, 2)
    store = MINISTACK if orders <= _MOST_IN_MINISTACK else DYNALITE
    megabytes, seconds = measure(store, orders, segments)
    about = f"{orders:,} orders of 3 lines, {segments} segments, {store}"
    yield Row(path="rebuild: rate, verification included", size=about, ours=orders / seconds, unit="orders/s")
    yield Row(path="rebuild: memory", size=about, ours=megabytes, unit="MB", bar=within(MOST_MEGABYTES))


def measure(store: str, orders: int, segments: int) -> tuple[float, float]:
    """Fill the write store and rebuild. Return the most memory that the rebuild needed, in MB, and its seconds."""
    with tempfile.TemporaryDirectory(prefix="tributary-bench-") as folder, stores(Path(folder), store) as (client, url):
        fill_items(client.meta.endpoint_url, orders)
        start = time.perf_counter()
        megabytes = rebuild(client.meta.endpoint_url, url, segments)
        return megabytes, time.perf_counter() - start


def rebuild(endpoint: str, url: str, segments: int) -> float:
    """Run `ops rebuild` on the orders. Return the most memory that it needed, in MB."""
    env = {
        **os.environ,
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "bench",
        "AWS_SECRET_ACCESS_KEY": "bench",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "TABLE_PREFIX": TABLE.removesuffix("orders"),
        "DATABASE_URL": url,
    }
    command = [sys.executable, "-m", "ops", "rebuild", "--service", "orders", "--segments", str(segments)]
    process = subprocess.Popen(command, env=env)
    _, status, usage = os.wait4(process.pid, 0)
    assert status == 0, "the rebuild failed; see above"
    return usage.ru_maxrss / 1024
