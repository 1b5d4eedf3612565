"""The rows that were measured last, in docs/performance.json, from which docs/performance.md is written.

A path is measured anew without the others, and the large rows of a path in a run of their own. So every part says when,
at which commit, by which command and on which machine it was measured, and how busy other programs kept that machine.
"""

import json
import os
import platform
import shutil
import subprocess
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.rows import Row

SUFFIX = ".json"


@dataclass(frozen=True)
class Run:
    """The circumstances of a run.

    Attributes:
        command: the command that was typed.
        date: its start, such as "2026-11-26 06:50 UTC".
        commit: the commit, with "-dirty" if files were changed.
        machine: the processor, the cores, the memory and the kernel.
        software: the versions of Python and of the database server.
    """

    command: str
    date: str
    commit: str
    machine: str
    software: str


@dataclass(frozen=True)
class Part:
    """Rows of a path that were measured together.

    Attributes:
        name: the path's name, such as "query".
        run: the run that measured them.
        seconds: how long that took.
        others: the share of all cores that other programs, and other machines on the same host, used meanwhile, 0 to 1.
        rows: the rows, which are all large or all not.
    """

    name: str
    run: Run
    seconds: float
    others: float
    rows: Sequence[Row]

    @property
    def large(self) -> bool:
        """Whether its rows are the large ones."""
        return self.rows[0].large

    def split(self) -> Iterator["Part"]:
        """Yield its usual and its large rows, each as a part, if there are any."""
        for large in (False, True):
            rows = [row for row in self.rows if row.large is large]
            if rows:
                yield replace(self, rows=rows)


def read(page: Path) -> list[Part]:
    """Return the parts that are kept for a page; none if the page has no file of parts yet."""
    file = page.with_suffix(SUFFIX)
    return [_part(fields) for fields in json.loads(file.read_text())] if file.exists() else []


def keep(page: Path, measured: Iterable[Part], order: Sequence[str]) -> list[Part]:
    """Replace the parts of the same path and kind, keep all others, and return all, in the order of the paths."""
    parts = {(part.name, part.large): part for part in read(page)}
    parts |= {(part.name, part.large): part for whole in measured for part in whole.split()}
    kept = sorted(parts.values(), key=lambda part: (order.index(part.name), part.large))
    page.with_suffix(SUFFIX).write_text(json.dumps([_as_json(part) for part in kept], indent=1) + "\n")
    return kept


def _as_json(part: Part) -> dict[str, Any]:
    return {**asdict(replace(part, rows=())), "rows": [row.as_json() for row in part.rows]}


def _part(fields: dict[str, Any]) -> Part:
    return Part(**{**fields, "run": Run(**fields["run"]), "rows": list(map(Row.from_json, fields["rows"]))})


def this_run(command: str) -> Run:
    """Return the circumstances of a run that begins now."""
    return Run(
        command=command,
        date=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        commit=_commit(),
        machine=(
            f"{_processor()}, {len(os.sched_getaffinity(0))} cores for this run, {_gigabytes()} GB of memory,"
            f" {platform.system()} {platform.release()}"
        ),
        software=(f"{platform.python_implementation()} {platform.python_version()}, {_version_of('mariadbd')}"),
    )


class OtherWork:
    """Measures how busy other programs keep the machine, from its making on.

    A program that this process has started counts as its own once it has ended.
    """

    def __init__(self) -> None:
        self._start = time.monotonic()
        self._before = _busy_seconds() - own_seconds()

    def seconds(self) -> float:
        """Return the processor time of other programs, and what the machine's host took for other machines."""
        return max(0.0, _busy_seconds() - own_seconds() - self._before)

    def share(self) -> float:
        """Return the share of all cores, 0 to 1."""
        return self.seconds() / (time.monotonic() - self._start) / (os.cpu_count() or 1)


def own_seconds() -> float:
    """Return the processor time of this process and of its ended children, in seconds."""
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system


def _busy_seconds() -> float:
    """Return the processor time of the whole machine, and what its host took from it, in seconds since its start."""
    user, nice, system, _idle, _wait, irq, softirq, steal = map(
        int, Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]
    )
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")


def _commit() -> str:
    """Return the commit, with "-dirty" if a file was changed, other than the page and its rows."""
    git = shutil.which("git")
    if git is None:
        return "unknown"
    named = subprocess.run([git, "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    others = [".", ":(top,exclude)docs/performance.*"]
    changed = subprocess.run([git, "diff", "--quiet", "HEAD", "--", *others], capture_output=True, check=False)
    return f"{named.stdout.strip()}{'-dirty' if changed.returncode else ''}" if named.stdout else "unknown"


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
