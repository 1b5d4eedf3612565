"""Measure every path beside the implementations that it is compared with, and print one table.

    python -m bench [--only query,command] [--orders 5000] [--short] [--json FILE] [--write docs/performance.md]

Fails if a path does not work, or if its two sides differ at the end. A missed bar is no failure: the table shows it.
"""

import argparse
import json
import os
import sys
import time
import traceback
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from bench import table
from bench.rows import Row, Size

# Each name is a module of bench/ with a function `rows`, in the order of the table.
PATHS = ("projector", "rebuild", "verify", "command", "query", "search", "composed", "visible", "stack", "saga", "cold")
# Measured only if --only names them. They help to choose a setting, and promise nothing.
FURTHER = ("buckets",)


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", type=_paths, default=PATHS, help=f"some of {','.join(PATHS + FURTHER)}")
    parser.add_argument("--orders", type=int, help="for each path that has a number of orders")
    parser.add_argument("--short", action="store_true", help="see that all works; the figures mean nothing")
    parser.add_argument("--json", type=Path, help="write the rows there as well; - for stdout, without the table")
    parser.add_argument("--write", type=Path, help="write the page there")
    asked = parser.parse_args()
    size = Size(asked.orders, asked.short)
    measured = {name: measure(name, size) for name in asked.only}
    rows = [row for found in measured.values() for row in found or ()]
    if str(asked.json) != "-":
        print(f"\n{table.plain(rows)}")
    if asked.json:
        text = json.dumps([row.as_json() for row in rows], indent=1)
        print(text) if str(asked.json) == "-" else asked.json.write_text(text)
    failed = [name for name, found in measured.items() if found is None]
    if failed:
        sys.exit(f"bench: {', '.join(failed)} failed; see above. Nothing was written.")
    if asked.write:
        described = {name: import_module(f"bench.{name}").__doc__ or "" for name in measured}
        page = table.page({name: found or [] for name, found in measured.items()}, described, _command())
        asked.write.write_text(page)


def _paths(text: str) -> Sequence[str]:
    names = [name for name in text.split(",") if name]
    unknown = set(names).difference(PATHS, FURTHER)
    if unknown:
        raise argparse.ArgumentTypeError(
            f"no path {', '.join(sorted(unknown))}; there are {', '.join(PATHS + FURTHER)}"
        )
    return names or PATHS


def measure(name: str, size: Size) -> list[Row] | None:
    """Return the rows of a path, or None if it failed. Print each row, or the failure."""
    start = time.perf_counter()
    rows = []
    try:
        for row in import_module(f"bench.{name}").rows(size):
            print(f"  {table.plain([row]).splitlines()[1]}", file=sys.stderr, flush=True)
            rows.append(row)
    except Exception:
        traceback.print_exc()
        return None
    print(f"{name}: {time.perf_counter() - start:.0f} s", file=sys.stderr, flush=True)
    return rows


def _command() -> str:
    return os.environ.get("BENCH_COMMAND") or f"python -m bench {' '.join(sys.argv[1:])}"


if __name__ == "__main__":
    main()
