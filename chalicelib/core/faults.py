"""How faulty fields are told: by JSON pointer or parameter, in the words of people who never saw Python.

A fault says what was expected, never what was sent: an answer is not as long as the question, and what a person
typed into a form does not end up in somebody's log.
"""

import re
from typing import Any, Literal, get_args, get_origin

import msgspec

from chalicelib.core.errors import Fault

MAX_FAULTS = 100
MAX_NAME = 100
"""Of an unknown field's name."""
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
    """What is wrong with a single value of a type, at a pointer: one fault, or none.

    Not strictly, text may stand for a number or a boolean.
    """
    try:
        msgspec.convert(value, kind, strict=strict)
    except msgspec.ValidationError as error:
        return [Fault(_detail(str(error), kind), pointer=pointer)]
    return []


def summary(faults: list[Fault]) -> str:
    """The detail of a problem with these faults."""
    if len(faults) > 1:
        return f"{len(faults)} fields are invalid; `errors` names each."
    fault = faults[0]
    where = fault.pointer or "the body" if fault.parameter is None else fault.parameter or "a parameter without a name"
    return f"{where}: {fault.detail}."


def _detail(message: str, kind: Any) -> str:
    """msgspec's sentence about a value, in our words where it would show the value or a pattern."""
    if message.startswith("Invalid enum value"):
        return f"expected one of {', '.join(map(str, _choices(kind)))}"
    expected = _expected(kind) if "matching regex" in message else None
    return f"expected {expected}" if expected else _plain(message)


def _expected(kind: Any) -> str | None:
    """What a pattern stands for, in words: its Meta says so under extra["expected"]."""
    for meta in getattr(kind, "__metadata__", ()):
        if isinstance(meta, msgspec.Meta) and meta.extra and "expected" in meta.extra:
            return str(meta.extra["expected"])
    return next((words for part in _parts(kind) if (words := _expected(part))), None)


def _choices(kind: Any) -> tuple[Any, ...]:
    """The values of the Literal in a type."""
    if get_origin(kind) is Literal:
        return get_args(kind)
    return next((values for part in _parts(kind) if (values := _choices(part))), ())


def _parts(kind: Any) -> list[Any]:
    """The types that an annotation is made of."""
    return [part for part in (getattr(kind, "__origin__", None), *get_args(kind)) if part and part is not kind]


def _plain(message: str) -> str:
    """msgspec's sentence with JSON's names for types."""
    message = message.partition(" - at `")[0]
    message = re.sub(
        r"`([a-z |]+)`", lambda kinds: " or ".join(_WORDS.get(kind, kind) for kind in kinds[1].split(" | ")), message
    )
    return message[:1].lower() + message[1:]
