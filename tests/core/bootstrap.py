"""The composition root of the domain that the engine's own tests run on."""

from functools import lru_cache
from pathlib import Path

from chalicelib.core.access.permissions import ALL, Permissions
from chalicelib.core.assembly import assemble
from chalicelib.core.http.info import ApiInfo
from chalicelib.core.mysql.migration_sets import MigrationSet
from chalicelib.core.runtime import Runtime
from tests.core.domain.roles import CHIEF, CLERK, ROLES

FOLDERS = ("accounts", "transfers")
INFO = ApiInfo(
    title="Accounts",
    version="1",
    license="MIT",
    problem_types="urn:accounts:problem:",
    request_ids="urn:accounts:request:",
)
_DOMAIN = Path(__file__).parent / "domain"
_ASSEMBLED = assemble(
    "tests.core.domain",
    FOLDERS,
    Permissions(
        ROLES,
        {
            "operations.status": {CLERK: ALL, CHIEF: ALL},
            "operations.dead-letters": {CHIEF: ALL},
            "operations.dead-letter": {CHIEF: ALL},
            "operations.redrive": {CHIEF: ALL},
            "operations.discard": {CHIEF: ALL},
            "operations.redrive-matching": {CHIEF: ALL},
            "operations.discard-matching": {CHIEF: ALL},
        },
    ),
    MigrationSet("tests", _DOMAIN / "migrations"),
    INFO,
)
SERVICES, APIS, PERMISSIONS, MIGRATIONS, _ = _ASSEMBLED
REACTED_TO, PORTS = _ASSEMBLED.reacted_to, _ASSEMBLED.ports


@lru_cache(maxsize=1)
def runtime() -> Runtime:
    """Return the process's runtime. It is made from the environment on first use. Raises BadSettings."""
    return Runtime.from_env(SERVICES, PERMISSIONS, PORTS)
