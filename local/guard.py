"""Keeps web pages out of the embedded AWS, which has no authentication and answers any origin.

A page can send a POST as text/plain without asking first, and MiniStack would take it. Browsers say where a request
comes from: Origin with every POST and every fetch, Sec-Fetch-Site with the rest. Programs send neither.
"""

from collections.abc import Awaitable, Callable, MutableMapping
from functools import lru_cache
from typing import Any

from local.hosts import is_own

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]

_REFUSAL = (
    b'{"__type": "AccessDeniedException", "message": "This is the embedded AWS of a local stack: it takes no request of'
    b' a web page, and none by another name than localhost, 127.0.0.1, [::1] or host.docker.internal."}'
)


class Guard:
    """An ASGI application that hands on to another what this machine's own programs send, and answers 403 to the rest.

    Args:
        app: the other one.
    """

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Hand on or refuse."""
        if scope["type"] == "lifespan" or is_from_a_program(scope["headers"]):
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})  # before it is accepted: a 403
        else:
            headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(_REFUSAL))]
            await send({"type": "http.response.start", "status": 403, "headers": headers})
            await send({"type": "http.response.body", "body": _REFUSAL})


def is_from_a_program(headers: list[tuple[bytes, bytes]]) -> bool:
    """Whether a request has the headers of a program on this machine: a Host of ours, and nothing that browsers add.

    Args:
        headers: names in small letters, as ASGI has them.
    """
    host = b""
    for name, value in headers:
        if name == b"host":
            host = value
        elif name == b"origin" or (name == b"sec-fetch-site" and value != b"none"):
            return False
    return _is_own(host)


@lru_cache(maxsize=64)
def _is_own(host: bytes) -> bool:
    return is_own(host.decode("latin-1"))
