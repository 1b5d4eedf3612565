"""Check a JSON document against a type, and name every faulty field, not only the first.

msgspec stops at the first fault. A valid document is converted at once, which is fast. An invalid one is checked again
field by field, to find all its faults (as in the example of RFC 9457).
"""

from typing import Any, TypeVar

import msgspec

from chalicelib.core.errors import Fault, Invalid, json_pointer
from chalicelib.core.faults import MAX_FAULTS, MAX_NAME, faults_of, summary

T = TypeVar("T")


def check_body(document: Any, kind: type[T]) -> T:
    """Convert a JSON document to a value of the given type.

    Raises:
        Invalid: it has a fault for every faulty field, by JSON pointer (RFC 6901).
    """
    try:
        return msgspec.convert(document, kind)
    except msgspec.ValidationError as error:
        faults = _faults(document, msgspec.inspect.type_info(kind), kind, "") or faults_of(document, kind)
        raise Invalid(summary(faults), faults=faults[:MAX_FAULTS]) from error


def _faults(value: Any, info: msgspec.inspect.Type, kind: Any, pointer: str) -> list[Fault]:
    """Every fault of a value, including those in nested structs and lists."""
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
        Fault(f"unknown field; the fields are {', '.join(hints)}", pointer=f"{pointer}{json_pointer(name[:MAX_NAME])}")
        for name in value
        if name not in hints
    ]
    for field in info.fields:
        here = f"{pointer}{json_pointer(field.encode_name)}"
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
    """The element type of `list[X]` or `tuple[X, ...]`, also if it is Annotated."""
    while hasattr(kind, "__metadata__"):
        kind = kind.__origin__
    return kind.__args__[0]
