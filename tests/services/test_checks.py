"""The rules that every service has to keep. tests/support/checks describes each check."""

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
    """A column with the name of a field of the state has its value."""
    assert value_faults(service) == []


def test_ports() -> None:
    """Every port that a command uses is published."""
    assert port_faults(OWN) == []


@pytest.mark.parametrize("service", SERVICES, ids=OWN.services)
def test_columns(session_database: str, service: Service) -> None:
    """The migrations have every projected column, wide enough and of the right type."""
    assert column_faults(session_database, [service]) == []


@pytest.mark.parametrize("service", SERVICES, ids=OWN.services)
def test_sums(database: str, service: Service) -> None:
    """The SQL of each summary gives the same sums as its contributions."""
    assert sum_faults(database, service.projection) == []


def test_indexes(database: str) -> None:
    """Each filter of each list has an index."""
    assert index_faults(database, OWN) == []


def test_deadlines(session_database: str) -> None:
    """Overdue items are found with an index."""
    assert deadline_faults(session_database, SERVICES) == []
