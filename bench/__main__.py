"""Measure every path beside the implementations that it is compared with, and print one table.

    python -m bench [--only query,command] [--orders 5000] [--large] [--short] [--json FILE]
                    [--write docs/performance.md]

Fails if a path does not work, or if its two sides differ at the end. A missed bar is no failure: the table shows it.
The page is written after each path, and keeps the rows of all that is not measured (bench/kept.py).
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

from bench import kept, table
from bench.kept import OtherWork, Part, Run
from bench.rows import Size

# Each name is a module of bench/ with a function `rows`, in the order of the table.
PATHS = ("projector", "rebuild", "verify", "command", "query", "search", "composed", "visible", "stack", "saga", "cold")
# Measured only if --only names them. They help to choose a setting, and promise nothing.
FURTHER = ("buckets",)


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", type=_paths, default=PATHS, help=f"some of {','.join(PATHS + FURTHER)}")
    parser.add_argument("--orders", type=int, help="for each path that has a number of orders")
    parser.add_argument("--large", action="store_true", help="measure the large rows, too, which takes long")
    parser.add_argument("--short", action="store_true", help="see that all works; the figures mean nothing")
    parser.add_argument("--json", type=Path, help="write the rows there as well; - for stdout, without the table")
    parser.add_argument("--write", type=Path, help="write the page there, and its rows beside it")
    asked = parser.parse_args()
    size, run = Size(asked.orders, asked.short, asked.large), kept.this_run(_command())
    measured: list[Part] = []
    failed = []
    for name in asked.only:
        part = measure(name, size, run)
        if part is None:
            failed.append(name)
            continue
        measured.append(part)
        if asked.write:
            write(asked.write, part)
    rows = [row for part in measured for row in part.rows]
    if str(asked.json) != "-":
        print(f"\n{table.plain(rows)}")
    if asked.json:
        text = json.dumps([row.as_json() for row in rows], indent=1)
        print(text) if str(asked.json) == "-" else asked.json.write_text(text)
    if failed:
        sys.exit(f"bench: {', '.join(failed)} failed; see above.")


def write(page: Path, part: Part) -> None:
    """Write the page, with these rows of a path in place of older ones."""
    parts = kept.keep(page, [part], PATHS)
    described = {part.name: import_module(f"bench.{part.name}").__doc__ or "" for part in parts}
    page.write_text(table.page(parts, described))


def _paths(text: str) -> Sequence[str]:
    names = [name for name in text.split(",") if name]
    unknown = set(names).difference(PATHS, FURTHER)
    if unknown:
        raise argparse.ArgumentTypeError(
            f"no path {', '.join(sorted(unknown))}; there are {', '.join(PATHS + FURTHER)}"
        )
    return names or PATHS


def measure(name: str, size: Size, run: Run) -> Part | None:
    """Return the rows of a path, or None if it failed. Print each row, or the failure."""
    start, others = time.perf_counter(), OtherWork()
    rows = []
    try:
        for row in import_module(f"bench.{name}").rows(size):
            print(f"  {table.plain([row]).splitlines()[1]}", file=sys.stderr, flush=True)
            rows.append(row)
    except Exception:
        traceback.print_exc()
        return None
    part = Part(name, run, time.perf_counter() - start, others.share(), rows)
    print(f"{name}: {part.seconds:.0f} s, others {part.others:.0%}", file=sys.stderr, flush=True)
    return part


def _command() -> str:
    return os.environ.get("BENCH_COMMAND") or f"python -m bench {' '.join(sys.argv[1:])}"


if __name__ == "__main__":
    main()
