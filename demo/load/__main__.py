"""`python -m demo.load`: a mixed load on a running stack, with every answer checked."""

import sys

from demo.load.command import load
from ops.failing import CommandLine

if __name__ == "__main__":
    sys.exit(CommandLine(load, None, "python -m demo.load").run())
