"""The pages made from the code. Each function returns the Markdown of one page."""

import json
from collections.abc import Iterator, Mapping, Sequence
from inspect import cleandoc
from itertools import groupby
from pathlib import Path
from typing import Any

import click

from chalicelib.bootstrap import APIS, INFO, PERMISSIONS, SETTINGS
from chalicelib.core.http.openapi import document
from chalicelib.core.settings import Setting
from deploy.site.pages import Page
from deploy.site.shapes import kind, members, table
from ops.cli import ops

_OF_EVERY_COMMAND = ("Idempotency-Key", "If-Match", "If-None-Match")
_OF_EVERY_QUERY = ("Consistency-Token", "Prefer", "If-None-Match")


def pages(root: Path) -> list[Page]:
    """Return all of them, for the section Reference."""
    made = {
        "routes": _routes(_document()),
        "states-and-events": _states_and_events(root / "schema"),
        "service-settings": _service_settings(SETTINGS),
        "ops": _ops(ops),
    }
    return [Page(f"reference/{name}.md", text) for name, text in made.items() if text]


def _document() -> dict[str, Any]:
    return document([endpoint for api in APIS for endpoint in api.endpoints], PERMISSIONS, INFO)


def _routes(api: Mapping[str, Any]) -> str:
    """Return the page of the routes, from the OpenAPI document."""
    operations = [
        (operation["tags"][0], method.upper(), path, operation)
        for path, methods in api["paths"].items()
        for method, operation in methods.items()
    ]
    lines = [
        "# Routes",
        "Made from the OpenAPI document, which the API serves at `/openapi.json`; the page at `/docs` has a form to try"
        " each route. [The HTTP contract](http.md) states what all routes share: errors, lists, the headers"
        f" {_names(dict.fromkeys((*_OF_EVERY_COMMAND, *_OF_EVERY_QUERY)))}.",
    ]
    tags = list(dict.fromkeys(tag for tag, *_ in operations))
    for tag, group in groupby(sorted(operations, key=lambda found: tags.index(found[0])), key=lambda found: found[0]):
        lines.append(f"## {tag}")
        for _, method, path, operation in group:
            lines += _route(method, path, operation)
    lines.append("## Bodies and answers")
    for name, schema in api["components"]["schemas"].items():
        lines += [f"### {name}", schema.get("description", ""), members(schema)]
    return _joined(lines)


def _names(names: Sequence[str] | Mapping[str, None]) -> str:
    *most, last = names
    return ", ".join(f"`{name}`" for name in most) + f" and `{last}`"


def _route(method: str, path: str, operation: Mapping[str, Any]) -> Iterator[str]:
    yield f"### {method} {path}"
    yield f"{operation['summary']} {operation.get('description', '')}"
    shared = _OF_EVERY_QUERY if method == "GET" else _OF_EVERY_COMMAND
    rows = [
        (
            f"`{parameter['name']}`",
            parameter["in"],
            kind(parameter["schema"]),
            "yes" if parameter["required"] else "",
            f"`{parameter['schema']['default']}`" if "default" in parameter["schema"] else "",
            parameter.get("description") or parameter["schema"].get("description", ""),
        )
        for parameter in operation.get("parameters", ())
        if parameter["name"] not in shared
    ]
    if rows:
        yield table("parameter", rows, ("in", "what it is", "required", "default", "about"))
    if "requestBody" in operation:
        yield f"Body: {_content(operation['requestBody'])}."
    success = [(status, answer) for status, answer in operation["responses"].items() if status < "300"]
    for status, answer in success:
        yield f"Answer: {status}, {_content(answer)}." if "content" in answer else f"Answer: {status}."


def _content(part: Mapping[str, Any]) -> str:
    return kind(next(iter(part["content"].values()))["schema"])


def _states_and_events(folder: Path) -> str:
    """Return the page of the stored states and events, from schema/."""
    lines = [
        "# States and events",
        "Made from the folder `schema/`, which `make schema` writes. A state is what a service's DynamoDB table holds"
        " of an aggregate; an event says what one commit did. Each has a version; the newest is the present type, and"
        " an upcaster brings earlier ones into it ([how to](../howto-change-a-state.md)).",
    ]
    for service in sorted(path for path in folder.glob("*/") if path.is_dir()):
        lines.append(f"## {service.name}")
        for path in sorted(service.glob("*.json"), key=lambda file: (file.name.count("."), file.name)):
            lines += _stored(path)
    return _joined(lines) if len(lines) > 2 else ""


def _stored(path: Path) -> Iterator[str]:
    schema = json.loads(path.read_text(encoding="utf-8"))
    *names, version = path.name.removesuffix(".json").split(".")
    what = f"{names[1]}, an event of {names[0]}" if len(names) > 1 else f"{names[0]}, the state"
    anchor = f"{path.parent.name}-{names[0]}-{version}-"
    yield f"### {what}, version {version}"
    yield members(schema, f"#{anchor}{{}}") if schema.get("properties") else "It has no members."
    if len(names) == 1:
        for name, part in schema.get("$defs", {}).items():
            yield f'<a id="{anchor}{name.lower()}"></a>\n\n`{name}`:'
            yield members(part, f"#{anchor}{{}}")


def _service_settings(settings: Sequence[Setting]) -> str:
    """Return the page of the settings that services declare."""
    if not settings:
        return ""
    rows = [
        (
            f"`{setting.name}`",
            f"`{setting.default}`" if setting.default else "",
            f"`{setting.pattern}`",
            ", ".join(setting.functions),
            setting.description,
        )
        for setting in settings
    ]
    return _joined(
        [
            "# Settings of the services",
            "Made from the services' declarations. Each is an environment variable and a parameter of `template.yaml`."
            " The engine's own are on [another page](settings.md).",
            table("variable", rows, ("default", "pattern", "read by", "what it is for")),
        ]
    )


def _ops(group: click.Group) -> str:
    """Return the page of the operator's commands, from click."""
    lines = [
        "# The operator's commands",
        "Made from the command line itself: `python -m ops --help` says the same. [Operating](../operate.md) says when"
        " to use which. Exit codes: 0 for success; 1 if the output names something wrong; 2 if the command line is not"
        " valid; 3 if the command could not be run.",
        group.epilog or "",
    ]
    for names, command in _commands(group, ()):
        context = click.Context(command, info_name=" ".join(("python -m ops", *names)))
        lines += [f"## {' '.join(names)}", f"```text\n{command.get_usage(context)}\n```"]
        lines.append(cleandoc(command.help or ""))
        lines += _parameters(command)
    return _joined(lines)


def _commands(group: click.Group, above: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from _commands(command, (*above, name))
        elif command:
            yield (*above, name), command


def _parameters(command: click.Command) -> Iterator[str]:
    rows = [
        (f"`{', '.join((*option.opts, *option.secondary_opts))}`", option.help or "", _default(option))
        for option in command.params
        if isinstance(option, click.Option)
    ]
    if rows:
        yield table("option", rows, ("what it does", "default"))


def _default(option: click.Option) -> str:
    return f"`{option.default}`" if option.show_default and option.default is not None else ""


def _joined(lines: Sequence[str]) -> str:
    return "\n\n".join(line.strip() for line in lines if line.strip()) + "\n"
