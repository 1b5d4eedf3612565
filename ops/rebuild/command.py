"""`ops rebuild`."""

import click

from ops.environment import load, patient_dynamodb, patient_mysql, services_of
from ops.failing import WRONG, OpsError
from ops.options import segments_option, service_option
from ops.output import json_option, print_json, table, terminal
from ops.progress import phase
from ops.rebuild.run import RebuildJob, RebuildResult
from ops.rebuild.run import abandon as drop
from ops.rebuild.run import rebuild as run


@click.command()
@service_option
@click.option("--resume", is_flag=True, help="Resume a rebuild that was stopped.")
@click.option("--abandon", is_flag=True, help="Drop a rebuild that was stopped. The tables in use are not changed.")
@click.option(
    "--settle",
    type=click.FloatRange(min=0),
    default=RebuildJob.settle_seconds,
    show_default=True,
    help="As for verify.",
)
@segments_option(RebuildJob.segments)
@json_option
def rebuild(chosen: tuple[str, ...], resume: bool, abandon: bool, settle: float, segments: int, as_json: bool) -> int:
    """Build the read tables anew from the write model, and swap them, while everything runs.

    It is needed when a projection makes other rows than before (docs/howto-change-a-read-model.md). The timeline is not
    changed. Do not migrate meanwhile. If a rebuild is killed, resume or abandon it; queries keep using the old tables.
    """
    if (resume and abandon) or (chosen and (resume or abandon)):
        raise OpsError(
            "--resume and --abandon cannot be combined with each other, or with --service.",
            "A stopped rebuild knows its services.",
        )
    runtime = load(changes_tables=True)
    url = runtime.settings.need("database_url")
    job = RebuildJob(
        services=services_of(runtime.services, chosen),
        table_of=runtime.settings.table,
        dynamodb=patient_dynamodb(),
        connect=lambda: patient_mysql(url),
        phase=phase,
        segments=segments,
        settle_seconds=settle,
    )
    if abandon:
        return _abandon(job, as_json)
    outcome = run(job, resume=resume)
    if as_json:
        print_json(_as_document(outcome))
    else:
        _print(outcome)
    return 0 if outcome.swapped else WRONG


def _abandon(job: RebuildJob, as_json: bool) -> int:
    names = drop(job)
    if as_json:
        print_json({"abandoned": names})
    else:
        click.echo(f"Abandoned: {', '.join(names)}." if names else "There was no rebuild.")
    return 0


def _as_document(outcome: RebuildResult) -> dict[str, object]:
    return {
        **outcome._asdict(),
        "seconds": round(outcome.seconds, 1),
        "swapped": outcome.swapped,
        "refused": [refused._asdict() for refused in outcome.refused],
        "drift": [drift._asdict() for drift in outcome.drift],
    }


def _print(outcome: RebuildResult) -> None:
    if outcome.refused:
        terminal().print(table("No rows can be made of", ("id", "error"), outcome.refused))
    if outcome.drift:
        rows = [(drift.kind.value, drift.table, drift.key, drift.detail) for drift in outcome.drift]
        terminal().print(table("Wrong in the new tables", ("what", "table", "key", "detail"), rows))
    names = ", ".join(outcome.services)
    if outcome.swapped:
        click.echo(f"{names}: {outcome.items:,} items in {outcome.seconds:.1f} s. The new tables are in use.")
    else:
        click.echo(
            f"{names}: not swapped. The old tables stay in use. Correct the faults named above and continue with"
            " `python -m ops rebuild --resume`, or drop it with --abandon."
        )
