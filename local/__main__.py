"""The local stack: `python -m local run`."""

import argparse
import sys

from chalicelib.core.composition_root import HalfWired
from local import LocalError, message_of
from local.config import Config


def main() -> int:
    """Run a command. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m local", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("run", help="start AWS, MySQL, the API and the pump; Ctrl-C stops them")
    parser.parse_args()
    try:
        from local.run import run

        return run(Config.from_env())
    except HalfWired as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except (LocalError, OSError) as error:
        print(f"\n{message_of(error)}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
