"""Decode JSON and check it against a type, naming every faulty field and not just the first.

msgspec stops at the first fault. So a good document takes its fast path, and a bad one is walked field
by field, each checked by msgspec alone, to name all its faults (RFC 9457's example does so).
"""

import re
from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from chalicelib.core.errors import Fault, Invalid, Malformed

T = TypeVar("T")

MAX_DEPTH = 32
MAX_FAULTS = 100
MAX_NAME = 100
"""Of an unknown field's name, so that an answer is not as long as the question."""
_NUMBER = re.compile(r"-?[0-9]{1,40}|true|false")
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


def decode_json(body: bytes) -> Any:
    """Parse a JSON document.

    Raises:
        Malformed: not JSON, not UTF-8, or nested deeper than MAX_DEPTH.
    """
    try:
        document = msgspec.json.decode(body)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise Malformed(f"The body is not JSON: {error}", faults=[Fault(str(error), pointer="")]) from error
    if _deeper_than(document, MAX_DEPTH):
        detail = f"nested deeper than {MAX_DEPTH} levels"
        raise Malformed(f"The body is {detail}.", faults=[Fault(detail, pointer="")])
    return document


def _deeper_than(value: Any, limit: int) -> bool:
    """Whether containers nest beyond a limit; looks no deeper than that, so it cannot overflow."""
    if not isinstance(value, dict | list):
        return False
    if limit == 0:
        return True
    return any(_deeper_than(member, limit - 1) for member in (value.values() if isinstance(value, dict) else value))


def check_body(document: Any, kind: type[T]) -> T:
    """A value of that type, from a JSON document.

    Raises:
        Invalid: with a fault for every faulty field, by JSON pointer (RFC 6901).
    """
    try:
        return msgspec.convert(document, kind)
    except msgspec.ValidationError as error:
        faults = _faults(document, msgspec.inspect.type_info(kind), kind, "")
        faults = faults or [Fault(str(error), pointer="")]
        raise Invalid(_summary(faults), faults=faults[:MAX_FAULTS]) from error


def check_query(parameters: Mapping[str, list[str]], kind: type[T]) -> T:
    """A value of that type, from the parameters of a query string.

    Raises:
        Invalid: with a fault for every faulty parameter, by its name.
    """
    faults = [Fault("given more than once", parameter=name) for name, values in parameters.items() if len(values) > 1]
    fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}  # type: ignore[arg-type]
    checked: dict[str, Any] = {}
    for name, values in parameters.items():
        if name not in fields:
            faults.append(Fault(f"no such parameter; there are {', '.join(sorted(fields)) or 'none'}", parameter=name))
            continue
        # "2010" is no time though msgspec could read a timestamp in it, nor "null" a number.
        number = _is_number(msgspec.inspect.type_info(fields[name].type)) and _NUMBER.fullmatch(values[0])
        strict = not number
        found = faults_of(values[0], fields[name].type, strict=strict)
        faults += [Fault(fault.detail, parameter=name) for fault in found]
        if not found:
            checked[fields[name].name] = msgspec.convert(values[0], fields[name].type, strict=strict)
    faults += [
        Fault("missing", parameter=name) for name, field in fields.items() if field.required and name not in parameters
    ]
    if faults:
        raise Invalid(_summary(faults), faults=faults[:MAX_FAULTS])
    return kind(**checked)


def _is_number(info: msgspec.inspect.Type) -> bool:
    """Whether text stands for a number or a boolean."""
    if isinstance(info, msgspec.inspect.Metadata):
        return _is_number(info.type)
    if isinstance(info, msgspec.inspect.UnionType):
        return any(_is_number(option) for option in info.types)
    return isinstance(info, msgspec.inspect.IntType | msgspec.inspect.BoolType)


def _summary(faults: list[Fault]) -> str:
    if len(faults) == 1:
        fault = faults[0]
        where = fault.parameter or fault.pointer or "the body"
        return f"{where}: {fault.detail}."
    return f"{len(faults)} fields are invalid; `errors` names each."


def _faults(value: Any, info: msgspec.inspect.Type, kind: Any, pointer: str) -> list[Fault]:
    """Every fault of a value, walking into structs and lists."""
    match info:
        case msgspec.inspect.StructType() if isinstance(value, dict):
            return _struct_faults(value, info, pointer)
        case msgspec.inspect.ListType() if isinstance(value, list):
            return _list_faults(value, info, kind, pointer)
        case _:
            return faults_of(value, kind, pointer)


def _struct_faults(value: dict[str, Any], info: msgspec.inspect.StructType, pointer: str) -> list[Fault]:
    hints = {field.encode_name: field.type for field in msgspec.structs.fields(info.cls)}
    faults = [
        Fault(f"no such field; there are {', '.join(hints)}", pointer=f"{pointer}/{_escape(name[:MAX_NAME])}")
        for name in value
        if name not in hints
    ]
    for field in info.fields:
        here = f"{pointer}/{_escape(field.encode_name)}"
        if field.encode_name in value:
            faults += _faults(value[field.encode_name], field.type, hints[field.encode_name], here)
        elif field.required:
            faults.append(Fault("missing", pointer=here))
    return faults


def _list_faults(value: list[Any], info: msgspec.inspect.ListType, kind: Any, pointer: str) -> list[Fault]:
    element = _element_type(kind)
    faults: list[Fault] = []
    for index, member in enumerate(value):
        if len(faults) >= MAX_FAULTS:
            break
        faults += _faults(member, info.item_type, element, f"{pointer}/{index}")
    return faults or faults_of(value, kind, pointer)


def _element_type(kind: Any) -> Any:
    """The element's annotation of `list[X]`, `tuple[X, ...]` or an Annotated one."""
    while hasattr(kind, "__metadata__"):
        kind = kind.__origin__
    return kind.__args__[0]


def faults_of(value: Any, kind: Any, pointer: str = "", *, strict: bool = True) -> list[Fault]:
    """What is wrong with a single value of a type, at a pointer: one fault, or none.

    Not strictly, text may stand for a number or a boolean.
    """
    try:
        msgspec.convert(value, kind, strict=strict)
    except msgspec.ValidationError as error:
        message = str(error)
        expected = _expected(kind) if "matching regex" in message else None
        return [Fault(f"expected {expected}" if expected else _plain(message), pointer=pointer)]
    return []


def _expected(kind: Any) -> str | None:
    """What a pattern stands for, in words: its Meta says so under extra["expected"]."""
    for meta in getattr(kind, "__metadata__", ()):
        if isinstance(meta, msgspec.Meta) and meta.extra:
            return str(meta.extra["expected"])
    parts = [getattr(kind, "__origin__", None), *getattr(kind, "__args__", ())]
    return next((words for part in parts if part and (words := _expected(part))), None)


def _plain(message: str) -> str:
    """msgspec's sentence in the words of people who never saw Python."""
    message = message.partition(" - at `")[0]
    message = re.sub(
        r"`([a-z |]+)`", lambda kinds: " or ".join(_WORDS.get(kind, kind) for kind in kinds[1].split(" | ")), message
    )
    return message[:1].lower() + message[1:]


def _escape(name: str) -> str:
    """A member's name in a JSON pointer."""
    return name.replace("~", "~0").replace("/", "~1")
