"""Keep web pages out of the embedded AWS, which has no authentication and answers every origin.

A page can send a POST as text/plain without a preflight request, and MiniStack would accept it. Browsers mark their
requests: Origin with every POST and every fetch, Sec-Fetch-Site with the rest. Other programs send neither. Over plain
http, browsers send Sec-Fetch-Site to loopback alone, and so not to Docker's bridge. Their User-Agent, which no page can
change, begins with Mozilla there too.
"""

from collections.abc import Awaitable, Callable, MutableMapping
from functools import lru_cache
from typing import Any

from local.hosts import is_own

AsgiReceive = Callable[[], Awaitable[MutableMapping[str, Any]]]
AsgiSend = Callable[[MutableMapping[str, Any]], Awaitable[None]]
AsgiApp = Callable[[MutableMapping[str, Any], AsgiReceive, AsgiSend], Awaitable[None]]

_REFUSAL = (
    b'{"__type": "AccessDeniedException", "message": "This is the embedded AWS of a local stack: it takes no request of'
    b' a web page, and none by another name than localhost, 127.0.0.1, [::1] or host.docker.internal."}'
)


class Guard:
    """An ASGI application that passes requests of this machine's programs on, and answers 403 to all others.

    Args:
        app: the application behind it.
    """

    def __init__(self, app: AsgiApp) -> None:
        self._app = app

    async def __call__(self, scope: MutableMapping[str, Any], receive: AsgiReceive, send: AsgiSend) -> None:
        """Pass the request on, or refuse it."""
        if scope["type"] == "lifespan" or is_from_a_program(scope["headers"]):
            await self._app(scope, receive, _without_page_headers(send))
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})  # before it is accepted: a 403
        else:
            headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(_REFUSAL))]
            await send({"type": "http.response.start", "status": 403, "headers": headers})
            await send({"type": "http.response.body", "body": _REFUSAL})


def _without_page_headers(send: AsgiSend) -> AsgiSend:
    """MiniStack lets every page read its answers. No page may, and programs would only have to parse that."""

    async def sent(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            headers = [header for header in message["headers"] if not header[0].lower().startswith(b"access-control-")]
            message = {**message, "headers": headers}
        await send(message)

    return sent


def is_from_a_program(headers: list[tuple[bytes, bytes]]) -> bool:
    """Whether a request comes from a program on this machine: it has our Host, and no header that browsers add.

    Args:
        headers: the headers, with lower-case names, as ASGI passes them.
    """
    host = b""
    browser = typed = False
    for name, value in headers:
        if name == b"host":
            host = value
        elif name == b"user-agent":
            browser = value.startswith(b"Mozilla/")
        elif name == b"sec-fetch-site" and value == b"none":
            typed = True  # into the address bar
        elif name in (b"origin", b"sec-fetch-site"):
            return False
    return _is_own(host) and (typed or not browser)


@lru_cache(maxsize=64)
def _is_own(host: bytes) -> bool:
    return is_own(host.decode("latin-1"))
