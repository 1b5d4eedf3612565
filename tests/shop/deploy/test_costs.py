"""The costs and loads in docs/ follow from the prices and the assumptions."""

import itertools
from typing import Any

import pytest

from bench.projector import WRITTEN, ours, server
from bench.workload import batches
from chalicelib.core.mysql.connections import connect
from demo import costs
from demo.loads import LOADS, Load
from tests.deploy.lambdas import ROOT


@pytest.mark.parametrize("name", costs.BLOCKS)
def test_the_documents_are_up_to_date(name: str) -> None:
    """`make costs` would change nothing."""
    path, make = costs.BLOCKS[name]
    text = (ROOT / path).read_text(encoding="utf-8")
    assert costs.with_block(text, name, make()) == text


def test_prices_fall_by_the_tier() -> None:
    """Each part of an amount has the price of its own tier."""
    assert costs.price("rest_requests", 333) == pytest.approx(333 * 3.50)
    assert costs.price("rest_requests", 20_001) == pytest.approx(333 * 3.50 + 667 * 2.80 + 19_000 * 2.38 + 1.51)
    assert costs.price("secrets", 4) == pytest.approx(1.60)


def test_every_price_is_used_and_says_where_it_is_from() -> None:
    """Every price has a unit, a date and a source, and is used."""
    source = (ROOT / "demo/costs.py").read_text(encoding="utf-8")
    for name, entry in costs.PRICES.items():
        assert set(entry) in ({"unit", "usd", "seen", "source"}, {"unit", "tiers", "seen", "source"})
        assert f'"{name.removesuffix("_optimized")}' in source


def test_a_load_worked_out_by_hand() -> None:
    """At 100 commands a second, the result equals the assumptions of docs/deploy.md, multiplied by hand."""
    load = LOADS[1]
    assert (load.commands, load.orders, load.writes, load.reads, load.records) == (100, 25, 850, 300, 225)
    month = 730 * 3600 / 1e6
    assert costs.BILL[0].cost(load) == pytest.approx(333 * 3.5 + (200 * month - 333) * 2.8)
    assert costs.BILL[4].cost(load) + costs.BILL[5].cost(load) == pytest.approx(month * (850 * 0.625 + 300 * 0.125))


def test_more_load_needs_no_less() -> None:
    """No amount falls while the load grows, and the calls stay within the limits of shards and Parallelization."""
    for less, more in itertools.pairwise(LOADS):
        assert less.shards <= more.shards
        assert less.units <= more.units
    for load in LOADS:
        assert load.projector_busy <= load.shards * load.parallelization
        assert load.reserving <= load.order_shards * load.parallelization


def test_metrics_are_counted() -> None:
    """The bill has as many metrics for each service as are documented."""
    documented = (ROOT / "docs/reference/logs.md").read_text(encoding="utf-8").partition("## Metrics")[2]
    names = [line.split("`")[1] for line in documented.splitlines() if line.startswith("| `")]
    assert len([name for name in names if not name.startswith("Rebuild")]) == costs.METRICS


def test_no_load_costs_what_stands() -> None:
    """Without commands, the bill has the database, the proxy and the fixed costs."""
    idle = Load(0, 1, 1, 0.5, 1, 2)
    lines = {line.name: line.cost(idle) for line in costs.BILL}
    assert {name.partition(":")[0].partition(",")[0] for name, cost in lines.items() if cost} == {
        "Aurora",
        "RDS Proxy",
        "Firewall",
        "Endpoints",
    }


@pytest.mark.usefixtures("own_servers")
def test_what_the_database_keeps_and_writes() -> None:
    """Records take no more log and storage than the bill counts, all indexes included, and a third of it at least."""
    found = batches(orders=1000, size=100)
    with server() as url:
        connection = connect(url)
        with connection.cursor() as cursor:
            before = _figure(cursor, "SHOW GLOBAL STATUS LIKE 'Innodb_os_log_written'")
            ours(lambda: connection, found)
            log = _figure(cursor, "SHOW GLOBAL STATUS LIKE 'Innodb_os_log_written'") - before
            cursor.execute(f"ANALYZE TABLE {', '.join(WRITTEN)}")
            kept = (
                "SELECT database_name, SUM(stat_value) FROM mysql.innodb_index_stats WHERE stat_name = 'n_leaf_pages'"
            )
            pages = _figure(cursor, f"{kept} AND database_name = DATABASE() GROUP BY database_name")
        connection.close()
    records = sum(map(len, found))
    assert log / records < costs.IOS_A_RECORD * costs.IO_KB * 1024
    load = LOADS[0]
    counted = costs.ROWS_KB * 1024 * load.commands / load.records
    assert counted / 3 < pages * 16384 / records < counted


def _figure(cursor: Any, statement: str) -> int:
    cursor.execute(statement)
    ((_, value),) = cursor.fetchall()
    return int(value)
