"""The local stack: its cost while nobody uses it, and the time to load the sample of a real shop's year.

Idle is the processor time of all its processes, from /proc, as a share of one core. Seeding is `make seed ALL=1`: the
sample's 1,000 invoices through the HTTP API, until the saga has confirmed every order. `ops verify` checks the result.
The note gives the processor time of each part. Two cores can give twice the seconds that it took, and no more.

The whole year is a large row. It is measured if the root of the repository has its file, online-retail.csv.gz
(demo/seed/sample/README.md says where it comes from).
"""

import resource
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from bench.processes import process
from bench.rows import Row, Size, seconds_of, within
from demo.seed.__main__ import SAMPLE
from demo.seed.make_sample import make_sample
from local import ROOT
from tests.support.running import Run

INVOICES = 1_000
YEAR = ROOT / "online-retail.csv.gz"
_YEAR_SECONDS = 15 * 60
_WHY = (
    "The sample is 6,100 commands and 1,000 orders to confirm: 17,000 calls of DynamoDB (7,100 TransactWriteItems,"
    " 4,400 GetItem, 2,300 GetRecords, 1,900 BatchGetItem, 1,100 PutItem). Profiles of a busy machine (2026-11-26) give"
    " botocore 60 % of the API's time and 40 % of the pump's. A third of two cores' time is not used. Inferred, not"
    " profiled: the API is one process, whose threads wait for Python's lock while customers, products and receipts are"
    " loaded, and so does the pump while the orders are confirmed. An API of two processes would help, or a client of"
    " DynamoDB without botocore."
)
# What each part is called in a note, by what its command line contains.
_PARTS = {
    "local.server": "the API",
    "local.pump": "the pump",
    "local.ministack_process": "the embedded AWS",
    "mariadbd": "MySQL",
}


def rows(size: Size) -> Iterator[Row]:
    """Yield the idle cost, then the time of seeding."""
    with _stack() as (stack, folder):
        yield _idle(stack, size.choose(30, 1))
        yield _sample(stack, folder, size.choose(INVOICES, 5))
    if size.large and YEAR.exists():
        with _stack() as (stack, folder):
            yield _year(stack, folder)


@contextmanager
def _stack() -> Iterator[tuple[Run, Path]]:
    """Yield a stack that runs, and a folder; verify the stack at the end."""
    with tempfile.TemporaryDirectory(prefix="tributary-bench-") as name:
        stack = Run(Path(name) / "state").start()
        try:
            stack.ready()
            yield stack, Path(name)
            done = stack.ops("verify")
            assert done.returncode == 0, done.stdout + done.stderr
        finally:
            stack.stop()


def _idle(stack: Run, seconds: int) -> Row:
    time.sleep(seconds / 3)  # the work that follows the start ends meanwhile
    before = processor_seconds_of(stack)
    start = time.monotonic()
    time.sleep(seconds)
    passed = time.monotonic() - start
    used = {part: 100 * spent / passed for part, spent in used_since(before, stack).items()}
    return Row(
        path="local stack: idle",
        size=f"{seconds} s",
        ours=sum(used.values()),
        unit="% of a core",
        bar=within(3),
        note=f"Percent of a core: {told(used, 2)}. What is left is the scheduled check, every 3 s: a heartbeat to each"
        " table, which the stream brings to the projector.",
    )


def _sample(stack: Run, folder: Path, invoices: int) -> Row:
    file = SAMPLE
    if invoices < INVOICES:
        file = folder / "few.csv.gz"
        make_sample(SAMPLE, file, invoices)
    seconds, used = _seed(stack, file)
    return Row(
        path="local stack: make seed ALL=1, until all is confirmed",
        size=f"{invoices:,} invoices",
        ours=seconds,
        unit="s",
        bar=within(60),
        note=f"Seconds of processor time: {told(used)}. {_WHY}",
    )


def _year(stack: Run, folder: Path) -> Row:
    seconds, used = _seed(stack, YEAR)
    return Row(
        path="local stack: make seed of a year, until all is confirmed",
        size="the file's invoices",
        ours=seconds,
        unit="s",
        bar=within(_YEAR_SECONDS),
        note=f"Seconds of processor time: {told(used)}.",
        large=True,
    )


def _seed(stack: Run, file: Path) -> tuple[float, Mapping[str, float]]:
    """Load a file. Returns the seconds that it took, and the processor time of each part and of the loader."""
    before, loaders = processor_seconds_of(stack), resource.getrusage(resource.RUSAGE_CHILDREN)

    def seed() -> None:
        command = [sys.executable, "-m", "demo.seed", str(file)]
        done = subprocess.run(command, cwd=ROOT, env=stack.env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr

    seconds = seconds_of(seed)
    used = used_since(before, stack)
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    loading = ended.ru_utime + ended.ru_stime - loaders.ru_utime - loaders.ru_stime
    return seconds, {**used, "the loader": loading}


def told(used: Mapping[str, float], digits: int = 0) -> str:
    """Return what each part used, most first."""
    return ", ".join(f"{part} {used[part]:.{digits}f}" for part in sorted(used, key=lambda part: -used[part]))


def used_since(before: Mapping[str, float], stack: Run) -> dict[str, float]:
    """Return the processor time of each part since `before`."""
    return {part: spent - before.get(part, 0.0) for part, spent in processor_seconds_of(stack).items()}


def processor_seconds_of(stack: Run) -> Mapping[str, float]:
    """Return the processor time of each part of a stack."""
    assert stack.process is not None
    found: defaultdict[str, float] = defaultdict(float)
    for pid, spent in processor_seconds(stack.process.pid).items():
        command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
        found[next((part for text, part in _PARTS.items() if text in command), "the supervisor")] += spent
    return found


def processor_seconds(root: int) -> Mapping[int, float]:
    """Return the processor time of a process and of all its descendants, by process id."""
    children: dict[int, list[int]] = {}
    spent: dict[int, float] = {}
    for pid in (int(folder.name) for folder in Path("/proc").iterdir() if folder.name.isdigit()):
        try:
            parent, spent[pid] = process(pid)
        except OSError:
            continue  # it has ended
        children.setdefault(parent, []).append(pid)
    found = [root]
    for pid in found:
        found += children.get(pid, [])
    return {pid: spent[pid] for pid in found if pid in spent}
