"""`ops erase`."""

from dataclasses import asdict

import click

from chalicelib.core.mysql.connections import connect
from ops.environment import load, operator, patient_dynamodb
from ops.erase.run import EraseJob, EraseReport
from ops.erase.run import erase as run
from ops.failing import WRONG, OpsError
from ops.options import segments_option
from ops.output import json_option, print_json, table, terminal
from ops.progress import phase


@click.command()
@click.argument("person", metavar="ID")
@click.option("--yes", is_flag=True, help="Do not ask.")
@segments_option(EraseJob.segments)
@json_option
def erase(person: str, yes: bool, segments: int, as_json: bool) -> int:
    """Erase the personal data of a person, by the id that their aggregates belong to.

    Erases what the services declare as personal: in the write model, the read model, the timeline and the dead letters.
    Ids, numbers and times stay, so figures stay right. Prints what is left until it expires, and until when. Killed, it
    is run again. Ends with 1 when something could not be erased.
    """
    try:
        person.encode()
    except UnicodeEncodeError as error:
        raise OpsError("The id is not valid UTF-8.", "Give the id as the API shows it.") from error
    runtime = load()
    url = runtime.settings.need("database_url")
    if not yes:
        click.confirm(f"Erase the personal data of {person} for good?", abort=True, err=True)
    job = EraseJob(
        runtime=runtime,
        dynamodb=patient_dynamodb(),
        connect=lambda: connect(url),
        actor=operator(),
        phase=phase,
        segments=segments,
    )
    report = run(job, person)
    if as_json:
        print_json(asdict(report) | {"letters": report.letters._asdict(), "remains": _remains(report)})
    else:
        _print(report)
    return WRONG if report.faults else 0


def _remains(report: EraseReport) -> list[dict[str, str]]:
    return [each._asdict() for each in report.remains]


def _print(report: EraseReport) -> None:
    found = ", ".join(f"{count:,} of {name}" for name, count in sorted(report.aggregates.items()))
    click.echo(
        f"Aggregates: {found or 'none'}; {report.committed:,} erased now. Timeline rows erased: {report.timeline:,}."
        f" Claims removed: {report.claims:,}. Dead letters erased: {report.letters.letters:,}."
    )
    if report.faults:
        terminal().print(table("Not erased", ("what", "why"), sorted(report.faults.items())))
        click.echo("Correct what is wrong, and run this again.")
    terminal().print(table("What remains", ("what", "where", "until"), report.remains))
    click.echo("Run this again after the streams' time: it then also finds what was on its way now.")
