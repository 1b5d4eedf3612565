"""The processor time and the memory of other processes, as the kernel gives them in /proc."""

import os
from pathlib import Path
from typing import NamedTuple


class Process(NamedTuple):
    """A process: its parent's id, and the processor time that it has used, in seconds, in hundredths."""

    parent: int
    cpu_seconds: float


def process(pid: int) -> Process:
    """Return what there is to know of a process.

    Raises:
        OSError: there is no such process.
    """
    # The state, proc(5)'s third field, is the first here. The second, the command's name, may hold blanks.
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return Process(int(fields[1]), (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"))


def megabytes(pid: int, name: str) -> float:
    """Return a figure of a process's memory: VmRSS, what it has now, or VmHWM, the most so far; 0 if there is none."""
    try:
        _, found, rest = Path(f"/proc/{pid}/status").read_text().partition(f"{name}:")
    except OSError:
        return 0.0
    return int(rest.split()[0]) / 1024 if found else 0.0
