"""`ops react`: make up for what the reactor missed while a stream was lost."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple

import click
from msgspec.structs import replace

from chalicelib.core.composition_root import composition_root
from chalicelib.core.reactor import ReactorDeps
from chalicelib.core.reactor import react as run
from chalicelib.core.reactor.handler import reactor_deps
from chalicelib.core.runtime import Runtime
from chalicelib.core.service import is_head
from chalicelib.core.streams.batches import remaining_ms
from chalicelib.core.streams.dead_letters import DeadLetter
from chalicelib.core.streams.records import as_record
from ops.environment import load, patient_dynamodb, services_of
from ops.failing import WRONG, OpsError
from ops.options import segments_option, service_option
from ops.output import json_option, print_json
from ops.phases import Advance
from ops.progress import phase
from ops.verify.sides import Items

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


_AT_ONCE = 100  # as the reactor's mappings have it


class Looked(NamedTuple):
    """The number of aggregates that the reactor was given, and of records that it set aside."""

    aggregates: int
    set_aside: int


@click.command()
@service_option
@segments_option(4)
@json_option
def react(chosen: tuple[str, ...], segments: int, as_json: bool) -> int:
    """Give every aggregate to the reactor again, to make up for records of a lost stream.

    It is needed after an outage of over 24 hours, which is as long as a stream keeps its records. It does no harm at
    any time, since finished work is not repeated. The exit code is 1 if a record was set aside.
    """
    runtime = load()
    reacted_to = {name: runtime.services[name] for name in composition_root().REACTED_TO}
    services = services_of(reacted_to, chosen)
    looked = [_look(runtime, service.name, segments) for service in services]
    aggregates, set_aside = sum(one.aggregates for one in looked), sum(one.set_aside for one in looked)
    if as_json:
        print_json({"aggregates": aggregates, "set_aside": set_aside})
    else:
        click.echo(f"{aggregates:,} aggregates given to the reactor, {set_aside:,} set aside.")
    return WRONG if set_aside else 0


class _Counted:
    """Passes dead letters on, and counts them."""

    def __init__(self, deps: ReactorDeps) -> None:
        self._dead_letters = deps.dead_letters
        self.ids: set[str] = set()

    def put(self, letter: DeadLetter) -> None:
        """See `DeadLetters.put`."""
        self._dead_letters.put(letter)
        self.ids.add(letter.id)


def _look(runtime: Runtime, service: str, segments: int) -> Looked:
    deps = reactor_deps(runtime)
    letters, patient = _Counted(deps), patient_dynamodb()
    with phase(service, None) as advance, ThreadPoolExecutor(segments) as threads:

        def part(segment: int) -> int:
            ours = replace(deps, dead_letters=letters)
            return sum(_segment(runtime, patient, service, (segment, segments), ours, advance))

        counts = list(threads.map(part, range(segments)))
    return Looked(sum(counts), len(letters.ids))


def _segment(
    runtime: Runtime,
    patient: "DynamoDBClient",
    service: str,
    part: tuple[int, int],
    deps: ReactorDeps,
    advance: Advance,
) -> Iterator[int]:
    """React to one segment of a table, in batches with a minute for each. Yields the size of each batch."""
    table = runtime.settings.table(service)
    arn = f"arn:aws:dynamodb:::table/{table}/stream/none"
    for items in Items(patient, table, is_head).parts(*part):
        for start in range(0, len(items), _AT_ONCE):
            records = [as_record(item, arn) for item in items[start : start + _AT_ONCE]]
            if failed := run(records, replace(deps, remaining_ms=remaining_ms(None))):
                raise OpsError(
                    f"The reactor gave up at {failed[0]}; see above.", "Run it again: nothing is done twice."
                )
            advance(len(records))
            yield len(records)
