"""/openapi.json, and the way from /docs to the console's page that shows it."""

from collections.abc import Iterable
from functools import lru_cache

import msgspec

from chalicelib.core.access.permissions import Permissions
from chalicelib.core.http.chalice_adapter import Api
from chalicelib.core.http.info import ApiInfo
from chalicelib.core.http.openapi import document
from chalicelib.core.http.request import Reply, Request
from chalicelib.core.settings import Settings


def documentation(apis: Iterable[Api], permissions: Permissions, info: ApiInfo) -> Api:
    """Routes that describe the given routes: /openapi.json and /docs."""
    api = Api("operations")
    endpoints = [endpoint for described in apis for endpoint in described.endpoints]

    @lru_cache(maxsize=4)
    def text(base: str) -> str:
        return msgspec.json.encode(document(endpoints, permissions, info, base)).decode()

    @api.public("/openapi.json")
    def openapi(request: Request, settings: Settings) -> Reply:
        """Describe every route, OpenAPI 3.1."""
        return Reply(200, text(request.base), {"Cache-Control": "public, max-age=300"})

    @api.public("/docs")
    def docs(request: Request, settings: Settings) -> Reply:
        """Lead to the console's page that lists the routes and sends requests."""
        return Reply(302, "", {"Location": f"{request.base}/#/~docs"})

    return api
