"""The composition root: which services there are. Start reading here.

A service is a folder beside this file and a line in FOLDERS. Its infrastructure follows from the folder's
declarations: see docs/howto-add-a-service.md.
"""

from functools import lru_cache
from pathlib import Path

from chalicelib.core.assembly import assemble
from chalicelib.core.http.info import ApiInfo
from chalicelib.core.mysql.migration_sets import MigrationSet
from chalicelib.core.runtime import Runtime
from chalicelib.permissions import PERMISSIONS as ENGINE_PERMISSIONS

FOLDERS = [
    "customers",
    "catalog",
    "inventory",
    "orders",
    "reports",
]
# How the API names itself to its clients, here and in what API Gateway itself answers (`make generate`).
INFO = ApiInfo(
    title="Tributary",
    version="0.1.0",
    license="MIT",
    problem_types="urn:tributary:problem:",
    request_ids="urn:tributary:request:",
)
_HERE = Path(__file__).parent
# The read tables that several services share are in chalicelib/migrations.
_SHARED = MigrationSet("services", _HERE / "migrations")
_ASSEMBLED = assemble("chalicelib", FOLDERS, ENGINE_PERMISSIONS, _SHARED, INFO)
SERVICES, APIS, PERMISSIONS, MIGRATIONS, SETTINGS = _ASSEMBLED
# The services whose streams others have policies on.
REACTED_TO = _ASSEMBLED.reacted_to
# The ports that services publish to each other's command sides.
PORTS = _ASSEMBLED.ports


@lru_cache(maxsize=1)
def runtime() -> Runtime:
    """The process's runtime, made from the environment on first use.

    Raises:
        BadSettings: the environment is unusable.
    """
    return Runtime.from_env(SERVICES, PERMISSIONS, PORTS)
