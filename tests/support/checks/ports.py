"""Every port that a command uses is published: for `call.runtime.ports["standings"]`, a service declares the Port."""

import ast
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from chalicelib.core.http.endpoint import CommandEndpoint
from tests.support.domain import Domain
from tests.support.routes import routes


def port_faults(domain: Domain) -> list[str]:
    """Return the ports that a service's code names and that no service declares."""
    published = {port.name for service in domain.services.values() for port in service.ports}
    return [
        f"{path.parent.name}/{path.name}, line {line}: no service has Port({name!r}, ...); there are"
        f" {', '.join(sorted(published)) or 'none'}"
        for package in _packages(domain)
        for path in sorted(package.glob("*.py"))
        for name, line in _asked(path)
        if name not in published
    ]


def _packages(domain: Domain) -> list[Path]:
    """Yield the folders of the services that take commands."""
    modules = {route.plan.__module__ for route in routes(domain) if isinstance(route, CommandEndpoint)}
    return sorted({Path(str(import_module(module).__file__)).parent for module in modules})


def _asked(path: Path) -> Iterator[tuple[str, int]]:
    """Yield the names in `<anything>.ports["name"]`, with their lines."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.Subscript(value=ast.Attribute(attr="ports"), slice=ast.Constant(value=str(name)), lineno=line):
                yield name, line
