"""The checks of services find each mistake that is made in the neutral domain."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from chalicelib.core.mysql.connections import connect
from chalicelib.core.mysql.migrate import read_migrations
from chalicelib.core.service import Head, Projection, Rows, Service
from tests.core.bootstrap import MIGRATIONS, SERVICES
from tests.support.checks.columns import column_faults
from tests.support.checks.deadlines import deadline_faults
from tests.support.checks.indexes import index_faults
from tests.support.checks.ports import port_faults
from tests.support.checks.sums import sum_faults
from tests.support.checks.values import value_faults
from tests.support.domain import NEUTRAL, Domain
from tests.support.stores import empty

ACCOUNTS, TRANSFERS = SERVICES["accounts"], SERVICES["transfers"]
MADE_BY = [
    statement
    for migrations in MIGRATIONS
    for migration in read_migrations(migrations)
    for statement in migration.statements
]


@contextmanager
def planted(url: str, table: str, change: str) -> Iterator[None]:
    """Change a table, and make it again afterwards as its migrations say."""
    connection = connect(url)
    with connection.cursor() as cursor:
        cursor.execute(change)
        try:
            yield
        finally:
            cursor.execute(f"DROP TABLE IF EXISTS {table}")
            for statement in MADE_BY:
                if statement.split()[2] == table:
                    cursor.execute(statement)
            connection.close()


@pytest.mark.database
def test_nothing_planted(module_database: str) -> None:
    """Without a mistake, the neutral domain passes all checks."""
    assert column_faults(module_database, SERVICES.values()) == []
    for service in SERVICES.values():
        empty(module_database)
        assert sum_faults(module_database, service.projection) == []
        assert value_faults(service) == []
    empty(module_database)
    assert index_faults(module_database, NEUTRAL) == []
    assert port_faults(NEUTRAL) == []
    assert deadline_faults(module_database, SERVICES.values()) == []


@pytest.mark.database
def test_a_deadline_without_an_index(module_database: str) -> None:
    """The index is missing, or has its columns in another order."""
    with planted(module_database, "transfers", "ALTER TABLE transfers DROP INDEX transfers_status_requested"):
        assert deadline_faults(module_database, SERVICES.values()) == [
            "transfers.expire: transfers has no index that begins with status,requested_at,id"
        ]


# ---- A summary whose SQL differs from its contributions ----


def summaries(change: Callable[[Any], Any]) -> Projection:
    """Return the projection of transfers with a change in each of its summaries."""
    projection = TRANSFERS.projection
    return replace(projection, summaries=tuple(change(summary) for summary in projection.summaries))


@pytest.mark.database
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("'accepted', 'settled'", "'accepted'"),
        ("COUNT(DISTINCT t.id)", "COUNT(*)"),
        ("GREATEST(l.amount, 0)) AS incoming", "GREATEST(-l.amount, 0)) AS incoming"),
        ("SUM(IF(status IN ('accepted', 'settled'), volume, 0))", "SUM(volume)"),
        ("MAX(requested_at)", "MIN(requested_at)"),
        ("DATE(t.requested_at)", "DATE(t.requested_at + INTERVAL 1 HOUR)"),
    ],
)
def test_sql_that_sums_something_else(module_database: str, old: str, new: str) -> None:
    """SQL with other rows, another column, a double count or another day is found."""
    empty(module_database)
    changed = summaries(lambda summary: replace(summary, sums=summary.sums.replace(old, new)))
    assert changed != TRANSFERS.projection
    assert sum_faults(module_database, changed) != []


@pytest.mark.database
@pytest.mark.parametrize("status", ["settled", "refused"])
def test_contributions_of_something_else(module_database: str, status: str) -> None:
    """Contributions that leave a status out, or count one that the SQL does not name, are found."""
    empty(module_database)

    def change(summary: Any) -> Any:
        def contributions(transfer: Any, children: Any) -> Any:
            counts = {"settled": "requested", "refused": "accepted"}
            seen = counts[status] if transfer.status == status else transfer.status
            return summary.contributions(msgspec.structs.replace(transfer, status=seen), children)

        return replace(summary, contributions=contributions)

    assert sum_faults(module_database, summaries(change)) != []


# ---- A migration that does not fit a row ----


@pytest.mark.database
@pytest.mark.parametrize(
    ("table", "change", "told"),
    [
        ("accounts", "ALTER TABLE accounts DROP COLUMN held", "accounts.held: no migration makes this column"),
        ("transfer_legs", "DROP TABLE transfer_legs", "transfer_legs: no migration makes this table"),
        ("accounts", "ALTER TABLE accounts MODIFY name VARCHAR(100) NOT NULL", "may have 200 characters"),
        ("accounts", "ALTER TABLE accounts MODIFY balance INT NOT NULL", "accounts.balance: may be -9223"),
        ("accounts", "ALTER TABLE accounts MODIFY balance BIGINT UNSIGNED NOT NULL", "accounts.balance: may be"),
        ("accounts", "ALTER TABLE accounts MODIFY opened_at DATETIME NOT NULL", "make it DATETIME(3)"),
        ("accounts", "ALTER TABLE accounts MODIFY note VARCHAR(100) NOT NULL", "accounts.note: may have 2000"),
        ("accounts", "ALTER TABLE accounts MODIFY note INT NOT NULL", "accounts.note: holds text and is a int"),
        ("accounts", "ALTER TABLE accounts MODIFY balance VARCHAR(20) NOT NULL", "holds a whole number"),
        ("transfers", "ALTER TABLE transfers MODIFY reason VARCHAR(500) NOT NULL", "transfers.reason: may be None"),
        ("turnover_by_account", "ALTER TABLE turnover_by_account MODIFY day DATETIME(3) NOT NULL", "make it DATE"),
        ("accounts", "ALTER TABLE accounts ADD COLUMN more INT NOT NULL", "accounts.more: must be given a value"),
        ("accounts", "ALTER TABLE accounts MODIFY id VARCHAR(64) NOT NULL", "accounts.id: is of a key"),
        (
            "transfer_legs",
            "ALTER TABLE transfer_legs DROP PRIMARY KEY, ADD PRIMARY KEY (leg_no, transfer_id)",
            "its primary key is (leg_no, transfer_id)",
        ),
        (
            "transfers",
            "ALTER TABLE transfers MODIFY shortfalls VARCHAR(500) NULL",
            "transfers.shortfalls: is a varchar(500), and its row does not say how long it may be",
        ),
        ("timeline", "ALTER TABLE timeline MODIFY actor VARCHAR(20) NOT NULL", "timeline.actor: may have 128"),
    ],
)  # fmt: skip
def test_columns_that_do_not_fit(module_database: str, table: str, change: str, told: str) -> None:
    """A column is missing, too short, or of another type or key: the fault names it and what it should be."""
    empty(module_database)
    with planted(module_database, table, change):
        faults = column_faults(module_database, SERVICES.values())
    assert any(told in fault for fault in faults), faults
    assert column_faults(module_database, SERVICES.values()) == []


# ---- Values of a row that are swapped ----


def with_rows(service: Service, change: Callable[[Rows], Rows]) -> Service:
    """Return the service with changed rows."""
    rows = service.projection.rows

    def changed(head: Head) -> Rows:
        return change(rows(head))

    return replace(service, projection=replace(service.projection, rows=changed))


def swapped(row: Any, one: str, other: str) -> Any:
    """Return a row with two values exchanged."""
    return msgspec.structs.replace(row, **{one: getattr(row, other), other: getattr(row, one)})


@pytest.mark.parametrize(
    ("service", "one", "other"),
    [
        (ACCOUNTS, "balance", "held"),
        (ACCOUNTS, "name", "note"),
        (ACCOUNTS, "opened_at", "updated_at"),
        (TRANSFERS, "owner", "reference"),
        (TRANSFERS, "id", "status"),
        (TRANSFERS, "volume", "leg_count"),
    ],
)
def test_two_values_swapped(service: Service, one: str, other: str) -> None:
    """In the root row, both columns with another value than the state's are named."""
    faults = value_faults(with_rows(service, lambda rows: rows._replace(root=swapped(rows.root, one, other))))
    assert any(f".{one} holds" in fault for fault in faults), faults


def test_two_values_of_a_child_row_swapped() -> None:
    """The values are exchanged in the rows of a list in the state."""

    def change(rows: Rows) -> Rows:
        legs = [swapped(leg, "account", "transfer_id") for leg in rows.children["transfer_legs"]]
        return rows._replace(children={**rows.children, "transfer_legs": legs})

    (fault,) = value_faults(with_rows(TRANSFERS, change))
    assert fault.startswith("transfer_legs.account holds")


# ---- A port that nobody publishes ----


@dataclass(frozen=True)
class Planted(Domain):
    """Return the neutral domain with other services."""

    changed: Mapping[str, Service] = field(default_factory=dict, hash=False)

    @property
    def services(self) -> Mapping[str, Service]:
        """The changed services."""
        return self.changed


def test_a_port_that_is_missing() -> None:
    """A port that transfers use and accounts do not publish is found."""
    without = Planted(NEUTRAL.composition_root, NEUTRAL.template, {**SERVICES, "accounts": replace(ACCOUNTS, ports=())})
    (fault,) = port_faults(without)
    assert "transfers/" in fault
    assert "no service has Port('standings', ...)" in fault


# ---- A filter that no index serves ----


@pytest.mark.database
@pytest.mark.parametrize(
    ("table", "keys", "told"),
    [
        ("transfers", ["transfers_reference"], "/transfers: the filter reference='N-1' has no index"),
        ("transfers", ["transfers_owner_requested"], "the filter owner='usr_1' has no index"),
        ("transfers", ["transfers_status_requested", "transfers_status_volume"], "the filter status='settled'"),
        ("transfers", ["transfers_volume"], "the filter min_volume=1 has no index"),
        ("transfers", ["transfers_requested"], "the filter requested_to="),
        ("accounts", ["accounts_balance"], "/accounts: the filter min_balance=1 has no index"),
        ("accounts", ["accounts_owner"], "/accounts: the filter owner='usr_1' has no index"),
    ],
)
def test_filters_without_an_index(module_database: str, table: str, keys: list[str], told: str) -> None:
    """Each filter whose index is dropped is named, with the statement."""
    empty(module_database)
    with planted(module_database, table, f"ALTER TABLE {table} {', '.join(f'DROP KEY {key}' for key in keys)}"):
        faults = index_faults(module_database, NEUTRAL)
    assert any(told in fault for fault in faults), faults
