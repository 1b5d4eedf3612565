"""What an aggregate holds about a person, so that `ops erase` can remove it and nothing else.

A personal text is replaced by ERASED. Ids, numbers and times are not personal here: they stay, so that figures and
references stay right.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Annotated, Any, get_args, get_type_hints

import msgspec
from msgspec import inspect
from msgspec.structs import fields

from chalicelib.core.decider import Event, State

ERASED = "(erased)"
"""Stands for a personal text that was erased."""
_OF_AN_EVENT: tuple[tuple[str, type], ...] = (("type", str), ("schema_version", int))
ITSELF = "id"
"""As `Personal.person`: the aggregate is the person, and its own id is the person's."""


class PersonalDataErased(Event, frozen=True):
    """The personal data of an aggregate were erased, in its state and in the record of its earlier commits."""


class Personal(msgspec.Struct, frozen=True):
    """What an aggregate holds about a person.

    Attributes:
        person: the field of the state that holds the person's id, such as "owner"; ITSELF where the aggregate is the
            person. Such an aggregate must be deleted, by its own command, before it can be erased.
        state: the fields of the state that are personal.
        events: the fields of each event that are personal; of a map, the values are. () says that an event has none,
            though one of its fields is named like a personal field of the state.
        claims: the kinds of claims whose values are personal.
    """

    person: str
    state: tuple[str, ...] = ()
    events: Mapping[type[Event], tuple[str, ...]] = msgspec.field(default_factory=dict)
    claims: tuple[str, ...] = ()

    def person_of(self, id: str, state: Mapping[str, Any]) -> str | None:
        """The id of the person that an aggregate with this id and state belongs to; None where it names nobody."""
        found = id if self.person == ITSELF else state.get(self.person)
        return found if isinstance(found, str) else None

    def erased_state(self, state: Mapping[str, Any], kind: type[State]) -> dict[str, Any]:
        """A state as plain data, without what is personal, and without fields that its class does not have.

        An earlier release may have stored such fields, in the structs within the state as well, and nobody knows
        whether they are personal.
        """
        return _without(state, self.state, kind)

    def erased_event(self, event: Mapping[str, Any], known: Sequence[type[Event]]) -> Mapping[str, Any]:
        """An event as it is stored, without what is personal or not declared.

        Args:
            event: as stored: `{"type": str, "data": dict}`, and "schema_version". Any other member is left out.
            known: the types of the aggregate's events. Of an event of another type, which an earlier release may have
                written, nobody knows what is personal, so all of its data are erased.
        """
        data = event.get("data")
        kinds: list[type[Event]] = [*known, PersonalDataErased]
        kind = next((each for each in kinds if each.__name__ == event.get("type")), None)
        if not isinstance(data, Mapping):
            erased = {}
        elif kind:
            erased = _without(data, self.events.get(kind, ()), kind)
        else:
            erased = _erased(data)
        kept = {
            name: event[name] if isinstance(event[name], of) else ERASED for name, of in _OF_AN_EVENT if name in event
        }
        return {**kept, "data": erased}


@lru_cache(maxsize=256)
def event_types(evolve: Callable[[Any, Any], State]) -> tuple[type[Event], ...]:
    """The events that an aggregate's evolve takes, by the annotation of its second parameter; () without one."""
    hints = [hint for name, hint in get_type_hints(evolve).items() if name != "return"]
    members = (get_args(hints[1]) or (hints[1],)) if len(hints) > 1 else ()
    return tuple(kind for kind in members if isinstance(kind, type) and issubclass(kind, Event))


def declaration_faults(
    personal: Personal, name: str, state: type[State], known: Sequence[type[Event]]
) -> Iterator[str]:
    """What is wrong with a declaration, each fault as a sentence that says what to write.

    Args:
        personal: the declaration.
        name: of the aggregate.
        state: the class of its states.
        known: the types of its events.
    """
    where = f'Personal(...) of Aggregate("{name}", ...)'
    if personal.person != ITSELF and personal.person not in {each.name for each in fields(state)}:
        yield (
            f"{state.__name__} has no field {personal.person!r}: write a field that holds a person's id, or"
            f' "{ITSELF}", as `person` into {where}.'
        )
    yield from _faulty_fields(state, personal.state, f"`state` of {where}")
    if not known:
        yield f"the events of {name} are not known: annotate the second parameter of its `evolve` with their union."
    for event, names in personal.events.items():
        if known and event not in known:
            yield f"{event.__name__} is no event that `evolve` of {name} takes: take it out of `events` of {where}."
        yield from _faulty_fields(event, names, f"`events` of {where}")
    for event in known:
        shared = [each for each in event.__struct_fields__ if each in personal.state]
        if shared and event not in personal.events:
            yield (
                f"{event.__name__} has {', '.join(shared)}, personal in the state of {name}: write"
                f" `{event.__name__}: {tuple(shared)!r}` into `events` of {where}, or `()` where it is not."
            )


def _faulty_fields(kind: type[msgspec.Struct], names: Sequence[str], where: str) -> Iterator[str]:
    types = {each.name: each.type for each in inspect.type_info(kind).fields}  # type: ignore[attr-defined]
    for name in names:
        if name not in types:
            yield f"{kind.__name__} has no field {name!r}; it has {', '.join(sorted(types))}: correct {where}."
        elif not _is_erasable(types[name]):
            yield (
                f"{kind.__name__}.{name} cannot hold {ERASED!r}: only text of at least {len(ERASED)} characters, and"
                f" lists, maps and structs of it, can be erased. Change its type, or take it out of {where}."
            )


def _is_erasable(kind: inspect.Type) -> bool:
    """Whether a value of that type is still one when each text in it is ERASED."""
    match kind:
        case inspect.StrType():
            limits = msgspec.Meta(min_length=kind.min_length, max_length=kind.max_length, pattern=kind.pattern)
            try:
                msgspec.convert(ERASED, type=Annotated[str, limits])
            except msgspec.ValidationError:
                return False
            return True
        case inspect.NoneType():
            return True
        case inspect.ListType():
            return _is_erasable(kind.item_type)
        case inspect.DictType():
            return _is_erasable(kind.value_type)
        case inspect.UnionType():
            return all(map(_is_erasable, kind.types))
        case inspect.StructType():
            return kind.tag is None and all(_is_erasable(each.type) for each in kind.fields)
    return False


def _without(data: Mapping[str, Any], personal: Sequence[str], kind: type[msgspec.Struct]) -> dict[str, Any]:
    """The members of a struct as plain data, without those that are personal or that its class does not declare."""
    erased = {name: _erased(value) if name in personal else value for name, value in data.items()}
    return {**_declared(erased, _type(kind))}


@lru_cache(maxsize=256)
def _type(kind: type[msgspec.Struct]) -> inspect.Type:
    return inspect.type_info(kind)


def _declared(value: Any, kind: inspect.Type) -> Any:
    """Plain data of a type, without the members of structs, however deep in it, that their classes do not declare."""
    match kind:
        case inspect.UnionType():
            return _declared(value, _of_union(value, kind))
        case inspect.StructType() if isinstance(value, Mapping):
            types = {each.encode_name: each.type for each in kind.fields}
            tags = {kind.tag_field} - {None}
            return {
                name: _declared(each, types[name]) if name in types else each if name in tags else _erased(each)
                for name, each in value.items()
            }
        case inspect.DictType() if isinstance(value, Mapping):
            return {name: _declared(each, kind.value_type) for name, each in value.items()}
        case inspect.CollectionType() if isinstance(value, list | tuple):
            return [_declared(each, kind.item_type) for each in value]
        case inspect.TupleType() if isinstance(value, list | tuple) and len(value) == len(kind.item_types):
            return list(map(_declared, value, kind.item_types))
    return value


def _of_union(value: Any, union: inspect.UnionType) -> inspect.Type:
    """The member of a union that a value is of, as far as it holds structs; a struct that nothing is known of if none.

    msgspec allows one list and one map in a union, and several structs only if they have tags.
    """
    wanted: tuple[type[inspect.Type], ...] = (inspect.StructType, inspect.DictType)
    if isinstance(value, list | tuple):
        wanted = (inspect.CollectionType, inspect.TupleType)
    elif not isinstance(value, Mapping):
        return inspect.AnyType()
    fitting = [each for each in union.types if isinstance(each, wanted)]
    for each in fitting:
        if not isinstance(each, inspect.StructType) or each.tag is None or value.get(each.tag_field or "") == each.tag:
            return each
    return inspect.StructType(cls=msgspec.Struct, fields=())


def _erased(value: Any) -> Any:
    """A value with ERASED instead of each text or number in it; what is empty says nothing of anybody and stays."""
    match value:
        case None | "":
            return value
        case list():
            return [_erased(each) for each in value]
        case Mapping():
            return {name: _erased(each) for name, each in value.items()}
    return ERASED
