"""Every route of the services, called by every role, compared with the tables that `make security-matrix` prints."""

from collections import Counter

import pytest

from chalicelib.core.operations.api import api as engines
from tests.support.domain import OWN
from tests.support.matrix import NO_TOKEN, Matrix, matrices
from tests.support.routes import routes
from tests.support.stack import Stack

pytestmark = pytest.mark.slow

MATRICES = matrices()
CELLS = [pytest.param(matrix, *cell, id=f"{cell[0]} {cell[1]}") for matrix in MATRICES for cell in matrix.cells()]
ROUTES = {route.name: route for route in routes(OWN)}
ENGINES = {endpoint.name for endpoint in engines.endpoints}


def test_every_route_has_its_row() -> None:
    """A route or a privilege without a row in a table fails this test. So everybody's access has to be written down.

    The engine's own routes may be left out, but only all of them together.
    """
    commands = {name for name, route in ROUTES.items() if route.method != "GET"}
    privileges = {name for name in OWN.permissions.table if ":" in name and name.partition(":")[0] in commands}
    rows = Counter(row for matrix in MATRICES for row in matrix.rows)
    left_out = set() if ENGINES & set(rows) else ENGINES
    assert set(rows) | left_out >= set(ROUTES) | privileges
    assert set(rows) <= set(ROUTES) | privileges
    assert [row for row, count in rows.items() if count > 1] == []


def test_what_needs_no_token() -> None:
    """Only these routes and the console's own files, which have no data, need no token."""
    public = {endpoint.path for api in OWN.root.APIS for endpoint in api.endpoints if not endpoint.name}
    files = {path for path in public if path.startswith("/console/")}
    assert public - files == {"/health", "/openapi.json", "/docs", "/"}
    assert {path for path in files if "{" in path} == set()


@pytest.mark.parametrize("matrix", MATRICES, ids=lambda matrix: str(matrix.path.parent.parent.name))
def test_everybody_has_a_column(matrix: Matrix) -> None:
    """Each role has a column, and so has a caller without a token."""
    assert {column.partition(", ")[0] for column in matrix.columns} == {NO_TOKEN, *OWN.permissions.roles}


@pytest.mark.parametrize(("matrix", "row", "column", "expected"), CELLS)
def test_matrix(stack: Stack, matrix: Matrix, row: str, column: str, expected: str) -> None:
    """Each cell is the route's answer. A query is sent once the read model has its subject."""
    me, asked = matrix.ask(stack, row, column)
    route = ROUTES[row.partition(":")[0]]
    path = route.path.format(**asked.parameters)
    if route.method == "GET":
        headers = {"Consistency-Token": asked.token} if asked.token else {}
        answer = me.get(path, asked.query, **headers)
    else:
        answer = me.request(route.method, path, asked.body if asked.body is not None else {})
    assert str(answer.status) == expected
