"""The composition root of this process: the module that names the services.

It is chalicelib.bootstrap, unless COMPOSITION_ROOT names another. The functions on Lambda import theirs directly.
The local stack and `ops` find it here, so that they work with any domain, such as that of tests/core.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol, cast

if TYPE_CHECKING:
    from chalicelib.core.access.permissions import Permissions
    from chalicelib.core.http.chalice_adapter import Api
    from chalicelib.core.http.info import ApiInfo
    from chalicelib.core.mysql.migration_sets import MigrationSet
    from chalicelib.core.runtime import Runtime
    from chalicelib.core.service import Service

VARIABLE = "COMPOSITION_ROOT"
DEFAULT = "chalicelib.bootstrap"


class HalfWired(Exception):
    """A service is incomplete. Each line of the message says what to write where."""


class CompositionRoot(Protocol):
    """What the module holds.

    Attributes:
        SERVICES: by name.
        REACTED_TO: the services whose streams others have policies on, by name.
        MIGRATIONS: what the read model's tables are made by, the engine's first.
        PERMISSIONS: who may do what, and which roles there are.
        PORTS: makes what services publish to each other's command side, by name.
        INFO: how the API names itself.
        APIS: the routes, the engine's own among them.
    """

    SERVICES: "Mapping[str, Service]"
    REACTED_TO: Sequence[str]
    MIGRATIONS: "Sequence[MigrationSet]"
    PERMISSIONS: "Permissions"
    PORTS: "Callable[[Runtime], Mapping[str, Any]]"
    INFO: "ApiInfo"
    APIS: "Sequence[Api]"


def composition_root() -> CompositionRoot:
    """Import the module that COMPOSITION_ROOT names.

    Raises:
        ImportError: the module, or one that it imports, does not exist.
        HalfWired: a service is incomplete.
    """
    return cast(CompositionRoot, import_module(os.environ.get(VARIABLE) or DEFAULT))
