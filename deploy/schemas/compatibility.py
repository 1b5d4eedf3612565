"""Compare two versions of a type, given as msgspec's JSON Schemas: can the newer read what the older stored?"""

from collections.abc import Iterator, Sequence
from typing import Any

from deploy.schemas.documents import Schema

_LEAST = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
_MOST = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
_COMPARED = {
    *("type", "enum", "const", "anyOf", "properties", "required", "additionalProperties", "items", "prefixItems"),
    *("$defs", "$ref", "default", "discriminator", *_LEAST, *_MOST),
}
_NOTHING: Any = object()


def breaks(before: Schema, after: Schema) -> list[str]:
    """Return what a type of the schema `after` cannot read of what `before` describes, one sentence for each field."""
    return list(dict.fromkeys(_Comparison(before, after).compare(before, after, "")))


class _Comparison:
    """A comparison of two documents. It remembers which references it is inside, since a type may contain itself."""

    def __init__(self, before: Schema, after: Schema) -> None:
        self._before = before
        self._after = after
        self._open: set[tuple[str, str]] = set()

    def compare(self, before: Schema, after: Schema, path: str) -> Iterator[str]:
        """Yield what `after` cannot read of `before`, at a path such as `legs[].amount`."""
        pair = before.get("$ref", ""), after.get("$ref", "")
        if all(pair) and pair in self._open:
            return
        self._open.add(pair)
        yield from self._compare(_resolved(before, self._before), _resolved(after, self._after), path)
        self._open.discard(pair)

    def _compare(self, before: Schema, after: Schema, path: str) -> Iterator[str]:
        here = f"`{path}`" if path else "it"
        if "anyOf" in before or "anyOf" in after:
            yield from self._alternatives(before, after, path)
        elif "enum" in before or "enum" in after:
            yield from _values(before, after, here)
        elif _kind(before) != _kind(after) and not _widens(before, after):
            yield f"{here} was {_kind(before)} and is {_kind(after)}"
        else:
            yield from _limits(before, after, here)
            yield from _others(before, after, here)
            yield from self._members(before, after, path)

    def _alternatives(self, before: Schema, after: Schema, path: str) -> Iterator[str]:
        """Check that each alternative of `before` can be read by an alternative of `after`."""
        for one in before.get("anyOf", [before]):
            found = [list(self.compare(one, other, path)) for other in after.get("anyOf", [after])]
            if all(found):
                of_one = _kind(_resolved(one, self._before))
                alike = [
                    faults
                    for faults, other in zip(found, after.get("anyOf", [after]), strict=True)
                    if _kind(_resolved(other, self._after)) == of_one
                ]
                yield from alike[0] if len(alike) == 1 else [f"`{path}` could be {of_one} and can be that no more"]

    def _members(self, before: Schema, after: Schema, path: str) -> Iterator[str]:
        if "properties" in before and "properties" in after:
            yield from self._fields(before, after, path)
        for keyword, suffix in (("items", "[]"), ("additionalProperties", "{}")):
            one, other = before.get(keyword), after.get(keyword)
            if isinstance(one, dict) and isinstance(other, dict):
                yield from self.compare(one, other, f"{path}{suffix}")
            elif isinstance(other, dict) or (other is False and one is not False):
                yield f"`{path}{suffix}` could be anything and is limited now"
        ones, others = before.get("prefixItems", []), after.get("prefixItems", [])
        if len(ones) != len(others):
            yield f"`{path}` had {len(ones)} elements and has {len(others)}"
        for number, (one, other) in enumerate(zip(ones, others, strict=False)):
            yield from self.compare(one, other, f"{path}[{number}]")

    def _fields(self, before: Schema, after: Schema, path: str) -> Iterator[str]:
        olds, news = before["properties"], after["properties"]
        for name in [*olds, *(name for name in news if name not in olds)]:
            place = f"{path}.{name}" if path else name
            if name not in news:
                yield f"`{place}` is gone"
                continue
            if name in after.get("required", []) and name not in before.get("required", []):
                yield f"`{place}` has no default any more" if name in olds else f"`{place}` is new and has no default"
            if name in olds:
                yield from self.compare(olds[name], news[name], place)
                yield from _default(olds[name], news[name], place)


def _resolved(schema: Schema, document: Schema) -> Schema:
    if "$ref" not in schema:
        return schema
    name = schema["$ref"].rpartition("/")[2]
    found: Schema = document["$defs"][name]
    return found


def _kind(schema: Schema) -> str:
    """Return a value's type in words."""
    if "enum" in schema:
        return "one of " + ", ".join(map(repr, schema["enum"]))
    if schema.get("type") == "object":
        return "a struct" if "properties" in schema else "a map"
    return {"null": "null", "integer": "an integer", "array": "a list", None: "anything"}.get(
        schema.get("type"), f"a {schema.get('type')}"
    )


def _widens(before: Schema, after: Schema) -> bool:
    return "type" not in after or (before.get("type"), after["type"]) == ("integer", "number")


def _values(before: Schema, after: Schema, here: str) -> Iterator[str]:
    """Compare enumerations: `before`, `after` or both allow only certain values."""
    if "enum" not in after:
        kinds = {_type_of(value) for value in before["enum"]}
        if "type" in after and kinds != {after["type"]}:
            yield f"{here} was {_kind(before)} and is {_kind(after)}"
        elif "type" in after:
            yield from _others({}, after, here)
            yield from (f"{here} has a limit, {keyword}, that it had not" for keyword in _limited(after))
    elif "enum" not in before:
        yield f"{here} was {_kind(before)} and is {_kind(after)}"
    elif gone := [value for value in before["enum"] if value not in after["enum"]]:
        yield f"{here} can be {', '.join(map(repr, gone))} no more"


def _type_of(value: Any) -> str:
    names = {bool: "boolean", int: "integer", str: "string", type(None): "null"}
    return names.get(type(value), "?")


def _limited(schema: Schema) -> Sequence[str]:
    return [keyword for keyword in (*_LEAST, *_MOST) if keyword in schema]


def _limits(before: Schema, after: Schema, here: str) -> Iterator[str]:
    for keyword in _limited(after):
        old, new = before.get(keyword), after[keyword]
        if old is None or (new > old if keyword in _LEAST else new < old):
            yield f"{here} is narrower: {keyword} was {'unlimited' if old is None else old} and is {new}"


def _others(before: Schema, after: Schema, here: str) -> Iterator[str]:
    """Compare the keywords without a rule of their own: they may be removed, but neither added nor changed."""
    for keyword in after:
        if keyword not in _COMPARED and after[keyword] != before.get(keyword, _NOTHING):
            yield f"{here} has another {keyword}, and what was stored may not fit it"


def _default(before: Schema, after: Schema, place: str) -> Iterator[str]:
    """Report a changed default. A value that equals the default is not stored, so a new default would change it."""
    if "default" in before and before["default"] != after.get("default", _NOTHING):
        new = f"is {after['default']!r}" if "default" in after else "is gone"
        yield f"the default of `{place}` was {before['default']!r} and {new}; where it was equal, it was not stored"
