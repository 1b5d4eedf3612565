"""Routes for whoever operates this: liveness and lag."""

from chalicelib.core.http import Api, Reply, Request

api = Api("operations")


@api.public("/health")
def health(request: Request) -> Reply:
    """Say that the API is up; touches no store, so that a store's trouble does not take the API down."""
    return Reply(200, '{"status":"ok"}', {})
