"""Check a query string against a type, naming every faulty parameter."""

import re
from collections.abc import Mapping, Sequence
from types import NoneType
from typing import Any, TypeVar, Union, get_args

import msgspec

from chalicelib.core.errors import Fault, Invalid
from chalicelib.core.faults import MAX_FAULTS, MAX_NAME, faults_of, summary
from chalicelib.core.http.json_text import UNDECODED, UNDECODED_DETAIL

T = TypeVar("T")

# Texts that are read as a number or a boolean. "2010" is not read as a time, although msgspec could do so.
_TEXT_OF: Mapping[Any, re.Pattern[str]] = {
    msgspec.inspect.IntType: re.compile(r"-?[0-9]{1,40}"),
    msgspec.inspect.BoolType: re.compile(r"true|false"),
}


def check_query(parameters: Mapping[str, Sequence[str]], kind: type[T]) -> T:
    """Convert the parameters of a query string to a value of the given type.

    Raises:
        Invalid: it has a fault for every faulty parameter, by name.
    """
    fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}  # type: ignore[arg-type]
    faults: list[Fault] = []
    checked: dict[str, Any] = {}
    for name, values in parameters.items():
        if len(values) > 1:
            faults.append(Fault("given more than once", parameter=name[:MAX_NAME]))
        if name not in fields:
            detail = f"unknown parameter; the parameters are {', '.join(sorted(fields)) or 'none'}"
            faults.append(Fault(detail, parameter=name[:MAX_NAME]))
            continue
        checked[fields[name].name], wrong = _value(values[0], _not_null(fields[name].type))
        if wrong:
            faults.append(Fault(wrong, parameter=name))
    faults += [
        Fault("missing", parameter=name) for name, field in fields.items() if field.required and name not in parameters
    ]
    if faults:
        raise Invalid(summary(faults), faults=faults[:MAX_FAULTS])
    return kind(**checked)


def _value(text: str, kind: Any) -> tuple[Any, str]:
    """The value of a parameter's text, and what is wrong with it."""
    if UNDECODED in text:
        return None, UNDECODED_DETAIL
    info = msgspec.inspect.type_info(kind)
    readable = _TEXT_OF.get(type(info.type if isinstance(info, msgspec.inspect.Metadata) else info))
    strict = not (readable and readable.fullmatch(text))
    if faults := faults_of(text, kind, strict=strict):
        # Every parameter is text, so this part of the message says nothing.
        return None, faults[0].detail.removesuffix(", got a string")
    return msgspec.convert(text, kind, strict=strict), ""


def _not_null(kind: Any) -> Any:
    """The type of a parameter that is present: the None in `X | None` means that it is absent."""
    options = get_args(kind)
    if NoneType not in options:
        return kind
    return Union[tuple(option for option in options if option is not NoneType)]  # noqa: UP007 - of a tuple
