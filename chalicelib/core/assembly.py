"""Makes all parts of the app from the names of the services' folders.

A folder has `api.py` with its routes. One that writes has `service.py` with its SERVICE as well, `permissions.py` with
its PERMISSIONS, and its read tables in `migrations/`, where they are not among the ones that services share. The
environment variables of a folder's own are in `settings.py`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from chalicelib.core.access.permissions import PermissionRows, Permissions
from chalicelib.core.composition_root import HalfWired
from chalicelib.core.http.chalice_adapter import Api
from chalicelib.core.http.console import console
from chalicelib.core.http.documentation import documentation
from chalicelib.core.http.endpoint import QueryEndpoint
from chalicelib.core.http.info import ApiInfo
from chalicelib.core.http.timelines import with_timelines
from chalicelib.core.http.visibility import member_at
from chalicelib.core.mysql.migration_sets import CORE, MigrationSet
from chalicelib.core.operations.api import api as operations_api
from chalicelib.core.runtime import Runtime
from chalicelib.core.service import Service
from chalicelib.core.settings import Setting


class Assembly(NamedTuple):
    """What the app is made of.

    Attributes:
        services: by name; those that write.
        apis: the routes of all folders, and the engine's own.
        permissions: who may do what, of all folders together.
        migrations: the engine's tables first.
        settings: the environment variables of the services' own.
    """

    services: Mapping[str, Service]
    apis: Sequence[Api]
    permissions: Permissions
    migrations: Sequence[MigrationSet]
    settings: Sequence[Setting]

    @property
    def reacted_to(self) -> list[str]:
        """The services whose streams others have policies on."""
        return sorted({policy.source for service in self.services.values() for policy in service.policies})

    def ports(self, runtime: Runtime) -> Mapping[str, Any]:
        """What services publish to each other's command side, by name."""
        return {
            port.name: port.make(runtime.store(service.name))
            for service in self.services.values()
            for port in service.ports
        }


def assemble(
    package: str, folders: Sequence[str], permissions: Permissions, shared: MigrationSet | None, info: ApiInfo
) -> Assembly:
    """Put the services together.

    Args:
        package: the package that has the services' folders, as it is imported: "chalicelib".
        folders: their names.
        permissions: the roles, and the rows of the engine's own routes; those of the folders are added.
        shared: migrations of tables that lie in no service's folder; None for none.
        info: how the API names itself.

    Raises:
        HalfWired: a folder lacks something.
    """
    home = Path(str(import_module(package).__file__)).parent
    found = [_Folder(home, package, name) for name in folders]
    services = {folder.name: service for folder in found if (service := folder.service)}
    declared = (api for folder in found for api in folder.apis)
    apis = [*(with_timelines(api) if api.service in services else api for api in declared), operations_api]
    rows = dict(permissions.table)
    for folder in found:
        rows |= folder.permissions
    together = Permissions(permissions.roles, rows)
    faults = [fault for folder in found for fault in folder.faults()]
    faults += [*_without_permission(home, apis, rows), *_without_member(apis, together), *_declared_twice(found)]
    faults += _not_displayed(apis)
    if faults:
        raise HalfWired("\n".join(faults))
    migrations = [CORE, *([shared] if shared else []), *(own for folder in found if (own := folder.migrations))]
    settings = [setting for folder in found for setting in folder.settings]
    described = (*apis, documentation(apis, together, info), console(info))
    return Assembly(services, described, together, migrations, settings)


class _Folder:
    """One folder of a service, and what its modules say."""

    def __init__(self, home: Path, package: str, name: str) -> None:
        self.name = name
        self.place = f"{home.name}/{name}"
        self._folder = home / name
        self._package = f"{package}.{name}"

    @property
    def apis(self) -> Iterator[Api]:
        """The routes, in the order of the module."""
        yield from (value for value in vars(self._module("api")).values() if isinstance(value, Api))

    @property
    def service(self) -> Service | None:
        """The declaration in its service.py; None in a folder that only reads."""
        return getattr(self._module("service"), "SERVICE", None) if self._has("service") else None

    @property
    def permissions(self) -> PermissionRows:
        """The rows of its permissions.py."""
        return getattr(self._module("permissions"), "PERMISSIONS", {}) if self._has("permissions") else {}

    @property
    def settings(self) -> Iterator[Setting]:
        """The environment variables of its own."""
        if self._has("settings"):
            yield from (value for value in vars(self._module("settings")).values() if isinstance(value, Setting))

    @property
    def migrations(self) -> MigrationSet | None:
        """Its read tables; None where others have them."""
        folder = self._folder / "migrations"
        return MigrationSet(self.name, folder) if folder.is_dir() else None

    def faults(self) -> Iterator[str]:
        """What it lacks, each as a line that says what to write where."""
        if not list(self.apis):
            yield f'{self.place}/api.py has no routes: write `api = Api("{self.name}")` and a function a route.'
        if not self._has("service"):
            return
        if not self.service:
            yield f'{self.place}/service.py has no SERVICE: write `SERVICE = Service(name="{self.name}", ...)`.'
        elif self.service.name != self.name:
            yield f'{self.place}/service.py names itself {self.service.name!r}: write `name="{self.name}"`.'
        else:
            for kind in self.service.aggregates:
                yield from (f"{self.place}/service.py: {fault}" for fault in kind.personal_faults())

    def _has(self, module: str) -> bool:
        return (self._folder / f"{module}.py").exists()

    def _module(self, name: str) -> ModuleType:
        if not self._has(name):
            raise HalfWired(
                f"{self.place}/{name}.py is not there: write it, or take {self.name!r} out of bootstrap.py."
            )
        return import_module(f"{self._package}.{name}")


def _declared_twice(folders: Iterable[_Folder]) -> Iterator[str]:
    """Settings of one name in two folders."""
    places: dict[str, str] = {}
    for folder in folders:
        for setting in folder.settings:
            first = places.setdefault(setting.name, folder.place)
            if first != folder.place:
                yield f"{folder.place}/settings.py declares {setting.name}, as {first} does: give it another name."


def _without_permission(home: Path, apis: Iterable[Api], rows: PermissionRows) -> Iterator[str]:
    """Routes that nobody may use."""
    for api in apis:
        for endpoint in api.endpoints:
            if endpoint.name and endpoint.name not in rows:
                folder = home / api.service
                place = f"{home.name}/{api.service}/" if folder.is_dir() else f"{home.name}/"
                yield (
                    f"{endpoint.method} {endpoint.path} has no permission: write"
                    f' `"{endpoint.name}": {{"<role>": ALL}},` into PERMISSIONS of {place}permissions.py.'
                )


def _without_member(apis: Iterable[Api], permissions: Permissions) -> Iterator[str]:
    """Rows about a member that the answer does not have, so that the member that was meant is seen by all."""
    for endpoint in (endpoint for api in apis for endpoint in api.endpoints if isinstance(endpoint, QueryEndpoint)):
        for path in permissions.members(endpoint.name):
            if member_at(endpoint.answer, path) is None:
                row = f"{endpoint.name}:{path}"
                yield f'The answer of {endpoint.name} has no member {path}: correct the row "{row}" of PERMISSIONS.'


def _not_displayed(apis: Iterable[Api]) -> Iterator[str]:
    """Hints about members that the answer does not have."""
    for endpoint in (endpoint for api in apis for endpoint in api.endpoints if isinstance(endpoint, QueryEndpoint)):
        for path in endpoint.display.members() if endpoint.display else ():
            if member_at(endpoint.answer, path) is None:
                yield f"The answer of {endpoint.name} has no member {path}: correct its Display(...)."
