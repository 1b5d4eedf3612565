"""How fast `ops rebuild` is, and how much memory it takes, in a process of its own.

    python -m bench.rebuild [--orders 20000] [--segments 4]

With --orders 1000000 it shows that the memory does not grow with the number of aggregates; that takes long, most of it
to fill the embedded AWS, which holds all of them in memory. Fails above 300 MB.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.verify import TABLE, fill, stores

MOST_MEGABYTES = 300


def main() -> None:
    """Fill both sides, rebuild, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--orders", type=int, default=20_000)
    parser.add_argument("--segments", type=int, default=4)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tributary-bench-") as folder, stores(Path(folder)) as (client, url):
        fill(client, url, asked.orders)
        start = time.perf_counter()
        megabytes = rebuild(client.meta.endpoint_url, url, asked.segments)
        seconds = time.perf_counter() - start
    print(f"{asked.orders} orders of three lines, {asked.segments} segments, verification included")
    print(f"  {asked.orders / seconds:8,.0f} orders/s, {megabytes:.0f} MB at most")
    assert megabytes < MOST_MEGABYTES, f"more than {MOST_MEGABYTES} MB"


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
