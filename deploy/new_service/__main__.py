"""`python -m deploy.new_service gift_cards` writes a first version of a service."""

# ruff: noqa: T201  # a command line

import argparse
import sys

from chalicelib.core.composition_root import HalfWired


def main() -> int:
    """Write a service, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m deploy.new_service", description=__doc__)
    parser.add_argument("name", help="of the service, in the plural where it has one: gift_cards")
    name = parser.parse_args().name
    try:
        return _write(name)
    except HalfWired as error:
        print(f"\n{error}", file=sys.stderr)
        return 1


def _write(name: str) -> int:
    from deploy.new_service.naming import BadName, names_of  # imports the services, whose wiring may be incomplete
    from deploy.new_service.write import write

    try:
        names = names_of(name)
        write(names)
    except BadName as error:
        print(f"\nCannot be a service's name: {error}", file=sys.stderr)
        return 1
    print(
        f"\nchalicelib/{names.service} is written, wired in chalicelib/bootstrap.py, and generated for."
        f"\nmake test   runs its rules with the rest; make run   serves /{names.route}."
        f"\nTo take it out: delete the folder and its line in bootstrap.py, and run `make generate`."
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
