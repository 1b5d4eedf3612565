"""Convert between plain data, DynamoDB's attribute values and heads.

Plain data is str, int, bool, None, bytes, list and dict. There is no float, so that amounts stay exact.
boto3's TypeSerializer goes through Decimal and costs several times as much (bench/projector.py).
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from chalicelib.core.service import Head, Service

AttributeValue = Mapping[str, Any]


# What decoding raises of an attribute value that is none.
_FAULTS = (AttributeError, TypeError, ValueError)


class Undecodable(ValueError):
    """The write side never writes an item or image like this one. The message says which attribute is at fault."""


def encode(value: Any) -> dict[str, Any]:
    """Plain data as an attribute value.

    Raises:
        TypeError: the value is not plain data: a float, Decimal or set, for example.
    """
    kind = type(value)
    if kind is str:  # most of the values are one of these three, and a match costs twice as much
        return {"S": value}
    if kind is int:
        return {"N": str(value)}
    if kind is dict:
        return {"M": encode_item(value)}
    return _encode_rarer(value)


def _encode_rarer(value: Any) -> dict[str, Any]:
    match value:
        case bool():
            return {"BOOL": value}
        case str():
            return {"S": value}
        case int():
            return {"N": str(value)}
        case None:
            return {"NULL": True}
        case bytes():
            return {"B": value}
        case list() | tuple():
            return {"L": [encode(element) for element in value]}
        case Mapping():
            return {"M": encode_item(value)}
    raise TypeError(f"{type(value).__name__} has no attribute value here")


def encode_item(item: Mapping[str, Any]) -> dict[str, Any]:
    """An item or a map as attribute values."""
    return {name: encode(value) for name, value in item.items()}


def decode(value: AttributeValue) -> Any:
    """An attribute value as plain data.

    Raises:
        Undecodable: it has a type, or is a number, that the write side never writes.
    """
    try:
        return _decode(value)
    except Undecodable:
        raise
    except _FAULTS as error:
        raise Undecodable(_first_fault(value, "")) from error


def decode_item(item: Mapping[str, AttributeValue]) -> dict[str, Any]:
    """An item or a map as plain data.

    Raises:
        Undecodable: see `decode`.
    """
    try:
        return _decode_map(item)
    except Undecodable:
        raise
    except _FAULTS as error:
        raise Undecodable(_first_fault({"M": item}, "")) from error


def _decode(value: AttributeValue) -> Any:
    """`decode` without translating errors, which would add a third to the time at every level."""
    ((kind, content),) = value.items()
    if kind == "S":
        return content
    if kind == "N":
        return int(content)
    if kind == "M":
        return _decode_map(content)
    if kind == "L":
        return [_decode(element) for element in content]
    if kind in ("BOOL", "B"):
        return content
    if kind == "NULL":
        return None
    raise Undecodable(f"attribute type {kind} is never written here")


def _first_fault(value: Any, place: str) -> str:
    """The place and the type of the first value that cannot be decoded. It never shows the value itself."""
    here = place or "the item"
    if not isinstance(value, Mapping) or len(value) != 1:
        return f"{here} is {type(value).__name__}, not an attribute value"
    ((kind, content),) = value.items()
    members: Any = ()
    if kind == "M" and isinstance(content, Mapping):
        members = content.items()
    elif kind == "L" and isinstance(content, list):
        members = enumerate(content)
    elif kind == "N" and isinstance(content, str):
        return f"{here} is a number that is no integer"
    for name, member in members:
        try:
            _decode(member)
        except Exception:
            return _first_fault(member, f"{place}.{name}".removeprefix("."))
    return f"{here} is of type {kind} and holds {type(content).__name__}"


def _decode_map(members: Mapping[str, AttributeValue]) -> dict[str, Any]:
    """The members of a map. Strings and numbers are decoded without a call each, which halves the time."""
    plain: dict[str, Any] = {}
    for name, value in members.items():
        if "S" in value:
            plain[name] = value["S"]
        elif "N" in value:
            plain[name] = int(value["N"])
        elif "M" in value:
            plain[name] = _decode_map(value["M"])
        else:
            plain[name] = _decode(value)
    return plain


def item_of(head: Head) -> dict[str, Any]:
    """The item that stores a head, as attribute values."""
    item = {
        "id": head.id,
        "version": head.version,
        "state": head.state,
        "events": head.events,
        "commit": head.commit,
        "actor": head.actor,
        "command": head.command,
        "at": head.at,
    }
    if head.deleted:
        item["deleted"] = True
    if head.correlation:
        item["correlation"] = head.correlation
    if head.trace:
        item["trace"] = head.trace
    if head.schema_version > 1:
        item["schema_version"] = head.schema_version
    return encode_item(item)


def head_of(item: Mapping[str, AttributeValue], service: Service) -> Head:
    """The head that an item of a service's table, or the image of one, stores, in the shape that this release knows.

    Whoever reads what is stored comes through here: commands, projector, reactor, redrive, verify, repair and rebuild.
    Whoever needs what was stored as well, such as the timeline and the erasure, takes the same two steps one by one.

    Raises:
        Undecodable: as `stored_head`.
        NewerSchema, UpcasterFailed: as `Service.current`.
    """
    return service.current(stored_head(item))


def stored_head(item: Mapping[str, AttributeValue]) -> Head:
    """The head that an item stores, in the shape in which it was stored.

    Raises:
        Undecodable: an attribute is missing or of the wrong type. The message names the first one.
    """
    try:
        return msgspec.convert(decode_item(item), Head)
    except msgspec.ValidationError as error:  # names the attribute, and shows no value
        raise Undecodable(str(error)) from None
