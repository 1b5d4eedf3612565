"""The composition root: which services there are, and what each gets. Start reading here.

To put in a service of your own: write its folder, add its SERVICE and its `api` below, its table to
deploy/data.yaml and its rows to permissions.py. docs/howto-add-a-service.md has the rest.
"""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from chalicelib.catalog.api import api as catalog_api
from chalicelib.catalog.ports import TablePrices
from chalicelib.catalog.service import SERVICE as CATALOG
from chalicelib.core.http.documentation import documentation
from chalicelib.core.mysql.migration_sets import CORE, MigrationSet
from chalicelib.core.operations.api import api as operations_api
from chalicelib.core.runtime import Runtime
from chalicelib.core.service import Service
from chalicelib.core.settings import Settings
from chalicelib.core.telemetry import log, tracing
from chalicelib.customers.api import api as customers_api
from chalicelib.customers.ports import TableStandings
from chalicelib.customers.service import SERVICE as CUSTOMERS
from chalicelib.inventory.api import api as inventory_api
from chalicelib.inventory.service import SERVICE as INVENTORY
from chalicelib.orders.api import api as orders_api
from chalicelib.orders.api import customers_api as customer_orders_api
from chalicelib.orders.service import SERVICE as ORDERS
from chalicelib.permissions import PERMISSIONS
from chalicelib.reports.api import api as reports_api

SERVICES: Mapping[str, Service] = {service.name: service for service in (CUSTOMERS, CATALOG, INVENTORY, ORDERS)}
# The services whose streams others have policies on.
REACTED_TO = sorted({policy.source for service in SERVICES.values() for policy in service.policies})
# The tables of the read model: the engine's own, then the services'.
MIGRATIONS = (CORE, MigrationSet("services", Path(__file__).parent / "migrations"))
_APIS = (customers_api, catalog_api, inventory_api, orders_api, customer_orders_api, reports_api, operations_api)
APIS = (*_APIS, documentation(_APIS, PERMISSIONS))


def _ports(runtime: Runtime) -> Mapping[str, Any]:
    """What one service publishes to another's command side."""
    return {
        "prices": TablePrices(runtime.store("catalog")),
        "standings": TableStandings(runtime.store("customers")),
    }


@lru_cache(maxsize=1)
def runtime() -> Runtime:
    """The process's runtime, made from the environment on first use.

    Raises:
        BadSettings: the environment is unusable.
    """
    log.set_up()
    settings = Settings.from_env()
    tracing.set_up(settings.tracing)
    return Runtime(settings, SERVICES, PERMISSIONS, _ports)
