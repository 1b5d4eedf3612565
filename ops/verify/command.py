"""`ops verify`."""

from collections.abc import Iterator

import click

from chalicelib.core.mysql.connections import connect
from chalicelib.core.projector.generations import in_use
from chalicelib.core.service import Projection, Service
from ops.environment import load, patient_dynamodb, patient_mysql, services_of
from ops.failing import WRONG
from ops.options import segments_option, service_option
from ops.output import json_option, print_json, table, terminal
from ops.progress import phase
from ops.verify.drift import NOT_REPAIRABLE, Drift
from ops.verify.outcome import keep_outcome
from ops.verify.run import Target, VerifyOptions, VerifyReport
from ops.verify.run import verify as run


@click.command()
@click.option("--repair", is_flag=True, help="Repair the differences.")
@service_option
@click.option(
    "--settle",
    type=click.FloatRange(min=0),
    default=VerifyOptions.settle_seconds,
    show_default=True,
    help="Seconds that the read model may take to catch up before a difference counts.",
)
@segments_option(VerifyOptions.segments)
@json_option
def verify(repair: bool, chosen: tuple[str, ...], settle: float, segments: int, as_json: bool) -> int:
    """Compare the read model with the write model, row by row, and the summaries with their sums.

    The exit code is 1 if a difference was not repaired, or if a rebuild swapped the tables meanwhile, so that verify
    has to be run again. It does no harm while commands arrive. GET /status and the console tell the outcome.
    """
    runtime = load()
    url = runtime.settings.need("database_url")
    targets = [
        Target(service, runtime.settings.table(service.name), live(url, service))
        for service in services_of(runtime.services, chosen)
    ]
    report = run(
        targets,
        patient_dynamodb(),
        lambda: patient_mysql(url),
        VerifyOptions(repair=repair, settle_seconds=settle, segments=segments),
        phase=phase,
    )
    keep_outcome(lambda: patient_mysql(url), [target.service.name for target in targets], report)
    if as_json:
        print_json(as_document(report))
    else:
        _print(report)
    return WRONG if report.left or report.rebuilt else 0


def live(url: str, service: Service) -> Projection:
    """The projection that writes the tables in use."""
    connection = connect(url)
    try:
        connection.query("START TRANSACTION")
        return in_use(connection, service).projections[0]
    finally:
        connection.close()


def as_document(report: VerifyReport) -> dict[str, object]:
    """The report as JSON."""
    return {
        "items": report.items,
        "rows": report.rows,
        "drift": {kind.value: count for kind, count in sorted(report.counts.items())},
        "repaired": report.repaired,
        "left": report.left,
        "rebuilt": report.rebuilt,
        "seconds": round(report.seconds, 1),
        "examples": [drift._asdict() for drift in report.examples],
    }


def _print(report: VerifyReport) -> None:
    if report.examples:
        rows = [_row(drift) for drift in report.examples]
        terminal().print(table("", ("what", "service", "table", "key", "detail", "outcome"), rows))
    more = report.counts.total() - len(report.examples)
    if more > 0:
        click.echo(f"and {more:,} more")
    click.echo(
        f"{report.items:,} items and {report.rows:,} rows compared in {report.seconds:.1f} s: {conclusion(report)}"
    )


def _row(drift: Drift) -> tuple[str, ...]:
    return drift.kind.value, drift.service, drift.table, drift.key, drift.detail, drift.outcome


def conclusion(report: VerifyReport) -> str:
    """The result in a sentence or two."""
    if report.rebuilt:
        return (
            f"the tables of {', '.join(report.rebuilt)} were rebuilt meanwhile, and the differences may be in the old"
            f" ones ({report.repaired:,} repaired, {report.left:,} left). Run it again."
        )
    if not report.counts:
        return "write model, read model and summaries agree."
    counts = ", ".join(f"{count:,} {kind.value}" for kind, count in sorted(report.counts.items()))
    done = f"; {report.repaired:,} repaired, {report.left:,} left" if report.repair else ""
    return " ".join([f"{counts}{done}.", *_advice(report)])


def _advice(report: VerifyReport) -> Iterator[str]:
    """What to do about the remaining differences, depending on what this run has tried."""
    if report.counts.keys() - NOT_REPAIRABLE and not report.repair:
        rest = " the rest of" if report.counts.keys() & NOT_REPAIRABLE.keys() else ""
        yield f"`python -m ops verify --repair` repairs{rest} that."
    elif report.repair and report.left > sum(report.counts[kind] for kind in NOT_REPAIRABLE):
        yield "The `outcome` of each difference says why it was left."
    for kind, advice in NOT_REPAIRABLE.items():
        if report.counts[kind]:
            yield f"{kind.value.capitalize()}: {advice}."
