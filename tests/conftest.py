"""The stores that tests run against: real ones, private ones, each started when the first test asks for it.

TEST_DATABASE_URL=mysql://user:password@host:3306 has another MySQL server used instead of a private
mariadbd; its user must be allowed to create databases, and only databases named tributary_test_* are touched.
"""

import itertools
import json
import logging
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from chalicelib.bootstrap import MIGRATIONS
from chalicelib.core.mysql.connections import connect
from chalicelib.core.mysql.migrate import migrate
from chalicelib.core.mysql.server_check import check
from chalicelib.core.telemetry import log
from local import aws, keys
from local.child import Child
from local.config import Config
from local.env import app_env, dead_letter_bucket
from local.mariadb import MariaDB, with_database
from local.ministack import MiniStack
from local.ports import answers, free_port
from local.stack import module_child
from local.template import Template, create_tables
from tests.running import Run

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from mypy_boto3_dynamodb import DynamoDBClient

# botocore must never find a person's real account.
os.environ.update(aws.CREDENTIALS | {"AWS_REGION": aws.REGION, "AWS_DEFAULT_REGION": aws.REGION})
os.environ.pop("AWS_PROFILE", None)

_numbers = itertools.count(1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test that uses the MySQL server, so that `-m database` runs them all on another one."""
    for item in items:
        if "mysql_server" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.database)


@dataclass(frozen=True)
class Tables:
    """A fresh set of the template's tables.

    Attributes:
        prefix: TABLE_PREFIX; `<prefix>orders` is a table.
        endpoint: AWS_ENDPOINT_URL.
        client: of DynamoDB there.
    """

    prefix: str
    endpoint: str
    client: "DynamoDBClient"

    def name(self, service: str) -> str:
        """The table of a service."""
        return f"{self.prefix}{service}"

    def items(self, service: str) -> list[Mapping[str, Any]]:
        """All items of a service's table, as attribute values."""
        pages = self.client.get_paginator("scan").paginate(TableName=self.name(service), ConsistentRead=True)
        return [item for page in pages for item in page["Items"]]


@pytest.fixture(scope="session")
def ministack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of an embedded AWS that forgets all at the end."""
    server = MiniStack(tmp_path_factory.mktemp("ministack"), free_port(), keep=False)
    server.start()
    yield server.endpoint
    server.stop()


@pytest.fixture
def tables(ministack: str) -> Iterator[Tables]:
    """The template's tables, empty, under a prefix of this test's own."""
    with fresh_tables(ministack) as tables:
        yield tables


@pytest.fixture(scope="module")
def module_tables(ministack: str) -> Iterator[Tables]:
    """The same, shared by a module's tests."""
    with fresh_tables(ministack) as tables:
        yield tables


@contextmanager
def fresh_tables(endpoint: str) -> Iterator[Tables]:
    """The template's tables under a new prefix, deleted at the end."""
    tables = Tables(f"t{secrets.token_hex(4)}-", endpoint, aws.dynamodb(endpoint))
    names = create_tables(tables.client, Template(tables.prefix))
    yield tables
    for name in names:
        # The template protects the tables of a deployment; MiniStack would hold us to it.
        tables.client.update_table(TableName=name, DeletionProtectionEnabled=False)
        tables.client.delete_table(TableName=name)


@pytest.fixture(scope="session")
def mysql_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a MySQL server without a database: TEST_DATABASE_URL, or a private mariadbd."""
    if url := os.environ.get("TEST_DATABASE_URL"):
        url = with_database(url, "")
        _check(url)
        yield url
        return
    # Nothing kills this one, so that the fastest kind of commit is safe enough.
    server = MariaDB(tmp_path_factory.mktemp("mariadb"), free_port(), flush=0)
    server.start()
    _check(server.server_url)
    yield server.server_url
    server.stop()


def _check(url: str) -> None:
    """Stop the run at once, with sentences, when the server cannot do what is needed."""
    try:
        connection = connect(url)
    except Exception as error:
        pytest.exit(f"The MySQL server for the tests cannot be reached: {error}", returncode=3)
    try:
        if lacking := check(connection):
            pytest.exit("\n".join(["The MySQL server for the tests will not do.", *lacking]), returncode=3)
    finally:
        connection.close()


@pytest.fixture(scope="session")
def session_database(mysql_server: str) -> Iterator[str]:
    """One migrated database for all tests that clean up by `database`."""
    with fresh_database(mysql_server) as url:
        yield url


@pytest.fixture
def database(session_database: str) -> str:
    """The URL of a migrated and empty database."""
    empty(session_database)
    return session_database


@pytest.fixture(scope="module")
def module_database(mysql_server: str) -> Iterator[str]:
    """The URL of a migrated database of a module's own, empty at its first test."""
    with fresh_database(mysql_server) as url:
        yield url


@contextmanager
def fresh_database(server: str) -> Iterator[str]:
    """The URL of a new migrated database, dropped at the end."""
    name = f"tributary_test_{os.getpid()}_{next(_numbers)}"
    url = with_database(server, name)
    migrate(url, MIGRATIONS)
    yield url
    connection = connect(server)
    with connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE `{name}`")
    connection.close()


def empty(url: str) -> None:
    """Empty every table of the read model; those that are empty already cost next to nothing."""
    connection = connect(url)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name FROM information_schema.tables"
            " WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE' AND table_name <> 'schema_migrations'"
        )
        for (table,) in cursor.fetchall():
            # TRUNCATE makes the table's files anew, which for a few rows takes longer than DELETE.
            if cursor.execute(f"SELECT 1 FROM `{table}` LIMIT 2000"):
                cursor.execute(f"{'TRUNCATE' if cursor.rowcount == 2000 else 'DELETE FROM'} `{table}`")
    connection.close()


@dataclass(frozen=True)
class Stack:
    """Tributary whole: the API over HTTP, the pump, a set of tables and a database of their own.

    Attributes:
        url: of the API.
        tables: what the API writes to.
        database_url: what the pump projects into.
        env: the environment of both processes.
        api, pump: the processes; a test that stops one starts it again.
    """

    url: str
    tables: Tables
    database_url: str
    env: Mapping[str, str]
    api: Child
    pump: Child
    folder: Path

    def token(self, role: str, sub: str = "") -> str:
        """A JWT that the API accepts."""
        return keys.issue(self.folder / "keys", role, sub)

    def signing_key(self) -> "EllipticCurvePrivateKey":
        """What signs such tokens, for tests of tokens that are almost right."""
        return keys.private_key(self.folder / "keys")


@pytest.fixture(scope="session")
def stack(ministack: str, mysql_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """One running Tributary for all tests over HTTP."""
    folder = tmp_path_factory.mktemp("stack")
    with (
        fresh_tables(ministack) as tables,
        fresh_database(mysql_server) as database_url,
        started(tables, database_url, folder) as stack,
    ):
        yield stack


@contextmanager
def started(tables: Tables, database_url: str, folder: Path, **env: str) -> Iterator[Stack]:
    """The API and the pump over those stores, stopped at the end; `env` replaces what they would be given."""
    config = Config(
        api_port=free_port(),
        ministack_port=int(tables.endpoint.rpartition(":")[2]),
        folder=folder,
        table_prefix=tables.prefix,
    )
    aws.create_bucket(tables.endpoint, dead_letter_bucket(config))
    env = app_env(config, database_url) | env
    api, pump = module_child("API", "local.server", config, env), module_child("pump", "local.pump", config, env)
    api.start()
    pump.start()
    try:
        api.await_ready(lambda: answers(config.api_port))
        yield Stack(f"http://127.0.0.1:{config.api_port}", tables, database_url, env, api, pump, folder)
    finally:
        api.stop()
        pump.stop()


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    """A stack as `make run` starts it, not started yet; it commits to disk, unlike the tests' own server."""
    stack = Run(tmp_path / "state")
    yield stack
    if stack.process and stack.process.poll() is None:
        stack.stop()


@pytest.fixture
def repository() -> Path:
    """The folder that holds app.py and template.yaml."""
    return Path(__file__).parent.parent


class _Lines(logging.Handler):
    """Keeps the lines, as they would be written."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(log.JsonFormatter())
        self.lines: list[dict[str, Any]] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one."""
        self.lines.append(json.loads(self.format(record)))


@pytest.fixture
def logged() -> Iterator[list[dict[str, Any]]]:
    """What the app logs in this process meanwhile."""
    logger, handler = logging.getLogger("tributary"), _Lines()
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield handler.lines
    logger.removeHandler(handler)
    logger.setLevel(level)
