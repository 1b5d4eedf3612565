"""Lambda's time-out cuts the projector off in the middle of a batch, and the batch is redelivered.

The projector runs under Lambda's own runtime and Runtime Interface Emulator, which ends the function as Lambda does.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from chalicelib.core.mysql.connections import connect
from local import aws
from local.lambda_env import SAMPLE_SECRET
from local.ports import wait_until
from tests.core.faults.form import form
from tests.core.faults.package import package_projector
from tests.core.histories import fold
from tests.core.ops.world import Commit, World, transfer
from tests.core.reading import base_tables, query, summaries
from tests.support.lambdas import Function, emulator, tool
from tests.support.stores import Tables
from tests.support.waiting import PATIENT_SECONDS

pytestmark = [pytest.mark.end_to_end, pytest.mark.slow]

TIMEOUT_SECONDS = 3

Start = Callable[..., Function]
TIMES = form(1, 25)


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the projector's package. Skip if the emulator or Lambda's runtime is missing."""
    if not (emulator() and tool("python", ".venv-lambda")):
        pytest.skip("no Runtime Interface Emulator; run `make deploy-tools`")
    return package_projector(tmp_path_factory.mktemp("package"))


@pytest.fixture
def start(package: Path, world: World, tmp_path: Path) -> Iterator[Start]:
    """Return a function that starts the projector, also after it was cut off. Nothing of the old one is left."""
    running: list[Function] = []

    def begin(timeout: int = TIMEOUT_SECONDS) -> Function:
        if running:
            running[-1].stop()
        env = _env(world.tables, world.url)
        running.append(Function(package, "tests.core.app.project", env, timeout, tmp_path / "projector.log"))
        return running[-1]

    yield begin
    for function in running:
        function.stop()


def _env(tables: Tables, url: str) -> dict[str, str]:
    return {
        **aws.CREDENTIALS,
        "AWS_REGION": aws.REGION,
        "AWS_DEFAULT_REGION": aws.REGION,
        "AWS_ENDPOINT_URL": tables.endpoint,
        "TABLE_PREFIX": tables.prefix,
        "TOKEN_SECRET": SAMPLE_SECRET,
        "DATABASE_URL": url,
        "DEAD_LETTER_TABLE": tables.name("dead-letters"),
        "PARTIAL_BATCH": "1",
    }


def right(world: World, commits: list[Commit]) -> None:
    """Check that the tables equal the fold, the summaries equal the sums, and both sides agree."""
    assert base_tables(world.url) == fold(commits)
    kept, sums = summaries(world.url)
    assert kept == sums
    assert world.verify()[1] == []


# The statements at which a transaction is cut off: before its first row, and before its last summary.
HELD = ("SELECT * FROM transfers WHERE id = 'tra_7' FOR UPDATE", "SELECT * FROM turnover_by_account FOR UPDATE")


@pytest.mark.parametrize("held", HELD, ids=["at its beginning", "at its end"])
def test_cut_off_in_the_middle_of_a_transaction(world: World, start: Start, held: str) -> None:
    """Nothing of the transaction stays. After redelivery, each record is there once, and summaries count it once."""
    commits = [transfer(f"tra_{number}", 1, "accepted") for number in range(50)]
    world.commit(*commits)
    for version in range(2, 2 + TIMES):
        status = ("cancelled", "accepted")[version % 2]
        batch = [transfer(f"tra_{number}", version, status) for number in range(50)] + [transfer(f"tra_new{version}")]
        world.write(*batch)
        event = {"Records": [world.record(*commit) for commit in batch]}
        shown = base_tables(world.url)

        function = start()
        with holding(world.url, held):
            assert "timed out" in function(event)["errorMessage"]
        assert wait_until(lambda: not writing(world.url), PATIENT_SECONDS)
        assert base_tables(world.url) == shown

        assert start(int(PATIENT_SECONDS))(event) == {"batchItemFailures": []}
        commits += batch
        right(world, commits)


def test_cut_off_between_two_transactions(world: World, start: Start) -> None:
    """A batch of two: the first stays, and is found done when the batch comes again."""
    last = transfer("tra_1999", 1, "requested")
    world.project(last)
    batch = [transfer(f"tra_{number}") for number in range(1000, 1999)] + [transfer("tra_0"), transfer("tra_1999", 2)]
    event = {"Records": [world.record(*commit) for commit in batch]}
    function = start()
    function({"Records": [world.record(*last)]})  # so that its start does not count
    with holding(world.url, "SELECT * FROM transfers WHERE id = 'tra_1999' FOR UPDATE"):
        assert "timed out" in function(event)["errorMessage"]
    assert wait_until(lambda: not writing(world.url), PATIENT_SECONDS)
    # On a machine that is busy with other things, even the first may be cut off; but never a part of one stays.
    assert base_tables(world.url) in (fold([last, *batch[:1000]]), fold([last]))
    assert start(int(PATIENT_SECONDS))(event) == {"batchItemFailures": []}
    assert base_tables(world.url) == fold([last, *batch])
    kept, sums = summaries(world.url)
    assert kept == sums


@contextmanager
def holding(url: str, statement: str) -> Iterator[None]:
    """Keep the locks of a statement."""
    connection = connect(url)
    connection.query("START TRANSACTION")
    connection.query(statement)
    try:
        yield
    finally:
        connection.rollback()
        connection.close()


def writing(url: str) -> bool:
    """Whether a transaction of the server holds locks or has written something."""
    statement = "SELECT 1 FROM information_schema.innodb_trx WHERE trx_rows_locked > 0 OR trx_rows_modified > 0"
    time.sleep(0.15)  # InnoDB refreshes that table only if nobody read it for 0.1 s
    return bool(query(url, statement))
