"""Import the app's functions by the handlers that the template names."""

from collections.abc import Callable, Iterable
from importlib import import_module
from typing import Any

from local.template import EventSource

LambdaHandler = Callable[[dict[str, Any], Any], Any]


def load_handlers(sources: Iterable[EventSource]) -> dict[str, LambdaHandler]:
    """Import the functions that the mappings name."""
    return {source.handler: load_handler(source.handler) for source in sources}


def load_handler(name: str) -> Any:
    """Import the object that a handler such as "app.project" names: a `LambdaHandler`, or the app itself."""
    module, _, attribute = name.rpartition(".")
    return getattr(import_module(module), attribute)
