"""Which clients of boto3 the functions' packages need because of the services, beside those of the engine."""

import json
from collections.abc import Iterable

from chalicelib.core.service import Service

_FUNCTIONS = {"commands": "CommandsFunction", "reactor": "ReactorFunction"}


def text(services: Iterable[Service]) -> str:
    """infrastructure/clients.json, which deploy/package.py reads: {"ReactorFunction": ["sesv2"]}."""
    wanted: dict[str, set[str]] = {function: set() for function in _FUNCTIONS.values()}
    for service in services:
        for right in service.rights:
            wanted[_FUNCTIONS[right.function]].update(right.clients)
    return json.dumps({function: sorted(clients) for function, clients in wanted.items()}, indent=2) + "\n"
