"""Tables of who may do what. Each cell is the status that a route answers to a caller.

A table is a file matrix.md in a service's tests, or in a folder of tests/ for several services. Its first row names the
columns: "no token", and the roles, each alone or with a case: "staff, none". A row is for a route, or for a privilege
inside a command. "-" means no request. The requests are in the module asks.py beside the table.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from local import ROOT
from tests.support.client import Client
from tests.support.domain import OWN
from tests.support.routes import subject_of
from tests.support.stack import Stack

NO_TOKEN, NOTHING = "no token", "-"


class Ask(NamedTuple):
    """A request.

    Attributes:
        parameters: the parameters of the path.
        query: the query of the URL.
        body: the body of a command.
        token: a Consistency-Token, with which a query sees its subject.
    """

    parameters: Mapping[str, str] = {}
    query: Mapping[str, str] = {}
    body: Any = None
    token: str = ""


class Matrix(NamedTuple):
    """A table of who may do what.

    Attributes:
        path: the path of the file.
        columns: the callers.
        rows: the statuses, by route.
    """

    path: Path
    columns: Sequence[str]
    rows: Mapping[str, Sequence[str]]

    @property
    def ask(self) -> Callable[[Stack, str, str], tuple[Client, Ask]]:
        """A function (stack, row, column) -> (client, request)."""
        module = ".".join(self.path.with_name("asks").relative_to(ROOT).parts)
        asking: Callable[[Stack, str, str], tuple[Client, Ask]] = import_module(module).ask
        return asking

    def cells(self) -> Iterator[tuple[str, str, str]]:
        """Yield (row, column, status) of the cells with a request."""
        for row, statuses in self.rows.items():
            yield from (
                (row, column, status)
                for column, status in zip(self.columns, statuses, strict=True)
                if status != NOTHING
            )


def matrices(root: Path = ROOT) -> list[Matrix]:
    """Return the tables of the repository."""
    paths = [*root.glob("chalicelib/*/tests/matrix.md"), *root.glob("tests/*/matrix.md")]
    return [read(path) for path in sorted(paths)]


def read(path: Path) -> Matrix:
    """Return a table as it is written."""
    lines = [line.strip("|") for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in line.split("|")] for line in lines]
    columns = next(row[1:] for row in cells if row[0] == "route")
    rows = {row[0]: row[1:] for row in cells if len(row) == len(columns) + 1 and re.search(r"\w\.\w", row[0])}
    return Matrix(path, columns, rows)


def client_of(stack: Stack, column: str) -> Client:
    """Return a client with the token of a column's role, or without a token."""
    role = column.partition(", ")[0]
    return Client(stack.url) if role == NO_TOKEN else stack.client(role, subject_of(role, OWN.permissions))
