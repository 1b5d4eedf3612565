"""The local stack's commands: `python -m local run` and `python -m local token`."""

import argparse
import sys

from chalicelib.core.composition_root import composition_root
from local import LocalError, keys
from local.config import Config


def main() -> int:
    """Run a command. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m local", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("run", help="start AWS, MySQL, the API and the pump; Ctrl-C stops them")
    token = commands.add_parser("token", help="print a signed JWT")
    token.add_argument("--role", required=True, help=", ".join(composition_root().PERMISSIONS.roles))
    token.add_argument("--sub", default="", help="who it is for; the owner's id with a role that may see its own only")
    arguments = parser.parse_args()
    try:
        if arguments.command == "token":
            print(keys.local_token(arguments.role, arguments.sub))
        else:
            from local.run import run

            run(Config.from_env())
    except LocalError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
