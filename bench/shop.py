"""The shop in this process, on stores of its own, called as Lambda calls it. It is settled and verified at the end."""

import json
import logging
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chalicelib.bootstrap import MIGRATIONS, SERVICES, runtime
from chalicelib.core.mysql.connections import connect
from chalicelib.core.mysql.migrate import migrate
from local import aws
from local.config import Config
from local.env import app_env, dead_letter_bucket
from local.functions import load_handlers
from local.mariadb import MariaDB, with_database
from local.ministack import MiniStack
from local.ports import free_port
from local.pump import Pump
from local.template import Template, create_tables
from ops.verify import Target, VerifyOptions, verify

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

PREFIX = "bench-"
_MOST_SECONDS = 300


class Shop:
    """The app, its tables and its read model.

    Args:
        config: the addresses of the stores.
        url: the URL of the read model.
    """

    def __init__(self, config: Config, url: str) -> None:
        self.endpoint = config.endpoint
        self.folder = config.folder
        self.url = url
        self.dynamodb: DynamoDBClient = aws.dynamodb(config.endpoint)
        self._template = Template(PREFIX)

    def call(self, method: str, route: str, body: Any = None, query: Any = None, **path: str) -> str:
        """Send a request as an admin. Return the body of the answer, which has to be a success."""
        return send(event(method, route, body, query, **path))

    def settle(self) -> None:
        """Deliver all stream records to projector and reactor, including the records that follow from them.

        Raises:
            AssertionError: the delivery takes longer than five minutes.
        """
        sources = self._template.mappings()
        pump = Pump(self.endpoint, sources, load_handlers(sources), self.folder / "pump", f"{PREFIX}dead-letters")
        pump.start()
        assert pump.stop(_MOST_SECONDS), "the streams are not delivered in time"

    def verify(self) -> None:
        """Compare both sides.

        Raises:
            AssertionError: the sides differ.
        """
        targets = [Target(service, PREFIX + name, service.projection) for name, service in SERVICES.items()]
        report = verify(
            targets, self.dynamodb, lambda: connect(self.url), VerifyOptions(), phase=lambda *_: nullcontext(_ignore)
        )
        assert report.items, "nothing was written"
        assert report.left == 0, report


@contextmanager
def shop() -> Iterator[Shop]:
    """Yield an empty shop, on an embedded AWS and a private mariadbd that commits to disk."""
    with tempfile.TemporaryDirectory(prefix="tributary-bench-") as name:
        folder = Path(name)
        config = Config(ministack_port=free_port(), mysql_port=free_port(), folder=folder, table_prefix=PREFIX)
        ministack = MiniStack(folder / "ministack", config.ministack_port, keep=False)
        mariadb = MariaDB(folder / "mariadb", config.mysql_port)
        try:
            ministack.start()
            mariadb.start()
            url = with_database(mariadb.server_url, "tributary_bench")
            migrate(url, MIGRATIONS)
            aws.create_bucket(config.endpoint, dead_letter_bucket(config))
            create_tables(aws.dynamodb(config.endpoint), Template(PREFIX))
            with environment(app_env(config, url)):
                yield Shop(config, url)
        finally:
            ministack.stop()
            mariadb.stop()


@contextmanager
def environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Set up the process as one of the deployment's functions. Log records are formatted and then dropped."""
    before = dict(os.environ)
    os.environ.update(variables)
    runtime.cache_clear()
    runtime()
    (handler,) = logging.getLogger("tributary").handlers
    assert isinstance(handler, logging.StreamHandler)
    with Path(os.devnull).open("w") as nowhere:
        stream = handler.setStream(nowhere)
        try:
            yield
        finally:
            handler.setStream(stream or nowhere)
            runtime.cache_clear()
            os.environ.clear()
            os.environ.update(before)


def send(request: dict[str, Any]) -> str:
    """Return the body of the answer to an event, which has to be a success."""
    from app import app

    answer = app(request, None)
    assert answer["statusCode"] < 300, answer
    return str(answer["body"])


def event(
    method: str, route: str, body: Any = None, query: Mapping[str, Any] | None = None, **path: str
) -> dict[str, Any]:
    """Return the event of an admin's request, as API Gateway sends it to the function after the authorizer.

    Args:
        method: the HTTP method.
        route: such as "/customers/{id}".
        body: the body, which becomes JSON.
        query: the parameters.
        path: the values in the route.
    """
    headers = {
        "Accept": "*/*",
        "Content-Type": "application/json",
        "Host": "a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com",
        "User-Agent": "curl/8.9.1",
        "X-Forwarded-For": "203.0.113.7",
        "X-Forwarded-Port": "443",
        "X-Forwarded-Proto": "https",
    }
    query = {name: str(value) for name, value in (query or {}).items()}
    return {
        "resource": route,
        "path": route.format(**path),
        "httpMethod": method,
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": query or None,
        "multiValueQueryStringParameters": {name: [value] for name, value in query.items()} or None,
        "pathParameters": path or None,
        "stageVariables": None,
        "requestContext": {
            "httpMethod": method,
            "resourcePath": route,
            "path": f"/prod{route.format(**path)}",
            "stage": "prod",
            "identity": {"sourceIp": "203.0.113.7", "userAgent": "curl/8.9.1"},
            "authorizer": {"principalId": "bench", "subject": "bench", "role": "admin"},
        },
        "body": None if body is None else json.dumps(body),
        "isBase64Encoded": False,
    }


def _ignore(_: int) -> None:
    """Ignore progress."""
