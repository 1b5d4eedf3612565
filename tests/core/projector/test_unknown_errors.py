"""An unknown error is not poison: the record is tried again."""

from collections.abc import Callable, Iterator
from itertools import count
from math import inf
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.core.mysql.connections import connect
from chalicelib.core.service import Head, Service
from tests.core.bootstrap import SERVICES
from tests.core.gates import Gate, gated, once
from tests.core.histories import fold, head, record, sequence_of, transfer_state
from tests.core.projecting import Projector
from tests.core.reading import base_tables, summaries
from tests.support.proxy import GARBLED, Proxy, port_of, through

pytestmark = pytest.mark.database

Make = Callable[..., Projector]
TRANSFERS = SERVICES["transfers"]


def transfer(id: str, version: int = 1, status: str = "accepted") -> tuple[str, Head]:
    """Return a commit of a transfer."""
    return "transfers", head(id, version, transfer_state(status))


def check(url: str, commits: list[tuple[str, Head]]) -> None:
    """Check that those commits are there, once."""
    assert base_tables(url) == fold(commits)
    kept, sums = summaries(url)
    assert kept == sums


@pytest.fixture
def proxy(database: str) -> Iterator[Proxy]:
    """Yield a proxy to the database's server."""
    proxy = Proxy(port_of(database))
    yield proxy
    proxy.close()


@pytest.mark.parametrize("how", GARBLED)
def test_any_answer_garbled(database: str, proxy: Proxy, make_projector: Make, how: str) -> None:
    """Each answer of a batch is garbled in turn, also that to COMMIT. Nothing is set aside or written twice."""
    projector = make_projector(lambda: connect(through(proxy, database)))
    commits: list[tuple[str, Head]] = [transfer("tra_0")]
    assert projector([record(*commit) for commit in commits]) == []
    for number in count():
        commits.append(transfer("tra_0", number + 2, "cancelled" if number % 2 else "accepted"))
        proxy.garble(how, number)
        assert projector([record(*commits[-1])]) == []
        if not proxy.garbled:
            break
    assert number >= 8  # the number of answers that a batch gets
    assert not projector.dead.letters
    check(database, commits)


@pytest.mark.parametrize("error", [MemoryError(), TimeoutError("timed out"), OSError("no route"), RuntimeError("?")])
@pytest.mark.parametrize("statement", ["START", "INSERT INTO transfers", "COMMIT"])
def test_an_error_of_the_connection_that_passes(
    database: str, make_projector: Make, statement: str, error: Exception
) -> None:
    """Whatever the error's type is, the batch is repeated on another connection."""
    gates: list[Gate] = []

    def fail(gate: Gate) -> None:
        gate.real.query("DO 0", unbuffered=True)  # as if the answer had not been read to its end
        raise error

    def make() -> Gate:
        gates.append(Gate(database, hook))
        return gates[-1]

    hook = once(statement, fail)
    projector = make_projector(make)
    assert projector([record(*transfer("tra_1"))]) == []
    assert not projector.dead.letters
    assert len(gates) == 2
    check(database, [transfer("tra_1")])


@pytest.mark.parametrize("error", [MemoryError(), OSError("no route"), RuntimeError("?")])
def test_an_error_of_the_connection_that_stays(database: str, make_projector: Make, error: Exception) -> None:
    """The batch fails from its first record. Nothing is set aside."""

    def fail(_: Gate, statement: str) -> None:
        if statement == "COMMIT":
            raise error

    projector = make_projector(gated(database, fail))
    batch = [record(*transfer("tra_1")), record(*transfer("tra_2"))]
    assert projector(batch) == [sequence_of(batch[0])]
    assert not projector.dead.letters
    check(database, [])


class Failing:
    """A function that raises an error for "tra_bad" while attempts are left, and otherwise calls another."""

    def __init__(self, error: Exception, attempts: float, function: Callable[..., Any]) -> None:
        self._error = error
        self._left = attempts
        self._function = function

    def __call__(self, found: Any, *more: Any) -> Any:
        """Raise the error, or call the function."""
        if found.id == "tra_bad" and self._left > 0:
            self._left -= 1
            raise self._error
        return self._function(found, *more)


def failing_rows(error: Exception, attempts: float = inf) -> Service:
    """Return the transfers with a projection that fails."""
    projection = TRANSFERS.projection
    return replace(TRANSFERS, projection=replace(projection, rows=Failing(error, attempts, projection.rows)))


def failing_contributions(error: Exception, attempts: float = inf) -> Service:
    """Return the transfers with a summary that fails."""
    projection = TRANSFERS.projection
    first, *others = projection.summaries
    failing = replace(first, contributions=Failing(error, attempts, first.contributions))
    return replace(TRANSFERS, projection=replace(projection, summaries=(failing, *others)))


FAILING = pytest.mark.parametrize("failing", [failing_rows, failing_contributions])
COMMITS = [transfer("tra_1"), transfer("tra_bad"), transfer("tra_2")]


@pytest.mark.parametrize("error", [MemoryError(), ModuleNotFoundError("zoneinfo")])
@FAILING
def test_no_memory_while_projecting(projector: Projector, failing: Callable[..., Service], error: Exception) -> None:
    """A lack of memory, or of a module, is not the record's fault, wherever it is noticed."""
    projector.services = {"test-transfers": failing(error, attempts=1)}
    batch = [record(*commit) for commit in COMMITS]
    assert projector(batch) in ([], [sequence_of(batch[0])])
    assert projector(batch) == []
    assert not projector.dead.letters
    check(projector.url, COMMITS)


@pytest.mark.parametrize("error", [KeyError("legs"), OSError("value too large"), TimeoutError(), RuntimeError("?")])
@FAILING
def test_poison_of_any_type(projector: Projector, failing: Callable[..., Service], error: Exception) -> None:
    """An error of any type is the record's if the record's own projection raises it."""
    projector.services = {"test-transfers": failing(error)}
    assert projector([record(*commit) for commit in COMMITS]) == []
    assert list(projector.dead.letters) == ["transfers#tra_bad#1"]
    assert projector.dead.letters["transfers#tra_bad#1"].error.startswith(type(error).__name__)
    tables, expected = base_tables(projector.url), fold([COMMITS[0], COMMITS[2]])
    assert tables | {"timeline": expected["timeline"]} == expected
