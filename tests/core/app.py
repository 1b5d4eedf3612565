"""The Chalice app of the domain that the engine's own tests run on. The app.py in the repository's root ships."""

from typing import Any

from chalice.app import AuthRequest, AuthResponse, Chalice, CloudWatchEvent, DynamoDBEvent, Rate

from chalicelib.core.http.chalice_adapter import authorized, problems_everywhere
from chalicelib.core.telemetry import log
from tests.core.bootstrap import APIS, INFO, runtime

app = Chalice(app_name="tests", configure_logs=False)
app.register_middleware(problems_everywhere(INFO), "http")
_STREAM = "arn:aws:dynamodb:eu-west-1:000000000000:table/any/stream/any"


@app.authorizer(ttl_seconds=60)
def authorize(request: AuthRequest) -> AuthResponse:
    """Verify a JWT."""
    return authorized(request, runtime())


for api in APIS:
    app.register_blueprint(api.blueprint(runtime, authorize, INFO))


@app.on_dynamodb_record(stream_arn=_STREAM)
def project(event: DynamoDBEvent) -> dict[str, Any]:
    """Project a batch of a table's stream into the read model."""
    from chalicelib.core.projector.handler import project_event

    return project_event(event.to_dict(), event.context, runtime())


@app.on_dynamodb_record(stream_arn=_STREAM)
def react(event: DynamoDBEvent) -> dict[str, Any]:
    """Run the commands that follow from a batch of a table's stream."""
    from chalicelib.core.reactor.handler import react_to_event

    return react_to_event(event.to_dict(), event.context, runtime())


@app.schedule(Rate(1, unit=Rate.MINUTES))
def check(event: CloudWatchEvent) -> None:
    """Measure each service's lag and count its dead letters, for GET /status."""
    from chalicelib.core.operations.check import check_all

    with log.about_call(event.context):
        check_all(runtime())


@app.schedule(Rate(1, unit=Rate.MINUTES))
def deadlines(event: CloudWatchEvent) -> None:
    """Send the commands of deadlines; none if DEADLINES is empty."""
    from chalicelib.core.operations.deadlines import keep_deadlines
    from chalicelib.core.streams.batches import remaining_ms

    with log.about_call(event.context):
        keep_deadlines(runtime(), remaining_ms(event.context))
