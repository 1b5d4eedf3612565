"""What the tests of faults share: the projector's fixtures, both sides, a whole stack, and figures told at the end."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ops.conftest import world
from tests.shop.projecting import make_projector, projector
from tests.support.stack import Stack, started
from tests.support.stores import fresh_database, fresh_tables

__all__ = ["make_projector", "projector", "world"]


@pytest.fixture
def alone(ministack: str, mysql_server: str, tmp_path: Path) -> Iterator[Stack]:
    """A whole stack of this test's own."""
    with (
        fresh_tables(ministack) as tables,
        fresh_database(mysql_server) as url,
        started(tables, url, tmp_path / "stack") as stack,
    ):
        yield stack


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tell what the tests recorded, such as the rate that a load achieved on this machine."""
    for report in terminalreporter.getreports("passed"):
        if report.when == "call" and "tests/faults/" in report.nodeid and report.user_properties:
            figures = ", ".join(f"{name}: {value}" for name, value in report.user_properties)
            terminalreporter.write_line(f"{report.nodeid.rpartition('::')[2]}: {figures}")
