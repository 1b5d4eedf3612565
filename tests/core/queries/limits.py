"""A check that every statement of a query route has a limit, and lets RDS Proxy share the connection."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.core.errors import Problem
from chalicelib.core.http.endpoint import QueryEndpoint
from chalicelib.core.http.request import Request
from chalicelib.core.mysql.connections import Readers, connect
from chalicelib.core.runtime import Runtime
from chalicelib.core.settings import Settings
from chalicelib.core.tokens import Token
from tests.core.queries.world import SECRET
from tests.support.domain import Domain
from tests.support.pinning import why_pinned
from tests.support.routes import path_of, routes, subject_of

LIMIT = re.compile(
    r"SET STATEMENT max_statement_time=(?P<seconds>\d+\.\d+) FOR\s+SELECT\b"
    r"|SELECT /\*\+ MAX_EXECUTION_TIME\((?P<milliseconds>\d+)\) \*/"
)


def seconds_of(statement: str) -> float | None:
    """Return the limit of a statement."""
    found = LIMIT.match(statement)
    return found and (float(found["seconds"]) if found["seconds"] else int(found["milliseconds"]) / 1000)


def queries_of(domain: Domain) -> list[QueryEndpoint]:
    """Return the query routes that need a token."""
    return [route for route in routes(domain) if isinstance(route, QueryEndpoint)]


def check_limits(url: str, domain: Domain, endpoint: QueryEndpoint, token: Token) -> None:
    """Run a query route, and check the statements between the transaction's begin and its end.

    Args:
        url: the URL of a read model with the item of the route's example path, and with the token's commit.
        domain: the domain with the route.
        endpoint: the route.
        token: the token of a commit that the query has to see.
    """
    permissions = domain.permissions
    runtime = Runtime(Settings(token_secret=SECRET, query_seconds=7), domain.services, permissions, lambda _: {})
    pool = runtime.once("readers", lambda: RecordingPool(url))
    role = list(permissions.roles)[-1]
    try:
        endpoint.respond(
            runtime, _request(endpoint, role, subject_of(role, permissions), runtime.signer.consistency_token(*token))
        )
    except Problem as problem:
        pytest.fail(problem.detail)
    first, *queries, last = pool.statements
    assert (first, last) == ("outside a transaction", "ROLLBACK")
    assert len(queries) > 1
    for statement in queries:
        limit = seconds_of(statement)
        assert limit, statement
        assert 0 < limit <= 7
        assert why_pinned(statement) == ""


class RecordingPool(Readers):
    """A pool that records the statements of its connections."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.statements: list[str] = []

    @contextmanager
    def connection(self) -> Iterator[Any]:
        """See Pool."""
        with super().connection() as connection:
            self.statements.append("outside a transaction")
            send = connection.query

            def recorded(statement: Any, *more: Any, **named: Any) -> Any:
                self.statements.append(statement.decode() if isinstance(statement, bytes) else statement)
                return send(statement, *more, **named)

            connection.query = recorded  # type: ignore[method-assign]
            yield connection
            self.statements.append("ROLLBACK")
            connection.query = send  # type: ignore[method-assign]


def _request(endpoint: QueryEndpoint, role: str, subject: str, token: str) -> Request:
    """Return a request of that role to the route's example path."""
    segments = zip(endpoint.path.split("/"), path_of(endpoint).split("/"), strict=True)
    return Request(
        method="GET",
        route=endpoint.path,
        path=path_of(endpoint),
        base="",
        path_parameters={name[1:-1]: value for name, value in segments if name.startswith("{")},
        query={"q": ["lovelace"]} if "q" in endpoint.parameters.__struct_fields__ else {},
        headers={"consistency-token": token},
        body=b"",
        authorizer={"subject": subject, "role": role},
        now=datetime(2026, 11, 25, tzinfo=UTC),
        correlation_id="test",
    )


def running(url: str) -> list[str]:
    """Return the SELECTs that other connections of this database are running."""
    connection = connect(url)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT info FROM information_schema.processlist"
            " WHERE db = DATABASE() AND command = 'Query' AND id <> CONNECTION_ID()"
            " AND info LIKE '%SELECT%' AND info NOT LIKE '%processlist%'"
        )
        found = [info for (info,) in cursor.fetchall()]
    connection.close()
    return found
