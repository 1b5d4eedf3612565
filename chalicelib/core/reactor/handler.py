"""The reactor as a Lambda function: takes a stream's event, returns the response for the event source mapping."""

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from chalicelib.core.reactor.follow_ups import ReactorDeps
from chalicelib.core.reactor.react import SEGMENT, react
from chalicelib.core.runtime import Runtime
from chalicelib.core.streams.batches import batch_response, remaining_ms
from chalicelib.core.streams.dead_letters import dead_letters_of
from chalicelib.core.telemetry import log, tracing


def react_to_event(event: Mapping[str, Any], context: object, runtime: Runtime) -> dict[str, Any]:
    """React to one event of a DynamoDB stream.

    Returns:
        As `batch_response` does.

    Raises:
        BatchFailed: likewise.
    """
    deps = runtime.once("reactor", lambda: reactor_deps(runtime))
    with log.about_call(context), tracing.segment(SEGMENT):
        failed = react(event["Records"], replace(deps, remaining_ms=remaining_ms(context)))
    return batch_response(failed, partial=runtime.settings.partial_batch)


def reactor_deps(runtime: Runtime) -> ReactorDeps:
    """The dependencies of the reactor, from the environment. Without a Lambda context it has one minute."""
    return ReactorDeps(
        services=runtime.services,
        table=runtime.settings.table,
        store=runtime.store,
        dead_letters=dead_letters_of(runtime),
        remaining_ms=remaining_ms(None),
        deployment=runtime.settings.table_prefix,
    )
