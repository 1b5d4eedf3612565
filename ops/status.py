"""`ops status`."""

import time
from typing import Any, NoReturn

import click
import msgspec
from rich.live import Live
from rich.table import Table

from chalicelib.core.operations.queries import RebuildStatus, Status, get_status
from chalicelib.core.queries.snapshot import ask
from chalicelib.core.runtime import Runtime
from ops.environment import load
from ops.interrupting import interruptible
from ops.output import json_option, print_json, table, terminal

# A page of a scan takes a second or so.
_IDLE_SECONDS = 30


@click.command()
@click.option("--watch", is_flag=True, help="Show it again and again, until Ctrl-C or SIGTERM.")
@click.option(
    "--interval",
    type=click.FloatRange(min=0.1),
    default=2.0,
    show_default=True,
    help="Seconds between two updates, with --watch.",
)
@json_option
def status(watch: bool, interval: float, as_json: bool) -> int:
    """Show how far the read model is behind, the dead letters, and the progress of a rebuild.

    It shows the last result of the scheduled check, with its age. With --watch --json it prints a line each time.
    """
    runtime = load()
    if watch:
        with interruptible():
            _watch(runtime, interval, as_json)
    elif as_json:
        print_json(msgspec.to_builtins(_look(runtime)))
    else:
        terminal().print(_table(_look(runtime)))
    return 0


def _watch(runtime: Runtime, interval: float, as_json: bool) -> NoReturn:
    """Show the status again and again, until an exception ends it."""
    if as_json:
        while True:
            print_json(msgspec.to_builtins(_look(runtime)))
            time.sleep(interval)
    with Live(_table(_look(runtime)), console=terminal(), auto_refresh=False) as live:
        while True:
            time.sleep(interval)
            live.update(_table(_look(runtime)), refresh=True)


def _look(runtime: Runtime) -> Status:
    return ask(runtime.readers, (), 0, {}, get_status, runtime.settings.query_seconds)


def _table(found: Status) -> Table:
    shown = table(
        "", ("service", "lag", "dead letters", "checked", "rebuild"), [_row(service) for service in found.services]
    )
    if not found.services:
        shown.title = "There is no status yet. The scheduled check runs every minute."
    return shown


def _row(service: Any) -> tuple[Any, ...]:
    lag = "not known" if service.lag_seconds is None else f"{service.lag_seconds:.1f} s"
    if service.stuck:
        lag = f"stands still, {service.waiting_seconds:.0f} s"
    age = f"{service.age_seconds:.0f} s ago"
    if service.check_overdue:
        age += ": the scheduled check is not running"
    return service.service, lag, service.dead_letters, age, _rebuild(service.rebuild)


def _rebuild(found: RebuildStatus | None) -> str | None:
    if found is None:
        return None
    share = f" of {found.expected:,}" if found.expected else ""
    if found.eta_seconds == 0:
        end = ", scanned: being verified, or to be resumed"
    else:
        end = "" if found.eta_seconds is None else f", {found.eta_seconds:.0f} s left"
    idle = f"; no progress for {found.age_seconds:.0f} s, resume it?" if found.age_seconds > _IDLE_SECONDS else ""
    return f"{found.items:,}{share}{end}{idle}"
