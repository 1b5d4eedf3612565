"""Keep what a newer release has stored in a state, and this release does not know.

A deployment replaces one function after another, so for a moment two releases change the same aggregates. A field that
was added with a default needs no new version of the schema. The older release reads such a state without that field,
and would remove it with its next commit.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from msgspec import inspect

from chalicelib.core.decider import State


def with_unknown_members(
    stored: Mapping[str, Any], known: Mapping[str, Any], after: dict[str, Any], kind: type[State]
) -> Mapping[str, Any]:
    """A new state, with those members of the stored one that this release does not know.

    Args:
        stored: the state as it is stored.
        known: the same, as this release would store it.
        after: the new state, as this release stores it.
        kind: the class of the states.
    """
    return after if known == stored else _merged(stored, known, after, _tags(kind))


@lru_cache(maxsize=256)
def _tags(kind: type[State]) -> frozenset[str]:
    """The fields by which the unions in a state tell their structs apart."""
    tags: set[str] = set()
    seen: set[type] = set()
    left = [inspect.type_info(kind)]
    while left:
        match left.pop():
            case inspect.StructType() as struct if struct.cls not in seen:
                seen.add(struct.cls)
                tags.update([struct.tag_field] if struct.tag_field else ())
                left += [field.type for field in struct.fields]
            case inspect.UnionType(types) | inspect.TupleType(types):
                left += types
            case inspect.CollectionType(item_type=inner) | inspect.DictType(value_type=inner):
                left.append(inner)
    return frozenset(tags)


def _merged(stored: Any, known: Any, after: Any, tags: frozenset[str]) -> Any:
    if after == known:
        return stored
    if isinstance(after, Mapping) and isinstance(known, Mapping) and isinstance(stored, Mapping):
        tag = next(iter(known), "")  # if it is one: it comes first
        if tag in tags and after.get(tag) != known[tag]:
            return after  # a struct of another class
        changed = {
            name: _merged(stored[name], known[name], value, tags) if name in stored and name in known else value
            for name, value in after.items()
        }
        return changed | {name: value for name, value in stored.items() if name not in known and name not in after}
    if isinstance(after, list | tuple) and isinstance(stored, list) and _covers(stored, known):
        return _merged_elements(stored, known, after, tags)
    return after


def _merged_elements(stored: list[Any], known: Sequence[Any], after: Sequence[Any], tags: frozenset[str]) -> list[Any]:
    """The elements of a list: one that was there before stays as it was stored, wherever it is now."""
    left = list(range(len(known)))
    merged = []
    for place, element in enumerate(after):
        same = [place] if place in left and known[place] == element else []
        found = next(iter(same or (index for index in left if known[index] == element)), None)
        if found is None and len(after) == len(known) and place in left and known[place] not in after:
            found = place if _first_member(known[place]) == _first_member(element) else None  # changed, or replaced
        if found is None:
            merged.append(element)
        else:
            left.remove(found)
            merged.append(_merged(stored[found], known[found], element, tags))
    return merged


def _first_member(element: Any) -> Any:
    """What tells a struct in a list from the others: its first field is its id, by custom, or its tag."""
    return next(iter(element.items()), None) if isinstance(element, Mapping) else None


def _covers(stored: Any, known: Any) -> bool:
    """Whether a stored value has all that is known of it, in the same places: that of a set has no sequence."""
    if isinstance(known, Mapping):
        return isinstance(stored, Mapping) and all(
            name in stored and _covers(stored[name], value) for name, value in known.items()
        )
    if isinstance(known, list | tuple):
        return isinstance(stored, list) and len(stored) == len(known) and all(map(_covers, stored, known))
    return bool(stored == known)
