"""Every route of the services, asked by everybody, against the tables that `make security-matrix` prints."""

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
    """A new route is refused until somebody has written down who may use it; so is a new privilege of a command.

    The engine's own routes may be left out, all of them or none.
    """
    commands = {name for name, route in ROUTES.items() if route.method != "GET"}
    privileges = {name for name in OWN.permissions.table if ":" in name and name.partition(":")[0] in commands}
    rows = Counter(row for matrix in MATRICES for row in matrix.rows)
    left_out = set() if ENGINES & set(rows) else ENGINES
    assert set(rows) | left_out >= set(ROUTES) | privileges
    assert set(rows) <= set(ROUTES) | privileges
    assert [row for row, count in rows.items() if count > 1] == []


def test_what_needs_no_token() -> None:
    """These routes and the console's own files, which have no data, and nothing else."""
    public = {endpoint.path for api in OWN.root.APIS for endpoint in api.endpoints if not endpoint.name}
    files = {path for path in public if path.startswith("/console/")}
    assert public - files == {"/health", "/openapi.json", "/docs", "/"}
    assert {path for path in files if "{" in path} == set()


@pytest.mark.parametrize("matrix", MATRICES, ids=lambda matrix: str(matrix.path.parent.parent.name))
def test_everybody_has_a_column(matrix: Matrix) -> None:
    """Each role, and whoever sends no token."""
    assert {column.partition(", ")[0] for column in matrix.columns} == {NO_TOKEN, *OWN.permissions.roles}


@pytest.mark.parametrize(("matrix", "row", "column", "expected"), CELLS)
def test_matrix(stack: Stack, matrix: Matrix, row: str, column: str, expected: str) -> None:
    """Each cell is what the route answers; to a query once the read model has what it is about."""
    me, asked = matrix.ask(stack, row, column)
    route = ROUTES[row.partition(":")[0]]
    path = route.path.format(**asked.parameters)
    if route.method == "GET":
        headers = {"Consistency-Token": asked.token} if asked.token else {}
        answer = me.get(path, asked.query, **headers)
    else:
        answer = me.request(route.method, path, asked.body if asked.body is not None else {})
    assert str(answer.status) == expected
