"""The local stack: its cost while nobody uses it, and the time to load the sample of a real shop's year.

Idle is the processor time of all its processes, from /proc, as a share of one core. Seeding is `make seed ALL=1`: the
sample's 1,000 invoices through the HTTP API, until the saga has confirmed every order. `ops verify` checks the result.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from bench.rows import Row, Size, seconds_of, within
from demo.seed.__main__ import SAMPLE
from demo.seed.make_sample import make_sample
from local import ROOT
from tests.support.running import Run

INVOICES = 1_000


def rows(size: Size) -> Iterator[Row]:
    """Yield the idle cost, then the time of seeding."""
    with tempfile.TemporaryDirectory(prefix="tributary-bench-") as name:
        stack = Run(Path(name) / "state").start()
        try:
            stack.ready()
            yield _idle(stack, size.choose(30, 1))
            yield _seed(stack, Path(name), size.choose(INVOICES, 5))
            done = stack.ops("verify")
            assert done.returncode == 0, done.stdout + done.stderr
        finally:
            stack.stop()


def _idle(stack: Run, seconds: int) -> Row:
    assert stack.process is not None
    time.sleep(seconds / 3)  # the work that follows the start ends meanwhile
    before = processor_seconds(stack.process.pid)
    start = time.monotonic()
    time.sleep(seconds)
    after = processor_seconds(stack.process.pid)
    used = sum(spent - before.get(pid, 0.0) for pid, spent in after.items())
    return Row(
        path="local stack: idle",
        size=f"{seconds} s, {len(after)} processes",
        ours=100 * used / (time.monotonic() - start),
        unit="% of a core",
        bar=within(3),
    )


def _seed(stack: Run, folder: Path, invoices: int) -> Row:
    file = SAMPLE
    if invoices < INVOICES:
        file = folder / "few.csv.gz"
        make_sample(SAMPLE, file, invoices)

    def seed() -> None:
        command = [sys.executable, "-m", "demo.seed", str(file)]
        done = subprocess.run(command, cwd=ROOT, env=stack.env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr

    return Row(
        path="local stack: make seed ALL=1, until all is confirmed",
        size=f"{invoices:,} invoices",
        ours=seconds_of(seed),
        unit="s",
        bar=within(60),
        note="The API, the pump, the embedded AWS, MySQL and the loader share the machine.",
    )


def processor_seconds(root: int) -> Mapping[int, float]:
    """Return the processor time of a process and of all its descendants, by process id."""
    ticks = os.sysconf("SC_CLK_TCK")
    children: dict[int, list[int]] = {}
    spent: dict[int, float] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue  # the process has ended
            children.setdefault(int(fields[1]), []).append(int(folder.name))
            spent[int(folder.name)] = (int(fields[11]) + int(fields[12])) / ticks
    found = [root]
    for pid in found:
        found += children.get(pid, [])
    return {pid: spent[pid] for pid in found if pid in spent}
