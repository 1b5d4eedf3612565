"""Check a query string against a type, naming every faulty parameter."""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from types import NoneType
from typing import Any, NamedTuple, TypeVar, Union, get_args

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


class _Parameter(NamedTuple):
    """A parameter.

    Attributes:
        name: the field's name in the struct.
        type: of a value that is given.
        readable: the texts that are read as a value of a type that is no text.
        required: whether it has to be given.
    """

    name: str
    type: Any
    readable: re.Pattern[str] | None
    required: bool


def check_query(parameters: Mapping[str, Sequence[str]], kind: type[T]) -> T:
    """Convert the parameters of a query string to a value of the given type.

    Raises:
        Invalid: it has a fault for every faulty parameter, by name.
    """
    fields = _fields(kind)  # type: ignore[arg-type]
    faults: list[Fault] = []
    checked: dict[str, Any] = {}
    for name, values in parameters.items():
        if len(values) > 1:
            faults.append(Fault("given more than once", parameter=name[:MAX_NAME]))
        if name not in fields:
            detail = f"unknown parameter; the parameters are {', '.join(sorted(fields)) or 'none'}"
            faults.append(Fault(detail, parameter=name[:MAX_NAME]))
            continue
        checked[fields[name].name], wrong = _value(values[0], fields[name])
        if wrong:
            faults.append(Fault(wrong, parameter=name))
    faults += [
        Fault("missing", parameter=name) for name, field in fields.items() if field.required and name not in parameters
    ]
    if faults:
        raise Invalid(summary(faults), faults=faults[:MAX_FAULTS])
    return kind(**checked)


@cache
def _fields(kind: type[Any]) -> Mapping[str, _Parameter]:
    """The parameters of a type by name. Resolving annotations takes longer than all else of a short query."""
    types = [(field, _not_null(field.type)) for field in msgspec.structs.fields(kind)]
    return {field.encode_name: _Parameter(field.name, type, _readable(type), field.required) for field, type in types}


def _readable(kind: Any) -> re.Pattern[str] | None:
    info = msgspec.inspect.type_info(kind)
    return _TEXT_OF.get(type(info.type if isinstance(info, msgspec.inspect.Metadata) else info))


def _value(text: str, parameter: _Parameter) -> tuple[Any, str]:
    """The value of a parameter's text, and what is wrong with it."""
    if UNDECODED in text:
        return None, UNDECODED_DETAIL
    kind, readable = parameter.type, parameter.readable
    strict = not (readable and readable.fullmatch(text))
    try:
        return msgspec.convert(text, kind, strict=strict), ""
    except msgspec.ValidationError:
        # Every parameter is text, so this part of the message says nothing.
        return None, faults_of(text, kind, strict=strict)[0].detail.removesuffix(", got a string")


def _not_null(kind: Any) -> Any:
    """The type of a parameter that is present: the None in `X | None` means that it is absent."""
    options = get_args(kind)
    if NoneType not in options:
        return kind
    return Union[tuple(option for option in options if option is not NoneType)]  # noqa: UP007 - of a tuple
