"""If a service's wiring is incomplete, the start ends with a line that says what to write, and where."""

from pathlib import Path

import pytest

from local import LocalError
from local.template import Template
from local.wiring import require_read_tables, require_tables
from tests.support.domain import NEUTRAL, Domain
from tests.support.running import Run
from tests.support.stores import fresh_database


@pytest.mark.usefixtures("own_servers")
def test_a_service_without_a_table(tmp_path: Path) -> None:
    """Nothing is started. The line names the service and the command that makes its table."""
    template = tmp_path / "template.yaml"
    template.write_text("Parameters: {}\nResources: {}\n")
    output = Run(tmp_path / "state", Domain(NEUTRAL.composition_root, template)).start().output()
    assert output.strip() == "The template has no table and mapping for accounts, transfers: run `make generate`."
    assert not (tmp_path / "state").exists()


def test_a_service_without_a_mapping() -> None:
    """A table without a mapping is refused too."""
    template = Template("x-", NEUTRAL.template)
    require_tables(NEUTRAL.services, template)
    with pytest.raises(LocalError, match=r"no table and mapping for dead-letters: run `make generate`"):
        require_tables([*NEUTRAL.services, "dead-letters"], template)


@pytest.mark.usefixtures("own_servers")
def test_a_service_without_a_migration(tmp_path: Path) -> None:
    """The start ends with a line for each table, which names the migration to write and its columns."""
    run = Run(tmp_path / "state", Domain("tests.core.half_wired", NEUTRAL.template)).start()
    output = run.output()
    assert "Traceback" not in output
    (line,) = [line for line in output.splitlines() if "the read table accounts;" in line]
    assert line.startswith("accounts: no migration makes the read table accounts; write its CREATE TABLE into")
    assert "accounts/migrations/0001_accounts.sql, with id, version, " in line
    assert run.process is not None
    assert run.process.returncode == 1


def test_a_column_that_no_migration_makes(mysql_server: str) -> None:
    """The column is named, and the line says that another migration has to add it."""
    with fresh_database(mysql_server, NEUTRAL) as url:
        require_read_tables(NEUTRAL.services, url)
        from tests.core.reading import query

        query(url, "ALTER TABLE transfers DROP COLUMN reason")
        with pytest.raises(LocalError, match=r"^transfers: the read table transfers has no reason; write an ALTER"):
            require_read_tables(NEUTRAL.services, url)
