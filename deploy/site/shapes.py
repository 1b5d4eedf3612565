"""A JSON Schema for people: a value's type in words, and a table of an object's members."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Schema = Mapping[str, Any]
_MOST_SHOWN = 80


def table(first: str, rows: Sequence[Sequence[str]], others: tuple[str, ...]) -> str:
    """Return a Markdown table without the columns that are empty in all rows."""
    titles = (first, *others)
    kept = [index for index in range(len(titles)) if index == 0 or any(row[index] for row in rows)]
    lines = [[titles[index] for index in kept], ["---"] * len(kept)]
    lines += [[row[index].replace("|", "\\|").replace("\n", " ") for index in kept] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def members(schema: Schema, link: str = "#{}") -> str:
    """Return the table of an object's members.

    Args:
        schema: the object's schema.
        link: returns the link to another object by its name.
    """
    required = schema.get("required", ())
    rows = [
        (f"`{name}`", kind(member, link), "yes" if name in required else "", _default(member), _about(member))
        for name, member in schema.get("properties", {}).items()
    ]
    return table("member", rows, ("what it is", "required", "default", "about"))


def kind(schema: Schema, link: str = "#{}") -> str:
    """Return a value's type in words: "a list of [Line](#line)"."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}]({link.format(name.lower())})"
    if "anyOf" in schema:
        return " or ".join(kind(option, link) for option in schema["anyOf"])
    if "enum" in schema:
        return "one of " + ", ".join(f"`{value}`" for value in schema["enum"])
    if "const" in schema:
        return f"`{schema['const']}`"
    if schema.get("type") == "array":
        return f"a list of {kind(schema.get('items', {}), link)}{_range(schema, 'Items')}"
    if schema.get("type") == "object":
        if "properties" in schema:
            inside = (f"`{name}`, {kind(member, link)}" for name, member in schema["properties"].items())
            return f"an object of {'; '.join(inside)}"
        values = schema.get("additionalProperties")
        return f"a map of {kind(values, link)}" if isinstance(values, Mapping) else "an object"
    return _scalar(schema)


def _scalar(schema: Schema) -> str:
    pattern = schema.get("pattern", "")
    shown = f", `{pattern}`" if pattern and len(pattern) <= _MOST_SHOWN else ""
    match schema.get("type"):
        case "string":
            return f"{schema.get('format', 'text')}{_range(schema, 'Length', ' characters')}{shown}"
        case "integer":
            return f"integer{_between(schema.get('minimum'), schema.get('maximum'))}"
        case "null":
            return "null"
        case None:
            return "anything"
        case other:
            return str(other)


def _range(schema: Schema, what: str, unit: str = "") -> str:
    return _between(schema.get(f"min{what}"), schema.get(f"max{what}"), unit)


def _between(least: int | None, most: int | None, unit: str = "") -> str:
    if most is not None and most >= 2**63 - 1:
        most = None
    if most is not None:
        return f", {least} to {most}{unit}" if least is not None else f", at most {most}{unit}"
    return f", at least {least}{unit}" if least else ""


def _default(schema: Schema) -> str:
    if "default" not in schema or schema["default"] is None:
        return ""
    return f"`{json.dumps(schema['default'])}`"


def _about(schema: Schema) -> str:
    return " ".join(_sentences(schema))


def _sentences(schema: Schema) -> Iterator[str]:
    if "description" in schema:
        yield schema["description"]
    if schema.get("examples"):
        yield f"Example: `{schema['examples'][0]}`"
