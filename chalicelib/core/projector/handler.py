"""The projector as a Lambda function: takes a stream's event, returns the response for the event source mapping."""

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from chalicelib.core.mysql.connections import connect
from chalicelib.core.projector.project import ProjectorDeps, project
from chalicelib.core.projector.traces import SEGMENT
from chalicelib.core.projector.writer import Writer
from chalicelib.core.runtime import Runtime
from chalicelib.core.streams.batches import batch_response, remaining_ms
from chalicelib.core.streams.dead_letters import dead_letters_of
from chalicelib.core.telemetry import log, tracing


def project_event(event: Mapping[str, Any], context: object, runtime: Runtime) -> dict[str, Any]:
    """Project one event of a DynamoDB stream.

    Returns:
        As `batch_response` does.

    Raises:
        BatchFailed: likewise.
    """
    settings = runtime.settings
    services = {settings.table(name): service for name, service in runtime.services.items()}
    deps = replace(runtime.once("projector", lambda: projector_deps(runtime)), remaining_ms=remaining_ms(context))
    with log.about_call(context), tracing.segment(SEGMENT):
        failed = project(event["Records"], services, deps)
    return batch_response(failed, partial=settings.partial_batch)


def projector_deps(runtime: Runtime) -> ProjectorDeps:
    """The dependencies of the projector, from the environment. Without a Lambda context it has one minute."""
    url = runtime.settings.need("database_url")
    return ProjectorDeps(
        writer=Writer(lambda: connect(url)),
        dead_letters=dead_letters_of(runtime),
        remaining_ms=remaining_ms(None),
        deployment=runtime.settings.table_prefix,
    )
