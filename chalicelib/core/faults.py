"""Describe faulty fields by JSON pointer or parameter, in words that do not assume Python.

A fault says what was expected, never what was sent. So an answer stays short, and personal data from a form does not
end up in a log.
"""

import re
from typing import Any, Literal, get_args, get_origin

import msgspec

from chalicelib.core.errors import Fault

MAX_FAULTS = 100
MAX_NAME = 100
"""Characters of an unknown field's name."""
_WORDS = {
    "int": "an integer",
    "str": "a string",
    "object": "an object",
    "array": "an array",
    "null": "null",
    "bool": "true or false",
    "float": "a decimal number",
    "datetime": "a time such as 2026-11-23T10:00:00Z",
    "date": "a date such as 2026-11-23",
}


def faults_of(value: Any, kind: Any, pointer: str = "", *, strict: bool = True) -> list[Fault]:
    """The fault of a value at a pointer, if it does not fit its type: one fault or none.

    Unless `strict`, text may stand for a number or a boolean.
    """
    try:
        msgspec.convert(value, kind, strict=strict)
    except msgspec.ValidationError as error:
        return [Fault(_detail(str(error), kind), pointer=pointer)]
    return []


def summary(faults: list[Fault]) -> str:
    """The detail of a problem that has these faults."""
    if len(faults) > 1:
        return f"{len(faults)} fields are invalid; `errors` names each."
    fault = faults[0]
    where = fault.pointer or "the body" if fault.parameter is None else fault.parameter or "a parameter without a name"
    return f"{where}: {fault.detail}."


def _detail(message: str, kind: Any) -> str:
    """msgspec's sentence about a value, replaced where it would show the value or a pattern."""
    if message.startswith("Invalid enum value"):
        return f"expected one of {', '.join(map(str, _choices(kind)))}"
    expected = _expected(kind) if "matching regex" in message else None
    return f"expected {expected}" if expected else _plain(message)


def _expected(kind: Any) -> str | None:
    """A pattern's meaning in words, from its Meta's extra["expected"]."""
    for meta in getattr(kind, "__metadata__", ()):
        if isinstance(meta, msgspec.Meta) and meta.extra and "expected" in meta.extra:
            return str(meta.extra["expected"])
    return next((words for part in _parts(kind) if (words := _expected(part))), None)


def _choices(kind: Any) -> tuple[Any, ...]:
    """The values of a type's Literal."""
    if get_origin(kind) is Literal:
        return get_args(kind)
    return next((values for part in _parts(kind) if (values := _choices(part))), ())


def _parts(kind: Any) -> list[Any]:
    """The types of which an annotation consists."""
    return [part for part in (getattr(kind, "__origin__", None), *get_args(kind)) if part and part is not kind]


def _plain(message: str) -> str:
    """msgspec's sentence, with JSON's names of types."""
    message = message.partition(" - at `")[0]
    message = re.sub(
        r"`([a-z |]+)`", lambda kinds: " or ".join(_WORDS.get(kind, kind) for kind in kinds[1].split(" | ")), message
    )
    return message[:1].lower() + message[1:]
