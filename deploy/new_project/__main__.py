"""`python -m deploy.new_project ../desk tickets` writes a project with one service on this engine."""

# ruff: noqa: T201  # a command line

import argparse
import sys
from pathlib import Path

from deploy.new_project.write import CannotWrite, write


def main() -> int:
    """Write a project, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m deploy.new_project", description=__doc__)
    parser.add_argument("dest", help="the folder to make, outside of this repository")
    parser.add_argument("service", help="the first service, in the plural where it has one: tickets")
    arguments = parser.parse_args()
    try:
        dest = write(arguments.dest, arguments.service)
    except CannotWrite as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    print(f"\n{dest} is written. Next: cd {Path(arguments.dest)}; make run; its README.md leads on.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
