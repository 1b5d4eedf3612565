"""Print the page of the API that a service's code uses, from its docstrings. Runs in .venv-docs, which has griffe.

It reads the source and does not import it.
"""

# ruff: noqa: T201  # a command line

import sys
from collections.abc import Iterator
from pathlib import Path

import griffe

# The modules that a service's folder imports, in the order of the data flow.
MODULES = (
    *("chalicelib.core.decider", "chalicelib.core.fields", "chalicelib.core.access.permissions"),
    *("chalicelib.core.http.endpoint", "chalicelib.core.http.hints", "chalicelib.core.service"),
    *("chalicelib.core.queries.answers", "chalicelib.core.queries.limit", "chalicelib.core.queries.listing"),
    *("chalicelib.core.queries.search", "chalicelib.core.settings", "chalicelib.core.ids", "chalicelib.core.times"),
)
_HEAD = """# The API for services

Made from the docstrings of what a service's folder imports from the engine. [How to add a
service](../howto-add-a-service.md) says which part of a service uses what.
"""


def page(root: Path) -> str:
    """Return the page, in Markdown."""
    loader = griffe.GriffeLoader(search_paths=[root], docstring_parser=griffe.Parser.google)
    package = loader.load("chalicelib.core", submodules=True)
    loader.resolve_aliases()
    lines = [_HEAD]
    for name in MODULES:
        module = package[name.removeprefix("chalicelib.core.")]
        lines += [f"## {name}\n", _text(module)]
        for member in _public(module):
            lines += _member(member)
    return "\n\n".join(line.strip() for line in lines) + "\n"


def _public(module: griffe.Object) -> list[griffe.Object]:
    """Return a module's public names: those in __all__, else its definitions without a leading underscore."""
    named = module.exports
    found = [
        member.final_target if isinstance(member, griffe.Alias) else member
        for name, member in module.members.items()
        if (str(name) in {str(each) for each in named} if named else not (member.is_alias or name.startswith("_")))
    ]
    return [member for member in found if member.kind.value in ("class", "function", "attribute") and member.docstring]


def _member(member: griffe.Object) -> Iterator[str]:
    signature = ""
    if isinstance(member, griffe.Function):
        signature = f"\n```python\n{member.signature()}\n```\n"
    yield f"### {member.name}\n{signature}"
    yield _text(member)
    if isinstance(member, griffe.Class):
        for name, inner in member.members.items():
            if isinstance(inner, griffe.Function) and not name.startswith("_") and inner.docstring:
                mark = "property" if "property" in inner.labels else "method"
                yield f"\n#### {member.name}.{name}\n\n```python\n{inner.signature()}  # {mark}\n```\n"
                yield _text(inner)


def _text(member: griffe.Object) -> str:
    """Return a docstring as Markdown, with its sections as tables."""
    if not member.docstring:
        return ""
    return "\n\n".join(filter(None, (_section(section) for section in member.docstring.parse("google")))) + "\n"


def _section(section: griffe.DocstringSection) -> str:
    kind, value = section.kind.value, section.value
    if kind == "text":
        return _literal(str(value))
    if kind in ("attributes", "parameters", "raises", "returns", "yields"):
        title = {"parameters": "argument", "attributes": "attribute"}.get(kind, kind)
        rows = []
        for item in value:
            name = getattr(item, "name", "") or (str(item.annotation) if kind == "raises" else "")
            about = " ".join(item.description.split())
            rows.append((f"`{name}`" if name else "", about.replace("|", "\\|")))
        return "\n".join((f"| {title} | |", "|---|---|", *(f"| {name} | {about} |" for name, about in rows)))
    return ""


def _literal(text: str) -> str:
    """Return a docstring's text with its angle brackets escaped, since they are not HTML."""
    return "\n".join(
        line
        if line.startswith("    ")
        else line.replace("<", "&lt;").replace("{", "&#123;")
        if "`" not in line
        else line
        for line in text.splitlines()
    )


if __name__ == "__main__":
    print(page(Path(sys.argv[1])))
