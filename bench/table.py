"""The output of rows: on the terminal, and in docs/performance.md."""

import os
import platform
import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from bench.rows import Bar, Row

HEADINGS = ("path", "size", "ours", "beside", "its figure", "ratio", "to reach", "reached")
PAGE_HEAD = """# Performance

`make bench` measured this, and wrote this page. Ours and the other's take turns in one run on one machine, and medians
count. Each path that writes is verified at its end, and a difference fails the run. A ratio is ours through the
other's: for rates more is better, for times less.
"""


def plain(rows: Sequence[Row]) -> str:
    """Return columns of equal width, for a terminal."""
    lines = [HEADINGS, *map(_cells, rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join("  ".join(map(str.ljust, line, widths)).rstrip() for line in lines)


def page(measured: Mapping[str, Sequence[Row]], described: Mapping[str, str], command: str) -> str:
    """Return docs/performance.md.

    Args:
        measured: the rows of each path.
        described: the description of each path: what was measured, and how.
        command: the command that was typed.
    """
    every = [row for rows in measured.values() for row in rows]
    parts = [PAGE_HEAD, _circumstances(command), "## The table\n", _markdown(every)]
    missed = [row for row in every if row.reached is False]
    if missed:
        parts += ["## Bars that are not reached\n", "".join(map(_miss, missed))]
    parts.append("## What was measured, and how\n")
    for name, rows in measured.items():
        parts += [f"### {name}\n", described[name].strip() + "\n"]
        notes = dict.fromkeys(f"- {row.path}: {row.note}\n" for row in rows if row.note and row.reached is not False)
        parts += ["".join(notes)] if notes else []
    return "\n".join(parts)


def _cells(row: Row) -> tuple[str, ...]:
    beside = number(row.figure, row.unit) if row.figure is not None else ""
    ratio = f"{row.ratio:.2f}" if row.ratio is not None else ""
    reached = {True: "yes", False: "NO", None: ""}[row.reached]
    return row.path, row.size, number(row.ours, row.unit), row.beside, beside, ratio, _bar(row.bar, row.unit), reached


def number(value: float, unit: str) -> str:
    """Return a figure and its unit, with three significant digits, or all digits of a large figure."""
    digits = 0 if value >= 100 else 1 if value >= 10 else 2 if value >= 1 else 3
    return f"{value:,.{digits}f} {unit}"


def _bar(bar: Bar | None, unit: str) -> str:
    if bar is None:
        return ""
    side = "at least" if bar.is_least else "at most"
    return f"{side} {bar.limit:g} {'x' if bar.of == 'ratio' else unit}"


def _markdown(rows: Iterable[Row]) -> str:
    lines = [HEADINGS, ("---",) * len(HEADINGS), *map(_cells, rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _miss(row: Row) -> str:
    beside = f", beside {row.beside}" if row.beside else ""
    return f"- **{row.path}{beside}.** {row.note or 'No reason is known yet.'}\n"


def _circumstances(command: str) -> str:
    at = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return (
        f"- Command: `{command}`\n"
        f"- Date: {at}, at commit {_commit()}\n"
        f"- Machine: {_processor()}, {len(os.sched_getaffinity(0))} cores for this run, {_gigabytes()} GB of memory,"
        f" {platform.system()} {platform.release()}, load of {os.getloadavg()[2]:.1f} in the last 15 minutes\n"
        f"- Software: {python}, {_version_of('mariadbd')}\n"
    )


def _commit() -> str:
    git = shutil.which("git")
    if git is None:
        return "unknown"
    done = subprocess.run([git, "describe", "--always", "--dirty"], capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _gigabytes() -> int:
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30)


def _version_of(program: str) -> str:
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin"
    try:
        done = subprocess.run([program, "--version"], env={"PATH": path}, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return f"no {program}"
    return " ".join(done.stdout.split()[:3])
