"""Wiring only: the Chalice app, its routes, its authorizer and its handlers.

Handlers are here and not in blueprints because Chalice deploys a blueprint's handler as
`chalicelib.x.fn`, and then this file would never run. At import, only stream ARNs and CORS_ORIGIN are read from the
environment, each with a default, because every command of Chalice's CLI imports this file.
"""

import os
from collections.abc import Callable, Iterable
from typing import Any

from chalice.app import AuthRequest, AuthResponse, Chalice, CloudWatchEvent, DynamoDBEvent, Rate

from chalicelib.bootstrap import APIS, INFO, MIGRATIONS, REACTED_TO, SERVICES, runtime
from chalicelib.core.http.chalice_adapter import authorized, problems_everywhere
from chalicelib.core.telemetry import log

StreamFunction = Callable[[DynamoDBEvent], dict[str, Any]]

app = Chalice(app_name="tributary", configure_logs=False)
app.register_middleware(problems_everywhere(INFO), "http")


@app.authorizer(ttl_seconds=60)
def authorize(request: AuthRequest) -> AuthResponse:
    """Verify a JWT, and pass its subject and its role on to the other functions."""
    return authorized(request, runtime())


for api in APIS:
    app.register_blueprint(api.blueprint(runtime, authorize, INFO))


def on_streams_of(services: Iterable[str], batch_size: int) -> Callable[[StreamFunction], Callable[..., Any]]:
    """A decorator: the function handles the streams of these services.

    Chalice's own decorator knows one stream, so `chalice deploy` makes a Lambda function of each: `project_orders`.
    template.yaml maps all the streams to one. All have the same handler, `app.project`, whose name Chalice takes from
    the function.
    """

    def register(function: StreamFunction) -> Callable[..., Any]:
        handler: Callable[..., Any] = function
        for service in services:
            unset = f"arn:aws:dynamodb:eu-west-1:000000000000:table/tributary-{service}/stream/unset"
            handler = app.on_dynamodb_record(
                stream_arn=os.environ.get(f"{service.upper()}_STREAM_ARN", unset),
                batch_size=batch_size,
                starting_position="TRIM_HORIZON",
                name=f"{function.__name__}_{service}",
            )(function)
        return handler

    return register


@on_streams_of(SERVICES, batch_size=1000)
def project(event: DynamoDBEvent) -> dict[str, Any]:
    """Write a batch of a table's stream to the read model."""
    from chalicelib.core.projector.handler import project_event

    return project_event(event.to_dict(), event.context, runtime())


@on_streams_of(REACTED_TO, batch_size=100)
def react(event: DynamoDBEvent) -> dict[str, Any]:
    """Run the commands that follow from a batch of a table's stream."""
    from chalicelib.core.reactor.handler import react_to_event

    return react_to_event(event.to_dict(), event.context, runtime())


@app.lambda_function(name="migrate")
def migrate(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Bring the read model's schema and users up to date; run on every deployment, harmless when repeated."""
    from chalicelib.core.mysql.schema import bring_up_to_date
    from chalicelib.core.operations.custom_resource import respond_to_cloudformation

    return respond_to_cloudformation(event, lambda: bring_up_to_date(runtime().settings, MIGRATIONS))


@app.schedule(Rate(1, unit=Rate.MINUTES))
def check(event: CloudWatchEvent) -> None:
    """Measure each service's lag and count its dead letters, for GET /status."""
    from chalicelib.core.operations.check import check_all

    with log.about_call(event.context):
        check_all(runtime())


@app.schedule(Rate(1, unit=Rate.MINUTES))
def deadlines(event: CloudWatchEvent) -> None:
    """Send the commands that deadlines ask for; none while DEADLINES is empty."""
    from chalicelib.core.operations.deadlines import keep_deadlines
    from chalicelib.core.streams.batches import remaining_ms

    with log.about_call(event.context):
        keep_deadlines(runtime(), remaining_ms(event.context))
