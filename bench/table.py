"""The output of rows: on the terminal, and in docs/performance.md."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

from bench.kept import Part, Run
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


def page(parts: Sequence[Part], described: Mapping[str, str]) -> str:
    """Return docs/performance.md.

    Args:
        parts: the rows of all paths, those of one path in sequence.
        described: the description of each path: what was measured, and how.
    """
    runs = list(dict.fromkeys(part.run for part in parts))
    every = [row for part in parts for row in part.rows]
    text = [PAGE_HEAD, _circumstances(runs), "## The table\n", _markdown(parts, runs)]
    missed = [row for row in every if row.reached is False]
    if missed:
        text += ["## Bars that are not reached\n", _by_note(missed)]
    text.append("## What was measured, and how\n")
    for name, found in groupby(parts, lambda part: part.name):
        of_path = list(found)
        text += [f"### {name}\n", described[name].strip() + "\n", "".join(_measured(part, runs) for part in of_path)]
        noted = [row for part in of_path for row in part.rows if row.note and row.reached is not False]
        text += [_by_note(noted)] if noted else []
    return "\n".join(text)


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


def _markdown(parts: Sequence[Part], runs: Sequence[Run]) -> str:
    lines = [HEADINGS, ("---",) * len(HEADINGS), *(_cells(row) for part in parts for row in part.rows)]
    if len(runs) > 1:
        numbers = [str(runs.index(part.run) + 1) for part in parts for _ in part.rows]
        lines = [(*line, number) for line, number in zip(lines, ("run", "---", *numbers), strict=True)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _by_note(rows: Iterable[Row]) -> str:
    """Return an item for each note, with all rows that have it."""
    by_note: dict[str, dict[str, None]] = {}
    for row in rows:
        by_note.setdefault(row.note or "No reason is known yet.", {})[_titled(row)] = None
    return "".join(f"- **{'; '.join(titles)}.** {note}\n" for note, titles in by_note.items())


def _titled(row: Row) -> str:
    return row.path + (f", beside {row.beside}" if row.beside else "") + (f" ({row.size})" if row.large else "")


def _circumstances(runs: Sequence[Run]) -> str:
    if len(runs) == 1:
        return "".join(f"- {line}\n" for line in _lines(runs[0]))
    intro = "These runs measured it. The table's last column is the number of the run that measured a row.\n\n"
    return intro + "".join(f"{number}. {'. '.join(_lines(run))}.\n" for number, run in enumerate(runs, 1))


def _lines(run: Run) -> tuple[str, ...]:
    return (
        f"Command: `{run.command}`",
        f"Date: {run.date}, at commit {run.commit}",
        f"Machine: {run.machine}",
        f"Software: {run.software}",
    )


def _measured(part: Part, runs: Sequence[Run]) -> str:
    """Return how long a part took, and how busy others kept the machine."""
    what = "The large rows" if part.large else "It"
    run = f" in run {runs.index(part.run) + 1}" if len(runs) > 1 else ""
    return f"{what} took {part.seconds:,.0f} s{run}. Meanwhile other programs used {part.others:.0%} of the machine.\n"
