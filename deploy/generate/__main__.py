"""`python -m deploy.generate` writes the files that follow from the services' declarations. `--check` only compares."""

# ruff: noqa: T201  # a command line

import argparse
import sys

from chalicelib.core.composition_root import HalfWired


def main() -> int:
    """Generate or compare, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m deploy.generate", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail where something is not current")
    check = parser.parse_args().check
    try:
        return _generate(check)
    except HalfWired as error:
        print(f"\n{error}", file=sys.stderr)
        return 1


def _generate(check: bool) -> int:
    from deploy.generate import files  # imports the services, whose wiring may be incomplete

    try:
        files.check_schemas()
    except files.CannotRead as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    if check:
        stale = files.stale()
        if stale:
            print(
                f"\nNot current: {', '.join(stale)}. Run `make generate`, and commit what it writes.", file=sys.stderr
            )
        return 1 if stale else 0
    changed = files.write()
    print(f"Written: {', '.join(changed)}" if changed else "All is current already.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
