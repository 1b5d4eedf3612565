"""Fixtures of the tests of faults: both sides, a whole stack, and figures that are reported at the end."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from local.ministack import MiniStack
from local.ports import free_port
from tests.core.faults.whole import LOADED
from tests.core.ops.conftest import world
from tests.support.domain import NEUTRAL
from tests.support.proxy import Proxy
from tests.support.stack import Stack, started
from tests.support.stores import fresh_database, fresh_tables

__all__ = ["world"]


@pytest.fixture
def alone(ministack: str, mysql_server: str, tmp_path: Path) -> Iterator[Stack]:
    """Yield a whole stack for this test only."""
    with (
        fresh_tables(ministack, NEUTRAL) as tables,
        fresh_database(mysql_server, NEUTRAL) as url,
        started(tables, url, tmp_path / "stack", **LOADED) as stack,
    ):
        yield stack


@pytest.fixture
def write_store(tmp_path: Path) -> Iterator[MiniStack]:
    """Yield an embedded AWS that may be stopped."""
    server = MiniStack(tmp_path / "ministack", free_port(), keep=False)
    server.start()
    yield server
    server.child.kill()


@pytest.fixture
def store_proxy(write_store: MiniStack) -> Iterator[Proxy]:
    """Yield a proxy to the embedded AWS."""
    proxy = Proxy(write_store.port)
    yield proxy
    proxy.close()


@pytest.fixture
def distant(write_store: MiniStack, store_proxy: Proxy, mysql_server: str, tmp_path: Path) -> Iterator[Stack]:
    """Yield a whole stack that reaches its write store and its streams through the proxy. The test itself does not."""
    with fresh_tables(write_store.endpoint, NEUTRAL) as tables, fresh_database(mysql_server, NEUTRAL) as url:
        by_proxy = replace(tables, endpoint=f"http://127.0.0.1:{store_proxy.port}")
        with started(by_proxy, url, tmp_path / "stack", **LOADED) as stack:
            yield replace(stack, tables=tables)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Report the figures of the tests, such as the rate of a load on this machine."""
    for report in terminalreporter.getreports("passed"):
        if report.when == "call" and "tests/core/faults/" in report.nodeid and report.user_properties:
            figures = ", ".join(f"{name}: {value}" for name, value in report.user_properties)
            terminalreporter.write_line(f"{report.nodeid.rpartition('::')[2]}: {figures}")
