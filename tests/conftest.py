"""The stores for tests: real ones and private ones. Each is started when the first test asks for it.

TEST_DATABASE_URL=mysql://user:password@host:3306 names another MySQL server to use instead of a private
mariadbd; its user must be allowed to create databases, and only databases named tributary_test_* are touched.
"""

import json
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from chalicelib.core.mysql.connections import connect
from chalicelib.core.mysql.server_check import require_supported
from chalicelib.core.telemetry import log
from local import ROOT, aws
from local.mariadb import MariaDB, with_database
from local.ministack import MiniStack
from local.ports import free_port
from tests.support.browser import browser, page
from tests.support.domain import OWN, Domain
from tests.support.running import Run
from tests.support.stack import Stack, started
from tests.support.stores import Tables, empty, fresh_database, fresh_tables

__all__ = ["browser", "page"]  # fixtures, which pytest finds by their import

# botocore must never find a person's own account.
os.environ.update(aws.CREDENTIALS | {"AWS_REGION": aws.REGION, "AWS_DEFAULT_REGION": aws.REGION})
os.environ.pop("AWS_PROFILE", None)

# On a busy machine, no example fails because it is slow. Fixtures that a test's examples share are emptied again, or
# only read.
settings.register_profile(
    "short",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    max_examples=50,
)
settings.register_profile("long", settings.get_profile("short"), max_examples=1000)
settings.load_profile(os.environ.get("FAULTS") or "short")


END_TO_END = {"api", "browser"}
"""Folders whose tests need tools of their own: generated clients, a browser."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests by the servers and tools that they use. If tests run in parallel, begin with the longest.

    `-m database` runs all tests that need a MySQL server, `-m serverless` all tests that need no server.
    """
    if "PYTEST_XDIST_WORKER" in os.environ:
        items.sort(key=lambda item: item.get_closest_marker("slow") is None)
    for item in items:
        fixtures = set(getattr(item, "fixturenames", ()))
        if "mysql_server" in fixtures:
            item.add_marker(pytest.mark.database)
        elif not fixtures & {"ministack", "own_servers"}:
            item.add_marker(pytest.mark.serverless)
        if item.path.parent.name in END_TO_END:
            item.add_marker(pytest.mark.end_to_end)


@pytest.fixture(scope="session")
def ministack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yield the URL of an embedded AWS that keeps nothing at its end."""
    server = MiniStack(tmp_path_factory.mktemp("ministack"), free_port(), keep=False)
    server.start()
    yield server.endpoint
    server.stop()


@pytest.fixture(scope="session")
def own_servers() -> None:
    """Mark tests that start servers of their own, so that they do not count as `serverless`."""


@pytest.fixture(scope="session")
def mysql_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yield the URL of a MySQL server without a database: TEST_DATABASE_URL, or a private mariadbd."""
    if url := os.environ.get("TEST_DATABASE_URL"):
        url = with_database(url, "")
        _check(url)
        yield url
        return
    # Nothing kills this server, so the fastest kind of commit is safe enough.
    server = MariaDB(tmp_path_factory.mktemp("mariadb"), free_port(), flush=0)
    server.start()
    _check(server.server_url)
    yield server.server_url
    server.stop()


def _check(url: str) -> None:
    """Stop the run at once, with a clear message, if the server lacks what the tests need."""
    try:
        connection = connect(url)
    except Exception as error:
        pytest.exit(f"The MySQL server for the tests cannot be reached: {error}", returncode=3)
    try:
        if lacking := require_supported(connection):
            pytest.exit("\n".join(["The MySQL server for the tests is not suitable.", *lacking]), returncode=3)
    finally:
        connection.close()


@pytest.fixture(scope="session")
def domain() -> Domain:
    """Return the domain that tests run on. A folder's conftest.py may name another."""
    return OWN


@pytest.fixture
def tables(ministack: str, domain: Domain) -> Iterator[Tables]:
    """Yield the domain's tables, empty, under a prefix of this test's own."""
    with fresh_tables(ministack, domain) as tables:
        yield tables


@pytest.fixture(scope="module")
def module_tables(ministack: str, domain: Domain) -> Iterator[Tables]:
    """Yield the domain's tables, shared by a module's tests."""
    with fresh_tables(ministack, domain) as tables:
        yield tables


@pytest.fixture(scope="session")
def databases(mysql_server: str) -> Iterator[Callable[[Domain], str]]:
    """Return a function that makes one database for each domain. Its tests clean up before they begin."""
    made: dict[Domain, str] = {}
    with ExitStack() as ending:

        def database(domain: Domain) -> str:
            if domain not in made:
                made[domain] = ending.enter_context(fresh_database(mysql_server, domain))
            return made[domain]

        yield database


@pytest.fixture(scope="session")
def stacks(
    ministack: str, mysql_server: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[Domain], Stack]]:
    """Return a function that starts one Tributary for each domain, for all tests over HTTP."""
    made: dict[Domain, Stack] = {}
    with ExitStack() as ending:

        def stack(domain: Domain) -> Stack:
            if domain not in made:
                tables = ending.enter_context(fresh_tables(ministack, domain))
                url = ending.enter_context(fresh_database(mysql_server, domain))
                made[domain] = ending.enter_context(started(tables, url, tmp_path_factory.mktemp("stack")))
            return made[domain]

        yield stack


# The scope is at most a module, so that each module gets the fixtures of its own domain.
@pytest.fixture(scope="module")
def session_database(databases: Callable[[Domain], str], domain: Domain) -> str:
    """Return the URL of the domain's one migrated database, as other tests left it."""
    return databases(domain)


@pytest.fixture(scope="module")
def stack(stacks: Callable[[Domain], Stack], domain: Domain) -> Stack:
    """Return the domain's one running Tributary."""
    return stacks(domain)


@pytest.fixture
def database(session_database: str) -> str:
    """Return the URL of a migrated and empty database."""
    empty(session_database)
    return session_database


@pytest.fixture(scope="module")
def module_database(mysql_server: str, domain: Domain) -> Iterator[str]:
    """Return the URL of a migrated database for this module, empty at its first test."""
    with fresh_database(mysql_server, domain) as url:
        yield url


@pytest.fixture
def run(tmp_path: Path, domain: Domain, own_servers: None) -> Iterator[Run]:
    """Yield a stack as `make run` starts it, not started yet. Unlike the tests' own server, it commits to disk."""
    stack = Run(tmp_path / "state", domain)
    yield stack
    if stack.process and stack.process.poll() is None:
        stack.stop()


@pytest.fixture
def repository() -> Path:
    """Return the folder with app.py and template.yaml."""
    return ROOT


class _Lines(logging.Handler):
    """A handler that keeps the log lines as they would be written."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(log.JsonFormatter())
        self.lines: list[dict[str, Any]] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line."""
        self.lines.append(json.loads(self.format(record)))


@pytest.fixture
def logged() -> Iterator[list[dict[str, Any]]]:
    """Return the lines that the app logs in this process meanwhile."""
    logger, handler = logging.getLogger("tributary"), _Lines()
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield handler.lines
    logger.removeHandler(handler)
    logger.setLevel(level)
