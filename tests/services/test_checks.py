"""What every service has to keep; tests/support/checks says what each check is about."""

import pytest

from chalicelib.core.service import Service
from tests.support.checks.columns import column_faults
from tests.support.checks.deadlines import deadline_faults
from tests.support.checks.indexes import index_faults
from tests.support.checks.ports import port_faults
from tests.support.checks.sums import sum_faults
from tests.support.checks.values import value_faults
from tests.support.domain import OWN

SERVICES = OWN.services.values()


@pytest.mark.parametrize("service", SERVICES, ids=OWN.services)
def test_values(service: Service) -> None:
    """A column that is named like a field of the state holds it."""
    assert value_faults(service) == []


def test_ports() -> None:
    """What a command asks another service for is published."""
    assert port_faults(OWN) == []


@pytest.mark.parametrize("service", SERVICES, ids=OWN.services)
def test_columns(session_database: str, service: Service) -> None:
    """The migrations hold every projected column, wide enough, of its type."""
    assert column_faults(session_database, [service]) == []


@pytest.mark.parametrize("service", SERVICES, ids=OWN.services)
def test_sums(database: str, service: Service) -> None:
    """The SQL of each summary adds up what its contributions add up."""
    assert sum_faults(database, service.projection) == []


def test_indexes(database: str) -> None:
    """Each filter of each list has an index."""
    assert index_faults(database, OWN) == []


def test_deadlines(session_database: str) -> None:
    """What is overdue is found along an index."""
    assert deadline_faults(session_database, SERVICES) == []
