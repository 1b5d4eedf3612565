"""What the tests of faults share: both sides, a whole stack, and figures told at the end."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.core.faults.whole import LOADED
from tests.core.ops.conftest import world
from tests.support.domain import NEUTRAL
from tests.support.stack import Stack, started
from tests.support.stores import fresh_database, fresh_tables

__all__ = ["world"]


@pytest.fixture
def alone(ministack: str, mysql_server: str, tmp_path: Path) -> Iterator[Stack]:
    """A whole stack of this test's own."""
    with (
        fresh_tables(ministack, NEUTRAL) as tables,
        fresh_database(mysql_server, NEUTRAL) as url,
        started(tables, url, tmp_path / "stack", **LOADED) as stack,
    ):
        yield stack


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tell what the tests recorded, such as the rate that a load achieved on this machine."""
    for report in terminalreporter.getreports("passed"):
        if report.when == "call" and "tests/core/faults/" in report.nodeid and report.user_properties:
            figures = ", ".join(f"{name}: {value}" for name, value in report.user_properties)
            terminalreporter.write_line(f"{report.nodeid.rpartition('::')[2]}: {figures}")
