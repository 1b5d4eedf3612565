"""`python -m demo.seed [FILE]`: load the sample, or a file, into a running Tributary."""

import argparse
import sys
from pathlib import Path

from demo.local_access import access
from demo.seed import __doc__ as rules
from demo.seed.loader import Run, SeedOptions
from demo.seed.survey import Survey
from demo.seed.table import BadFile
from demo.seed.tally import SeedTally, summary
from local.load.client import CannotGoOn
from ops.failing import OpsError

_SAMPLES = Path(__file__).parent / "sample"
SAMPLE = _SAMPLES / "online-retail-sample.csv.gz"
SMALL = _SAMPLES / "online-retail-small.csv.gz"
INTERRUPTED = 130


def main(arguments: list[str] | None = None) -> int:
    """Run the loader. Return 0, 1 if something failed, or 130 after Ctrl-C."""
    try:
        options = _options(arguments)
    except OpsError as error:
        print(error.told, file=sys.stderr)
        return 1
    run = Run(options)
    code = 1
    try:
        run.run()
        code = 1 if run.tally.failures else 0
    except (BadFile, CannotGoOn) as error:
        print(f"\n{error}", file=sys.stderr)
    except KeyboardInterrupt:
        print("\nInterrupted. Start it again to go on: nothing is loaded twice.", file=sys.stderr)
        code = INTERRUPTED
    _tell(run.survey, run.tally, options.wait)
    if not code:
        print(f"Look at them in the console: {options.url}/#/orders")
        if first := run.survey.first[:10]:
            print(f"and at the sales: {options.url}/#/reports/sales?from={first}&to={run.survey.last[:10]}")
    return code


def _tell(survey: Survey, tally: SeedTally, waited: bool) -> None:
    for reason, examples in survey.skips.examples.items():
        if reason.is_odd:
            print(f"skipped, {reason}:\n  " + "\n  ".join(examples), file=sys.stderr)
    for message in tally.messages:
        print(f"failed: {message}", file=sys.stderr)
    print(summary(survey, tally, waited))


def _options(arguments: list[str] | None) -> SeedOptions:
    parser = argparse.ArgumentParser(
        prog="python -m demo.seed", description=rules, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "file", nargs="?", type=Path, default=SMALL, help="CSV, plain or gzipped; default: the small sample"
    )
    parser.add_argument("--url", help="of the API (default: the local stack's)")
    parser.add_argument("--token", help="an admin's JWT (default: $TRIBUTARY_TOKEN, else one of the local stack's)")
    parser.add_argument("--no-wait", dest="wait", action="store_false", help="do not wait for orders to be confirmed")
    parser.add_argument(
        "--workers", type=int, default=SeedOptions.workers, help="requests at once (default: %(default)s)"
    )
    parser.add_argument(
        "--patience", type=float, default=SeedOptions.patience, help="seconds to try a request (default: %(default)s)"
    )
    given = parser.parse_args(arguments)
    if given.workers < 1:
        parser.error("--workers must be at least 1")
    return SeedOptions(given.file, *access(given.url, given.token), given.wait, given.workers, given.patience)


if __name__ == "__main__":
    sys.exit(main())
