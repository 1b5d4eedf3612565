"""Wiring only: the Chalice app, its routes, its authorizer and its handlers.

Handlers are here and not in blueprints because Chalice deploys a blueprint's handler as
`chalicelib.x.fn`, and then this file would never run. Nothing is read from the environment at import
but stream ARNs, and those with a default: every command of Chalice's CLI imports this file.
"""

import os
from collections.abc import Callable
from typing import Any

from chalice.app import AuthRequest, AuthResponse, Chalice, CloudWatchEvent, DynamoDBEvent, Rate

from chalicelib.bootstrap import APIS, INFO, MIGRATIONS, REACTED_TO, SERVICES, runtime
from chalicelib.core.http.chalice_adapter import authorized, problems_everywhere
from chalicelib.core.telemetry import log

app = Chalice(app_name="tributary", configure_logs=False)
app.register_middleware(problems_everywhere(INFO), "http")


@app.authorizer(ttl_seconds=60)
def authorize(request: AuthRequest) -> AuthResponse:
    """Verify a JWT; what it says of its bearer goes to the functions behind."""
    return authorized(request, runtime())


for api in APIS:
    app.register_blueprint(api.blueprint(runtime, authorize, INFO))


def _project(event: DynamoDBEvent) -> dict[str, Any]:
    """A batch of a table's stream into the read model."""
    from chalicelib.core.projector.handler import project_event

    return project_event(event.to_dict(), event.context, runtime())


def _react(event: DynamoDBEvent) -> dict[str, Any]:
    """A batch of a table's stream into the commands that follow from it."""
    from chalicelib.core.reactor.handler import react_to_event

    return react_to_event(event.to_dict(), event.context, runtime())


def _stream(service: str, batch_size: int, name: str) -> Callable[[Any], Any]:
    unset = f"arn:aws:dynamodb:eu-west-1:000000000000:table/tributary-{service}/stream/unset"
    arn = os.environ.get(f"{service.upper()}_STREAM_ARN", unset)
    handler: Callable[[Any], Any] = app.on_dynamodb_record(
        stream_arn=arn, batch_size=batch_size, starting_position="TRIM_HORIZON", name=name
    )
    return handler


# One Lambda a stream where Chalice deploys, since its decorator knows one stream; template.yaml maps all the
# streams to one. Either way the handler is `app.project`, or `app.react`: Chalice takes that from the function's name.
_project.__name__, _react.__name__ = "project", "react"
for name in SERVICES:
    project = _stream(name, 1000, f"project_{name}")(_project)
for name in REACTED_TO:
    react = _stream(name, 100, f"react_{name}")(_react)


@app.lambda_function(name="migrate")
def migrate(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Bring the read model's schema and users up to date; run on every deployment, harmless when repeated."""
    from chalicelib.core.mysql.schema import bring_up_to_date
    from chalicelib.core.operations.custom_resource import serve

    return serve(event, lambda: bring_up_to_date(runtime().settings, MIGRATIONS))


@app.schedule(Rate(1, unit=Rate.MINUTES))
def check(event: CloudWatchEvent) -> None:
    """Measure each service's lag and count its dead letters, for GET /status."""
    from chalicelib.core.operations.check import check_all

    with log.about_call(event.context):
        check_all(runtime())
