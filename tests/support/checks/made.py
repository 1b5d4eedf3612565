"""Rows and states that are made up from their types."""

import random
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

import msgspec
from msgspec import inspect

from chalicelib.core.service import ChildRows, Projection, Row, Table
from chalicelib.core.times import iso

START = datetime(2026, 11, 23, 10, tzinfo=UTC)
TEXTS = ("A", "a", "b")


class Field(NamedTuple):
    """The possible values of a field.

    Attributes:
        name: the field's name.
        kind: its type without None and without metadata.
        optional: whether it may be None.
    """

    name: str
    kind: inspect.Type
    optional: bool


def fields_of(struct: type[msgspec.Struct]) -> list[Field]:
    """Yield the fields of a class, in order."""
    info = inspect.type_info(struct)
    assert isinstance(info, inspect.StructType)
    return [Field(field.encode_name, *_plain(field.type)) for field in info.fields]


def _plain(info: inspect.Type) -> tuple[inspect.Type, bool]:
    while isinstance(info, inspect.Metadata):
        info = info.type
    if not isinstance(info, inspect.UnionType):
        return info, False
    kinds = [kind for kind in info.types if not isinstance(kind, inspect.NoneType)]
    return _plain(kinds[0])[0], len(kinds) < len(info.types)


def longest(kind: inspect.Type) -> int | None:
    """Return the most characters that a text may have, or None if there is no limit."""
    if isinstance(kind, inspect.LiteralType):
        return max(len(str(value)) for value in kind.values)
    return kind.max_length if isinstance(kind, inspect.StrType) else None


def range_of(kind: inspect.IntType) -> tuple[int, int]:
    """Return the least and the greatest value of a number."""
    least = kind.ge if kind.ge is not None else kind.gt + 1 if kind.gt is not None else -(2**63)
    most = kind.le if kind.le is not None else kind.lt - 1 if kind.lt is not None else 2**63 - 1
    return int(least), int(most)


class Maker:
    """A generator of rows that makes the same rows each time.

    Args:
        texts: values of texts in addition to TEXTS, such as the words that a summary compares.
    """

    def __init__(self, texts: Sequence[str] = ()) -> None:
        self._chance = random.Random(1)
        self._texts = (*TEXTS, *texts)

    def rows(self, projection: Projection, number: int) -> tuple[Row, ChildRows]:
        """Return the rows of one aggregate. Root and children have the same values in columns of the same name."""
        key = f"k{number}"
        root = self._row(projection.root, {projection.root.key[0]: key, "version": 1})
        shared = msgspec.structs.asdict(root)
        children: dict[str, Sequence[Row]] = {}
        for table in projection.children:
            count = self._chance.randint(0, 3)
            # The rest of a child's key makes its rows distinct.
            made = [self._row(table, {**shared, **self._key(table, key, index)}) for index in range(1, count + 1)]
            children[table.name] = made
        return root, children

    def _key(self, table: Table, parent: str, index: int) -> dict[str, Any]:
        kinds = {field.name: field.kind for field in fields_of(table.row)}
        rest = {
            name: index if isinstance(kinds[name], inspect.IntType) else f"{TEXTS[0]}{index}" for name in table.key[1:]
        }
        return {table.key[0]: parent, **rest}

    def _row(self, table: Table, given: Mapping[str, Any]) -> Row:
        values = {
            field.name: given[field.name] if field.name in given else self._value(field)
            for field in fields_of(table.row)
        }
        return table.row(**values)

    def _value(self, field: Field) -> Any:
        if field.optional and self._chance.random() < 0.3:
            return None
        match field.kind:
            case inspect.LiteralType(values=values):
                return self._chance.choice(values)
            case inspect.StrType(max_length=most):
                return self._chance.choice([text for text in self._texts if most is None or len(text) <= most])
            case inspect.IntType():
                least, most = range_of(field.kind)
                return self._chance.randint(max(least, -5), min(most, 20))
            case inspect.DateTimeType():
                return self._moment()
            case inspect.DateType():
                return date(2026, 11, 23) + timedelta(days=self._chance.randint(0, 2))
        raise TypeError(f"no row holds a {field.kind}")

    def _moment(self) -> datetime:
        """Return a time on one of three days, often the first or the last moment of its day."""
        day = datetime(2026, 11, 23) + timedelta(days=self._chance.randint(0, 2))
        last = timedelta(days=1) - timedelta(milliseconds=1)
        return day + self._chance.choice(
            [timedelta(), last, timedelta(milliseconds=self._chance.randint(0, 86_399_999))]
        )


class StateMaker:
    """A generator of states in which no two values are equal.

    Args:
        times: the names of the fields that are times, as ISO 8601 text.
    """

    def __init__(self, times: frozenset[str]) -> None:
        self._times = times
        self._number = 0
        self._made: list[str] = []

    def state(self, kind: type[msgspec.Struct]) -> dict[str, Any]:
        """Return a state as plain data."""
        info = inspect.type_info(kind)
        self.make(info, "")  # a first pass, to learn which texts there are
        made: dict[str, Any] = self.make(info, "")
        made.pop("deleted", None)
        return made

    def make(self, info: inspect.Type, name: str) -> Any:
        """Return a value of a type, for a field of that name."""
        self._number += 1
        kind, _ = _plain(info)
        match kind:
            case inspect.StructType(fields=fields):
                return {field.encode_name: self.make(field.type, field.encode_name) for field in fields}
            case inspect.ListType(item_type=item):
                return [self.make(item, name)]
            case inspect.DictType(value_type=value):
                # A mapping that the state looks up by one of its own texts has that key.
                return {text: self.make(value, name) for text in self._texts()}
            case inspect.IntType():
                return self._number
            case inspect.BoolType():
                return False
            case inspect.LiteralType(values=values):
                return values[0]
            case inspect.StrType():
                return self._text(name)
        return None

    def _texts(self) -> list[str]:
        return list(dict.fromkeys(self._made))

    def _text(self, name: str) -> str:
        if name in self._times:
            return iso(START + timedelta(seconds=self._number))
        text = f"{name}-text"  # fields of one name in two places have the same text
        self._made.append(text)
        return text
