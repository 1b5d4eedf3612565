"""`python -m deploy.site` builds the documentation site into .site/site. `--serve PORT` serves it."""

# ruff: noqa: T201  # a command line

import argparse
import sys

from deploy.site.build import FOLDER, CannotBuild, build, serve


def main() -> int:
    """Build or serve the site, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m deploy.site", description=__doc__)
    parser.add_argument("--serve", type=int, metavar="PORT", help="serve it at this port of this machine")
    port = parser.parse_args().serve
    try:
        if port:
            return serve(port)
        print(f"The site is built: {build().relative_to(FOLDER.parent)}/index.html. No warning, no broken link.")
    except CannotBuild as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
