"""`python -m demo.load`: a mixed load on a running stack, every answer checked."""

import sys

from demo.load.command import load
from ops.failing import Command

if __name__ == "__main__":
    sys.exit(Command(load, None, "python -m demo.load").run())
