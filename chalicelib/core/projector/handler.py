"""The projector as a Lambda function: a stream's event in, the answer that its mapping understands out."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from chalicelib.core import log, tracing
from chalicelib.core.database import connect
from chalicelib.core.projector.project import Deps, project
from chalicelib.core.projector.traces import NAME
from chalicelib.core.projector.writer import Writer
from chalicelib.core.runtime import Runtime
from chalicelib.core.streams.dead_letters import DynamoDeadLetters

_UNKNOWN_TIME_LEFT_MS = 60_000


class BatchFailed(Exception):
    """The batch has to come again. Harmless: whatever was done of it is found done."""


def project_event(event: Mapping[str, Any], context: Any, runtime: Runtime) -> dict[str, Any]:
    """Project one event of a DynamoDB stream.

    Returns:
        {"batchItemFailures": [{"itemIdentifier": <sequence number>}]}: where to begin again, or [].

    Raises:
        BatchFailed: something failed, and the mapping does not understand partial failures
            (PARTIAL_BATCH=0): Lambda would take the list for success.
    """
    settings = runtime.settings
    services = {settings.table(name): service for name, service in runtime.services.items()}
    deps = replace(runtime.once("projector", lambda: deps_of(runtime)), remaining_ms=_remaining(context))
    with log.about_call(context), tracing.segment(NAME):
        failed = project(event["Records"], services, deps)
    if failed and not settings.partial_batch:
        raise BatchFailed(f"the batch has to come again, from sequence number {failed[0]} at the latest")
    return {"batchItemFailures": [{"itemIdentifier": sequence} for sequence in failed]}


def deps_of(runtime: Runtime) -> Deps:
    """What the projector works with, as the environment says. Where nobody else does, it has a minute."""
    url, settings = runtime.settings.need("database_url"), runtime.settings
    return Deps(
        writer=Writer(lambda: connect(url)),
        dead_letters=DynamoDeadLetters(
            runtime.dynamodb,
            settings.dead_letter_table,
            runtime.s3 if settings.dead_letter_bucket else None,
            settings.dead_letter_bucket,
        ),
        remaining_ms=_remaining(None),
        deployment=settings.table_prefix,
    )


def _remaining(context: Any) -> Any:
    """Milliseconds until Lambda ends the function; a minute where nobody says."""
    return getattr(context, "get_remaining_time_in_millis", lambda: _UNKNOWN_TIME_LEFT_MS)
