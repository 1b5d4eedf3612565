"""Routes for operators: liveness and status."""

from chalicelib.core.http.chalice_adapter import Api
from chalicelib.core.http.endpoint import Call
from chalicelib.core.http.request import Reply, Request
from chalicelib.core.operations.queries import Status, StatusParameters, get_status
from chalicelib.core.queries.limit import QueryCursor
from chalicelib.core.settings import Settings

api = Api("operations")


@api.public("/health")
def health(request: Request, settings: Settings) -> Reply:
    """Say that the API is up. It uses no store, so that a failing store does not make the API look down."""
    return Reply(200, '{"status":"ok"}', {})


@api.query("/status", "operations.status", parameters=StatusParameters, answer=Status)
def status(call: Call[StatusParameters], cursor: QueryCursor) -> Status:
    """Show each service's lag and dead letters, as of the last scheduled check."""
    return get_status(cursor, call.body.hours)
