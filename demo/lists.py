"""Lists of the API, read page after page."""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from demo.http import CommandClient
from local.load.client import CannotGoOn


def pages(client: CommandClient, path: str) -> Iterator[Mapping[str, Any]]:
    """Yield all items of a list.

    Args:
        client: a client of the API.
        path: the path of the first page, with its parameters.

    Raises:
        CannotGoOn: a page was refused.
    """
    following = path
    while following:
        answer = client.get(following)
        if answer.status != 200:
            raise CannotGoOn(answer.told(f"GET {following}"))
        yield from answer.body["items"]
        link = urlsplit(answer.body["next"] or "")
        following = f"{link.path}?{link.query}" if link.query else ""
