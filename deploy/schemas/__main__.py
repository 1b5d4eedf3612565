"""`python -m deploy.schemas` writes schema/ from the declared states and events."""

# ruff: noqa: T201  # a command line

import sys

from chalicelib.core.composition_root import HalfWired


def main() -> int:
    """Write the files, and return the exit code: 1, with nothing written, if stored data could no longer be read."""
    try:
        return _write()
    except HalfWired as error:
        print(f"\n{error}", file=sys.stderr)
        return 1


def _write() -> int:
    from deploy.generate import files  # imports the services, whose wiring may be incomplete

    try:
        changed = files.write(below="schema/")
    except files.CannotRead as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    print(f"Written: {', '.join(changed)}" if changed else "schema/ is current already.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
