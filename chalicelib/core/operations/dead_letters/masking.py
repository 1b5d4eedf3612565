"""The record of a dead letter for whoever looks at it over HTTP: without what is personal.

The rules are those of the erasure. Where a record cannot be read, nobody can tell what in it is personal: if its kind
of aggregate has personal data, its whole state and all its events are hidden. `ops dead-letters show` shows all of it.
"""

from collections.abc import Mapping
from typing import Any

from chalicelib.core.dynamodb.codec import Undecodable, decode
from chalicelib.core.dynamodb.erased import erased_item
from chalicelib.core.service import Service
from chalicelib.core.streams.dead_letters import kind_of

HIDDEN = "(erased)"
UNREADABLE = "(cannot be decoded)"
_NEVER_PERSONAL = ("id", "version", "commit", "command", "at", "deleted", "correlation", "schema_version")


def masked_image(record: Mapping[str, Any], services: Mapping[str, Service], service: str, id: str) -> dict[str, Any]:
    """The item in a stream record, as plain data that JSON can hold.

    Args:
        record: of the stream.
        services: by name; they declare what is personal.
        service: whose stream it is.
        id: of the aggregate.

    Raises:
        ValueError: the record holds no item.
    """
    change = record.get("dynamodb")
    image = change.get("NewImage") if isinstance(change, Mapping) else None
    if not isinstance(image, Mapping):
        raise ValueError("the record holds no item")
    kind = kind_of(services, service, id)
    if kind is None:
        shown = _only(image, _NEVER_PERSONAL)
    elif kind.personal is None:
        shown = dict(image)
    else:
        shown = _only(erased_item(image, kind), (*_NEVER_PERSONAL, "actor", "state", "events"))
    return {_text(name): _plain(value) for name, value in shown.items()}


def _only(image: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    """The attributes of those names; of the others, that they are there."""
    return {name: value if name in names else {"S": HIDDEN} for name, value in image.items()}


def _plain(value: Any) -> Any:
    try:
        return _encodable(decode(value))
    except (Undecodable, RecursionError):
        return UNREADABLE


def _encodable(value: Any) -> Any:
    """A value without what UTF-8 cannot encode."""
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, Mapping):
        return {_text(name): _encodable(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_encodable(member) for member in value]
    return value


def _text(text: str) -> str:
    return text.encode("utf-8", "replace").decode()
