"""/openapi.json, and /docs, a page to try it out."""

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

import msgspec

from chalicelib.core.access.permissions import Permissions
from chalicelib.core.http.chalice_adapter import Api
from chalicelib.core.http.info import ApiInfo
from chalicelib.core.http.openapi import document
from chalicelib.core.http.request import Reply, Request
from chalicelib.core.settings import Settings

_PAGE = Path(__file__).with_name("docs.html")


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
        """Show a page that lists the routes and sends requests."""
        policy = (
            "default-src 'none'; connect-src 'self'; script-src 'unsafe-inline'; style-src 'unsafe-inline';"
            " frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
        )
        headers = {"Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": policy}
        return Reply(200, _PAGE.read_text(encoding="utf-8"), headers)

    return api
