"""Progress is one changing line on a terminal. Elsewhere, it is a line at the end of a short run."""

import os
import pty
import subprocess
import sys

RUN = """
from ops.progress import one_line
with one_line("reading") as line:
    line.advance(7)
    line.begin("accounts", 40)
    line.advance(20)
    line.begin("transfers")
    line.advance(20)
"""


def test_a_terminal_has_one_line() -> None:
    """All phases of a run share the line. It ends at 100 %."""
    ours, theirs = pty.openpty()
    with subprocess.Popen([sys.executable, "-c", RUN], stderr=theirs, env={**os.environ, "TERM": "xterm"}) as process:
        os.close(theirs)
        shown = b""
        try:
            while part := os.read(ours, 1024):
                shown += part
        except OSError:  # Linux reports so that nobody writes any more
            pass
        os.close(ours)
    assert process.returncode == 0
    assert shown.count(b"\n") == 1
    assert b"transfers" in shown
    assert b"100%" in shown


def test_elsewhere_it_is_told() -> None:
    """Work that was done before the number was known does not count. The end has no estimate."""
    done = subprocess.run([sys.executable, "-c", RUN], capture_output=True, text=True, check=True)
    assert done.stderr.startswith("transfers: 40, ")
    assert done.stderr.count("\n") == 1
