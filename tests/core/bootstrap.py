"""The composition root of the domain that the engine's own tests run on."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from chalicelib.core.http.documentation import documentation
from chalicelib.core.mysql.migration_sets import CORE, MigrationSet
from chalicelib.core.operations.api import api as operations_api
from chalicelib.core.runtime import Runtime
from chalicelib.core.service import Service
from chalicelib.core.settings import Settings
from chalicelib.core.telemetry import log, tracing
from tests.core.domain.accounts.api import api as accounts_api
from tests.core.domain.accounts.published import TableStandings
from tests.core.domain.accounts.service import SERVICE as ACCOUNTS
from tests.core.domain.permissions import PERMISSIONS
from tests.core.domain.transfers.api import api as transfers_api
from tests.core.domain.transfers.service import SERVICE as TRANSFERS

SERVICES: Mapping[str, Service] = {service.name: service for service in (ACCOUNTS, TRANSFERS)}
REACTED_TO = sorted({policy.source for service in SERVICES.values() for policy in service.policies})
MIGRATIONS = (CORE, MigrationSet("tests", Path(__file__).parent / "domain" / "migrations"))
_APIS = (accounts_api, transfers_api, operations_api)
APIS = (*_APIS, documentation(_APIS, PERMISSIONS))


def _ports(runtime: Runtime) -> Mapping[str, Any]:
    """What one service publishes to another's command side."""
    return {"standings": TableStandings(runtime.store("accounts"))}


@lru_cache(maxsize=1)
def runtime() -> Runtime:
    """The process's runtime, made from the environment on first use. Raises BadSettings."""
    log.set_up()
    settings = Settings.from_env()
    tracing.set_up(settings.tracing)
    return Runtime(settings, SERVICES, PERMISSIONS, _ports)
