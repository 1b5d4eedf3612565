"""Members of a query's answer that only some roles see.

A row of the table of permissions such as "things.get:cost" declares one. The part after the colon is the member's path
in the answer, or in each item of a list: "cost", "parts.supplier".
"""

from collections.abc import Sequence
from typing import Any, NamedTuple, get_args

import msgspec


class Member(NamedTuple):
    """A member of a struct."""

    struct: type[msgspec.Struct]
    name: str


def without(answer: Any, paths: Sequence[str]) -> Any:
    """An answer as plain data, without the members at the given paths."""
    plain = msgspec.to_builtins(answer)
    for path in paths:
        _drop(plain, path.split("."))
    return plain


def _drop(value: Any, names: list[str]) -> None:
    if isinstance(value, list):
        for element in value:
            _drop(element, names)
    elif isinstance(value, dict) and len(names) == 1:
        value.pop(names[0], None)
    elif isinstance(value, dict):
        _drop(value.get(names[0]), names[1:])


def member_at(answer: Any, path: str) -> Member | None:
    """The member at a path of an answer's type; None if there is none."""
    kind, rest, struct, name = answer, path, None, ""
    while rest:
        name, _, rest = rest.partition(".")
        struct = _struct(kind)
        if not struct or name not in struct.__struct_encode_fields__:
            return None
        if rest:  # every start checks members of answers, and their types take longer to read than their names
            kind = {field.encode_name: field.type for field in msgspec.structs.fields(struct)}[name]
    return Member(struct, name) if struct else None


def _struct(kind: Any) -> Any:
    """The struct in a type such as `list[Part]` or `Part | None`."""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return kind
    parts = (getattr(kind, "__origin__", None), *get_args(kind))
    return next((found for part in parts if part is not kind and (found := _struct(part))), None)
