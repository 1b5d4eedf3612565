"""The page of measurements: it is written from rows that are kept, and says when each was measured."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from bench import kept, table
from bench.kept import OtherWork, Part, Run
from bench.rows import Row, at_least, within

ORDER = ("query", "rebuild")
DESCRIBED = {"query": "A query.", "rebuild": "A rebuild."}


def run(command: str) -> Run:
    """Return the circumstances of a run."""
    return Run(command, "2026-11-26 06:50 UTC", "8f802e9", "a machine", "a database")


def part(name: str, rows: list[Row], command: str = "make bench") -> Part:
    """Return rows of a path, as a run measured them."""
    return Part(name, run(command), 12.0, 0.07, rows)


def row(path: str, ours: float = 2.0, *, large: bool = False, note: str = "") -> Row:
    """Return a row that misses its bar unless ours is 3 or more."""
    return Row(
        path=path,
        size="some",
        ours=ours,
        unit="ms",
        beside="bare",
        figure=1.0,
        bar=at_least(3),
        note=note,
        large=large,
    )


def test_rows_are_kept(tmp_path: Path) -> None:
    """Rows that were kept come back the same, with either kind of bar and with none."""
    rows = [
        row("a"),
        Row(path="b", size="", ours=1.0, unit="MB", bar=within(2)),
        Row(path="c", size="", ours=1.0, unit="s"),
    ]
    measured = part("query", rows)
    assert kept.keep(tmp_path / "page.md", [measured], ORDER) == [measured]
    assert kept.read(tmp_path / "page.md") == [measured]


def test_a_path_is_replaced_and_the_others_stay(tmp_path: Path) -> None:
    """A run replaces the rows of its paths. It keeps the other paths, and the large rows if it measured none."""
    page = tmp_path / "page.md"
    kept.keep(page, [part("rebuild", [row("old"), row("old large", large=True)]), part("query", [row("one")])], ORDER)
    parts = kept.keep(page, [part("rebuild", [row("new")], "make bench ONLY=rebuild")], ORDER)
    assert [(each.name, each.large, each.rows[0].path, each.run.command) for each in parts] == [
        ("query", False, "one", "make bench"),
        ("rebuild", False, "new", "make bench ONLY=rebuild"),
        ("rebuild", True, "old large", "make bench"),
    ]
    parts = kept.keep(page, [part("rebuild", [row("newer"), row("newer large", large=True)])], ORDER)
    assert [each.rows[0].path for each in parts] == ["one", "newer", "newer large"]


def test_each_row_names_its_run() -> None:
    """If several runs measured the rows, each row has the number of its run; otherwise the run is described once."""
    once = table.page([part("query", [row("one")]), part("rebuild", [row("two")])], DESCRIBED)
    assert "- Command: `make bench`\n" in once
    assert "| path | size |" in once
    assert "| reached |\n" in once
    twice = table.page(
        [part("query", [row("one")]), part("rebuild", [row("two")], "make bench ONLY=rebuild")], DESCRIBED
    )
    assert "1. Command: `make bench`." in twice
    assert "2. Command: `make bench ONLY=rebuild`." in twice
    assert "| NO | 1 |\n| two |" in twice
    assert twice.count("| NO | 2 |\n") == 1
    assert "other programs used 7% of the machine" in twice


def test_rows_with_one_note_are_one_item() -> None:
    """A reason is printed once, with all rows that it holds for; so is a note of bars that are reached."""
    found = [
        row("slow one", note="Both wait."),
        row("slow two", note="Both wait."),
        row("fast one", 9, note="Fine."),
        row("fast two", 9, note="Fine."),
    ]
    page = table.page([part("query", found)], DESCRIBED)
    assert "- **slow one, beside bare; slow two, beside bare.** Both wait.\n" in page
    assert "- **fast one, beside bare; fast two, beside bare.** Fine.\n" in page
    assert (page.count("Both wait."), page.count("Fine.")) == (1, 1)


BURN = "import time\nwhile time.process_time() < 1: pass\nprint('burnt', flush=True)\ninput()"


def burnt(while_it_lives: Callable[[], object]) -> None:
    """Run a process that uses a second of processor time, and call a function before it ends."""
    with subprocess.Popen([sys.executable, "-c", BURN], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"burnt\n"
        while_it_lives()
        child.communicate(b"\n")


def test_work_of_others_is_told_apart() -> None:
    """A process counts among the others until it has ended as a child of this one; then it is our own work."""
    work, before, found = OtherWork(), kept.own_seconds(), list[float]()
    burnt(lambda: found.extend((work.seconds(), kept.own_seconds() - before)))
    others, own = found
    assert others >= 0.9
    assert kept.own_seconds() - before >= own + 0.9
