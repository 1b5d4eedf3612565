"""The boto3 clients that the functions' packages need for the services, in addition to the engine's."""

import json
from collections.abc import Iterable

from chalicelib.core.service import Service

_FUNCTIONS = {"commands": ("CommandsFunction",), "reactor": ("ReactorFunction", "OperationsFunction")}


def text(services: Iterable[Service]) -> str:
    """Return infrastructure/clients.json, which deploy/package.py reads: {"ReactorFunction": ["sesv2"]}."""
    wanted: dict[str, set[str]] = {function: set() for several in _FUNCTIONS.values() for function in several}
    for service in services:
        for right in service.rights:
            for function in _FUNCTIONS[right.function]:
                wanted[function].update(right.clients)
    return json.dumps({function: sorted(clients) for function, clients in wanted.items()}, indent=2) + "\n"
