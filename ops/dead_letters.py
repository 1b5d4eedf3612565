"""`ops dead-letters list`, `show`, `redrive` and `discard`."""

from collections.abc import Iterator

import click

from chalicelib.core.dynamodb.codec import decode_item
from chalicelib.core.operations.dead_letters.letters import Letter, Letters, Wanted
from chalicelib.core.operations.dead_letters.redrive import redrive as run
from chalicelib.core.runtime import Runtime
from ops.environment import load, operator, services_of
from ops.failing import WRONG, OpsError
from ops.output import json_option, print_json, table, terminal
from ops.progress import phase

_service = click.option("--service", metavar="NAME", help="The letters of one service.")
_ids = click.argument("ids", nargs=-1, metavar="[ID]...")
_all = click.option("--all", "everything", is_flag=True, help="All open letters.")


@click.group(name="dead-letters")
def dead_letters() -> None:
    """List, show, redrive or discard the records that the projector and the reactor set aside."""


@dead_letters.command(name="list")
@_service
@click.option("--discarded", is_flag=True, help="The discarded letters, with the reasons.")
@json_option
def list_letters(service: str | None, discarded: bool, as_json: bool) -> int:
    """List the open dead letters, the oldest first."""
    found = sorted(_all_of(load(), service, discarded=discarded), key=lambda letter: (letter.at, letter.id))
    if as_json:
        print_json({"dead_letters": [letter._asdict() for letter in found]})
    elif found and discarded:
        given_up = [(one.id, one.error, one.discarded_at, one.discarded_by, one.reason) for one in found]
        terminal().print(table("", ("id", "error", "discarded at", "by", "reason"), given_up))
    elif found:
        terminal().print(table("", ("id", "set aside at", "error"), [(one.id, one.at, one.error) for one in found]))
    else:
        click.echo("There are no dead letters.")
    return 0


@dead_letters.command()
@click.argument("id")
@json_option
def show(id: str, as_json: bool) -> int:
    """Show a dead letter: what was wrong, also before it was redriven in vain, and the record itself."""
    letter, record = Letters(load()).get(id)
    image = record.get("dynamodb", {}).get("NewImage", {})
    if as_json:
        print_json({**letter._asdict(), "record": record})
        return 0
    terminal().print(table("", ("", ""), [(name, value) for name, value in _facts(letter).items()]))
    for earlier in letter.history:
        click.echo(f"{earlier['at']} {earlier['error']} (redriven by {earlier['redriven_by'] or '?'})")
    terminal().print_json(data=_readable(image), default=str)
    return 0


@dead_letters.command()
@_ids
@_all
@_service
@json_option
def redrive(ids: tuple[str, ...], everything: bool, service: str | None, as_json: bool) -> int:
    """Handle dead letters again, after their cause was fixed.

    The one that set a record aside, projector or reactor, handles it again, in order of versions and with its usual
    guards: nothing newer is overwritten, and nothing is done twice. If a record is refused again, its letter stays,
    with the new error, and the exit code is 1.
    """
    runtime = load()
    chosen = _chosen(runtime, ids, everything, service)
    with phase("redrive", len(chosen)) as advance:
        outcomes = list(run(chosen, runtime, operator(), advance))
    refused = [outcome for outcome in outcomes if outcome.error]
    if as_json:
        print_json({"redriven": len(outcomes) - len(refused), "refused": [outcome._asdict() for outcome in refused]})
    else:
        if refused:
            terminal().print(table("", ("refused again", "error"), [(one.id, one.error) for one in refused]))
        click.echo(f"{len(outcomes) - len(refused):,} handled, {len(refused):,} refused again.")
    return WRONG if refused else 0


@dead_letters.command()
@_ids
@_all
@_service
@click.option("--reason", required=True, help="The reason why nobody needs them. It is kept.")
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@json_option
def discard(ids: tuple[str, ...], everything: bool, service: str | None, reason: str, yes: bool, as_json: bool) -> int:
    """Give dead letters up without handling them. Their records are removed for good, and the reason is kept.

    `verify` still reports rows that are wrong because of them. `list --discarded` shows the discarded letters.
    """
    runtime = load()
    letters = Letters(runtime)
    chosen = _chosen(runtime, ids, everything, service)
    if chosen and not yes:
        click.confirm(f"Discard {len(chosen):,} dead letters for good?", abort=True, err=True)
    gone = sum(letters.discard(letter, reason, operator()) for letter in chosen)
    if as_json:
        print_json({"discarded": gone})
    else:
        click.echo(f"{gone:,} discarded.")
    return 0


def _chosen(runtime: Runtime, ids: tuple[str, ...], everything: bool, service: str | None) -> list[Letter]:
    """The letters that the command line names. Naming nothing is an error, since it does not mean all."""
    if bool(ids) == bool(everything or service):
        raise OpsError(
            "Name the letters: ids, or --all, or --service.", "`python -m ops dead-letters list` shows them."
        )
    if ids:
        return [Letters(runtime).find(id) for id in dict.fromkeys(ids)]
    return list(_all_of(runtime, service))


def _all_of(runtime: Runtime, service: str | None, *, discarded: bool = False) -> Iterator[Letter]:
    if service:
        services_of(runtime.services, [service])
    return Letters(runtime).all(Wanted(service=service or "", discarded=discarded))


def _facts(letter: Letter) -> dict[str, object]:
    return {name: value for name, value in letter._asdict().items() if value not in ("", 0, ()) and name != "history"}


def _readable(image: dict[str, object]) -> object:
    """The image as plain data; unchanged if it cannot be decoded."""
    try:
        return decode_item(image)  # type: ignore[arg-type]
    except ValueError:
        return image
