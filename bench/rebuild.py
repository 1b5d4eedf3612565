"""How fast `ops rebuild` is, and how much memory it takes, in a process of its own.

    python -m bench.rebuild [--orders 20000] [--segments 4] [--store ministack|dynalite]

With --orders 1000000 it shows that the memory does not grow with the number of aggregates. The embedded AWS cannot
serve as many: above 50,000 orders the write store is dynalite, which npm installs. Fails above 300 MB.

Only the write store is filled. A rebuild reads nothing else: it makes its tables beside those in use and compares
those with the items, so that the tables in use may as well be empty.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.stores import DYNALITE, MINISTACK, STORES, TABLE, fill_items, stores
from local import LocalError

MOST_MEGABYTES = 300
_MOST_IN_MINISTACK = 50_000


def main() -> None:
    """Fill the write store, rebuild, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--orders", type=int, default=20_000)
    parser.add_argument("--segments", type=int, default=4)
    parser.add_argument("--store", choices=STORES, help="where the orders are")
    asked = parser.parse_args()
    store = asked.store or (MINISTACK if asked.orders <= _MOST_IN_MINISTACK else DYNALITE)
    try:
        megabytes, seconds = measure(store, asked.orders, asked.segments)
    except LocalError as error:
        sys.exit(f"bench: {error}")
    print(f"{asked.orders} orders of three lines, {asked.segments} segments, verification included, {store}")
    print(f"  {asked.orders / seconds:8,.0f} orders/s, {megabytes:.0f} MB at most")
    assert megabytes < MOST_MEGABYTES, f"more than {MOST_MEGABYTES} MB"


def measure(store: str, orders: int, segments: int) -> tuple[float, float]:
    """Fill and rebuild. Returns the most memory that the rebuild took, in MB, and its seconds."""
    with tempfile.TemporaryDirectory(prefix="tributary-bench-") as folder, stores(Path(folder), store) as (client, url):
        fill_items(client.meta.endpoint_url, orders)
        start = time.perf_counter()
        megabytes = rebuild(client.meta.endpoint_url, url, segments)
        return megabytes, time.perf_counter() - start


def rebuild(endpoint: str, url: str, segments: int) -> float:
    """Run `ops rebuild` on the orders. Returns the most memory that it took, in MB."""
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


if __name__ == "__main__":
    main()
