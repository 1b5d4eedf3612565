"""Migrations are applied once, in order, by one runner at a time, and a changed one is noticed."""

import secrets
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from chalicelib.core.mysql.connections import connect, parse_url
from chalicelib.core.mysql.migrate import MigrationFailed, migrate, read_migrations, split
from chalicelib.core.mysql.migration_sets import MigrationSet
from tests.core.bootstrap import MIGRATIONS
from tests.core.reading import query
from tests.support.waiting import PATIENT_SECONDS

FIRST = "CREATE TABLE one (id INT PRIMARY KEY);\nCREATE TABLE two (id INT PRIMARY KEY);\n"
# A table as version 0.1.0 made it.
OLD_TABLE = """CREATE TABLE schema_migrations (number INT NOT NULL PRIMARY KEY, name VARCHAR(200) NOT NULL,
  checksum CHAR(64) NOT NULL, statements INT NOT NULL, started INT NOT NULL, applied_at DATETIME(3) NULL)"""


@pytest.fixture
def fresh(database: str) -> Iterator[str]:
    """Yield the URL of a database that does not exist. Drop it afterwards."""
    name = f"{parse_url(database).database}_{secrets.token_hex(3)}"
    yield database.replace(parse_url(database).database, name)
    query(database, f"DROP DATABASE IF EXISTS `{name}`")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with two migrations."""
    (tmp_path / "0001_first.sql").write_text(FIRST)
    (tmp_path / "0002_second.sql").write_text("ALTER TABLE two ADD COLUMN name VARCHAR(10)")
    return tmp_path


def one(folder: Path) -> list[MigrationSet]:
    """Return a folder as the only set."""
    return [MigrationSet("one", folder)]


def tables(url: str) -> set[str]:
    """Return the existing tables."""
    return {name for (name,) in query(url, "SHOW TABLES")}


@pytest.mark.database
def test_what_ships(fresh: str) -> None:
    """The migrations lead from no database at all to the read model. A second run has nothing to do."""
    assert migrate(fresh, MIGRATIONS) == [
        "core/0001_engine",
        "core/0002_journeys",
        "core/0003_lag_history",
        "core/0004_timeline_by_request",
        "core/0005_operations",
        "tests/0001_domain",
    ]
    assert {"transfers", "transfer_legs", "timeline", "owner_activity"} <= tables(fresh)
    assert migrate(fresh, MIGRATIONS) == []


@pytest.mark.database
def test_only_what_is_new(fresh: str, folder: Path) -> None:
    """Only a later file is applied, and recorded with the time."""
    assert migrate(fresh, one(folder)) == ["one/0001_first", "one/0002_second"]
    (folder / "0010_third.sql").write_text("CREATE TABLE three (id INT PRIMARY KEY)")
    assert migrate(fresh, one(folder)) == ["one/0010_third"]
    rows = query(fresh, "SELECT number, name, applied_at IS NOT NULL FROM schema_migrations ORDER BY number")
    assert rows == [(1, "0001_first", 1), (2, "0002_second", 1), (10, "0010_third", 1)]


@pytest.mark.database
def test_sets_number_apart(fresh: str, folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Two sets may have the same number and even the same name. Each advances separately, in the order of the sets."""
    other = tmp_path_factory.mktemp("other")
    (other / "0001_first.sql").write_text("CREATE TABLE three (id INT PRIMARY KEY)")
    sets = [MigrationSet("other", other), *one(folder)]
    assert migrate(fresh, sets) == ["other/0001_first", "one/0001_first", "one/0002_second"]
    (other / "0002_second.sql").write_text("CREATE TABLE four (id INT PRIMARY KEY)")
    assert migrate(fresh, sets) == ["other/0002_second"]
    assert migrate(fresh, one(folder)) == []
    assert tables(fresh) == {"one", "two", "three", "four", "schema_migrations"}
    (other / "0001_first.sql").write_text("CREATE TABLE three (id BIGINT PRIMARY KEY)")
    with pytest.raises(MigrationFailed, match=r"other/0001_first\.sql was changed"):
        migrate(fresh, sets)


@pytest.mark.database
def test_a_database_of_the_time_before_there_were_sets(database: str, fresh: str) -> None:
    """Such a database is refused with what to do, and left as it is."""
    query(database, f"CREATE DATABASE `{parse_url(fresh).database}`")
    query(fresh, OLD_TABLE)
    query(fresh, "INSERT INTO schema_migrations VALUES (1, '0001_read_model', 'x', 1, 1, NOW())")
    with pytest.raises(MigrationFailed, match="`make reset`"):
        migrate(fresh, MIGRATIONS)
    assert tables(fresh) == {"schema_migrations"}


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    """A set without its folder, such as one that a package lacks, is not a set without migrations."""
    with pytest.raises(MigrationFailed, match="'one' are not there"):
        read_migrations(MigrationSet("one", tmp_path / "absent"))


@pytest.mark.database
def test_a_file_changed_afterwards(fresh: str, folder: Path) -> None:
    """A changed file is refused by name before anything is applied. A comment may change."""
    migrate(fresh, one(folder))
    (folder / "0001_first.sql").write_text("-- why\n" + FIRST)
    assert migrate(fresh, one(folder)) == []
    (folder / "0001_first.sql").write_text(FIRST.replace("INT", "BIGINT"))
    (folder / "0003_third.sql").write_text("CREATE TABLE three (id INT PRIMARY KEY)")
    with pytest.raises(MigrationFailed, match=r"one/0001_first\.sql was changed after it was applied"):
        migrate(fresh, one(folder))
    assert "three" not in tables(fresh)


@pytest.mark.database
def test_a_failure_half_way(fresh: str, folder: Path) -> None:
    """The error names file and statement. Once it is corrected, the next run goes on from there."""
    path = folder / "0001_first.sql"
    path.write_text(FIRST + "CREATE TABLE broken (id NONSENSE);")
    with pytest.raises(MigrationFailed, match=r"one/0001_first\.sql, statement 3 of 3: .*CREATE TABLE broken"):
        migrate(fresh, one(folder))
    assert tables(fresh) >= {"one", "two"}
    path.write_text(FIRST.replace("one", "uno") + "CREATE TABLE broken (id INT);")
    with pytest.raises(MigrationFailed, match=r"its first 2 statements"):
        migrate(fresh, one(folder))
    path.write_text(FIRST + "CREATE TABLE mended (id INT PRIMARY KEY);")
    assert migrate(fresh, one(folder)) == ["one/0001_first", "one/0002_second"]
    assert "mended" in tables(fresh)


@pytest.mark.database
def test_a_statement_whose_end_nobody_saw(fresh: str, folder: Path) -> None:
    """A statement counts as done if the runner died after the server ran it and before it was counted."""
    (folder / "0002_second.sql").unlink()
    migrate(fresh, one(folder))
    checksum = read_migrations(*one(folder))[0].checksum(1)
    query(fresh, f"UPDATE schema_migrations SET statements = 1, applied_at = NULL, checksum = '{checksum}'")
    assert migrate(fresh, one(folder)) == ["one/0001_first"]
    assert query(fresh, "SELECT statements FROM schema_migrations") == [(2,)]


@pytest.mark.database
def test_an_object_in_the_way(fresh: str, folder: Path) -> None:
    """A table of that name that no migration made does not count as the migration's own."""
    migrate(fresh, one(folder))
    query(fresh, "CREATE TABLE three (other INT)")
    (folder / "0003_third.sql").write_text("CREATE TABLE three (id INT PRIMARY KEY)")
    for _ in range(2):
        with pytest.raises(MigrationFailed, match="one/0003_third"):
            migrate(fresh, one(folder))


@pytest.mark.database
def test_two_at_once(fresh: str, folder: Path) -> None:
    """Each migration is applied by one of the two runners."""
    barrier = threading.Barrier(4)

    def run() -> list[str]:
        barrier.wait(PATIENT_SECONDS)
        return migrate(fresh, one(folder))

    with ThreadPoolExecutor(4) as pool:
        applied = [name for outcome in [pool.submit(run) for _ in range(4)] for name in outcome.result(PATIENT_SECONDS)]
    assert sorted(applied) == ["one/0001_first", "one/0002_second"]


@pytest.mark.database
def test_a_lock_that_is_held(fresh: str, folder: Path) -> None:
    """A runner waits so long and then names who has the lock. A lock of another database does not matter."""
    migrate(fresh, one(folder))
    (folder / "0003_third.sql").write_text("CREATE TABLE three (id INT PRIMARY KEY)")
    holder = connect(fresh)
    holder.query("DO GET_LOCK(CONCAT('tributary-migrate-', LEFT(SHA2(DATABASE(), 256), 32)), 1)")
    with pytest.raises(MigrationFailed, match="Another runner"):
        migrate(fresh, one(folder), wait_seconds=0)
    holder.close()
    assert migrate(fresh, one(folder)) == ["one/0003_third"]


@pytest.mark.database
def test_a_url_without_a_database(database: str, folder: Path) -> None:
    """The message says what the URL lacks."""
    with pytest.raises(MigrationFailed, match="names no database"):
        migrate(database.replace("/" + parse_url(database).database, "/"), one(folder))


@pytest.mark.parametrize(
    ("text", "statements"),
    [
        ("", []),
        (";;\n;", []),
        ("SELECT 1", ["SELECT 1"]),
        ("SELECT 1; SELECT 2;", ["SELECT 1", "SELECT 2"]),
        ("SELECT 'a;b', \"c;d\", `e;f`;", ["SELECT 'a;b', \"c;d\", `e;f`"]),
        (r"SELECT 'it\'s; it''s'; DO 0", [r"SELECT 'it\'s; it''s'", "DO 0"]),
        ("-- a; b\nSELECT 1; # c; d\nSELECT 2 /* e; f */;", ["SELECT 1", "SELECT 2"]),
        ("SELECT 1-1, 2/2, 3 --1;", ["SELECT 1-1, 2/2, 3 --1"]),
        ("/*!40101 SET NAMES utf8mb4 */;", ["/*!40101 SET NAMES utf8mb4 */"]),
        ("SELECT '-- no comment'", ["SELECT '-- no comment'"]),
        ("SELECT 'x' -- a comment at the end", ["SELECT 'x'"]),
    ],
)
def test_splitting(text: str, statements: list[str]) -> None:
    """Quotes and comments hide semicolons. Comments are dropped, except the server's own kind."""
    assert list(split(text)) == statements


@pytest.mark.parametrize(("names", "message"), [(["1.sql"], "named like"), (["1_a.sql", "01_b.sql"], "same number")])
def test_file_names(tmp_path: Path, names: list[str], message: str) -> None:
    """A name without a number, and a number that occurs twice, are refused."""
    for name in names:
        (tmp_path / name).write_text("DO 0")
    with pytest.raises(MigrationFailed, match=message):
        read_migrations(*one(tmp_path))
