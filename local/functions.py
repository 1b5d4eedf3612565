"""The app's functions, by the handlers that the template names."""

from collections.abc import Callable, Iterable
from importlib import import_module
from typing import Any

from local.template import EventSource

LambdaHandler = Callable[[dict[str, Any], Any], Any]


def load_handlers(sources: Iterable[EventSource]) -> dict[str, LambdaHandler]:
    """The functions that the mappings name, imported."""
    return {source.handler: load_handler(source.handler) for source in sources}


def load_handler(name: str) -> Any:
    """What a handler names, its module and its name in it, imported: a `LambdaHandler`, or the app itself."""
    module, _, attribute = name.rpartition(".")
    return getattr(import_module(module), attribute)
