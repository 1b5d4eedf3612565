"""The loader against the whole stack: over HTTP, into the write store, through the pump, out of the reports.

Each test loads a year of its own, long before any other test's orders, so that the reports hold its sales alone.
"""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from decimal import Decimal
from itertools import count
from pathlib import Path

import pytest

from demo.check_sales import check
from demo.http import CommandClient
from demo.seed.loader import Run, SeedOptions
from demo.seed.rules import Reason
from demo.seed.tally import SeedKind
from tests.shop.http.settling import settle
from tests.shop.seed import sales_from_csv
from tests.shop.seed.files import write
from tests.support.make import make
from tests.support.stack import Stack
from tests.support.waiting import eventually

pytestmark = [pytest.mark.end_to_end, pytest.mark.slow]

_years = count(1981)
Shop = tuple[Path, str]
"""A file of sales, and what all its invoice numbers begin with."""


@pytest.fixture
def shop(tmp_path: Path, request: pytest.FixtureRequest) -> Shop:
    """12 invoices of 5 customers over 6 days, with lines of every kind that is skipped.

    With the parameter "wide", another 100 SKUs make two orders of one of them.
    """
    year = next(_years)
    rows = [
        {
            "invoice": f"{year}{number:03}",
            "stock_code": code,
            "description": f"ZANZIBAR{year} LAMP" if code == f"{year}a" else f"SHADE {code}",
            "quantity": str(number + 1),
            "unit_price": f"{number}.{line}5",
            "invoiced_at": f"{year}-03-{number // 2 + 1:02} 23:5{line}:00",
            "customer": f"{year}{number % 5}",
        }
        for number in range(12)
        for line, code in enumerate((f"{year}a", f"{year}A", f"X{number}", f"{year}A"))
    ]
    last = rows[-1]
    rows += [
        rows[0] | {"unit_price": "0.001"},
        rows[0] | {"customer": ""},
        rows[0] | {"quantity": "-3"},
        rows[0] | {"unit_price": "0"},
        rows[0] | {"invoice": f"C{year}000"},
        rows[0] | {"stock_code": "BANK CHARGES"},
    ]
    if getattr(request, "param", "") == "wide":
        rows += [last | {"stock_code": f"Y{number}"} for number in range(100)]
    return write(tmp_path / "shop.csv.gz", rows), str(year)


@pytest.fixture
def client(stack: Stack) -> Iterator[CommandClient]:
    """A client of the stack, as an admin."""
    client = CommandClient(stack.url, stack.token("admin"), 30, threading.Event())
    yield client
    client.close()


def load(stack: Stack, file: Path, *, wait: bool = True) -> Run:
    """Run the loader here and to its end."""
    run = Run(SeedOptions(file, stack.url, stack.token("admin"), wait=wait, workers=4))
    run.run()
    assert run.tally.messages == []
    return run


def differences(stack: Stack, client: CommandClient, shop: Shop) -> list[str]:
    """What the reports and searches say otherwise than the file, once the read model has caught up."""
    settle(stack)
    with sales_from_csv.open_text(str(shop[0])) as text:
        expected = sales_from_csv.compute(text, words=[f"zanzibar{shop[1]}"])
    return check(expected, client)[1]


def stock(stack: Stack) -> dict[str, int]:
    """The pieces on hand by SKU."""
    items = [item for item in stack.tables.items("inventory") if "#" not in item["id"]["S"]]
    return {item["id"]["S"]: int(item["state"]["M"].get("on_hand", {"N": "0"})["N"]) for item in items}


def orders(stack: Stack, prefix: str) -> dict[str, str]:
    """The status by reference of the orders whose references begin so; a reference twice would be an error."""
    states = [item["state"]["M"] for item in stack.tables.items("orders") if "#" not in item["id"]["S"]]
    found = [(s["reference"]["S"], s["status"]["S"]) for s in states if s.get("reference", {}).get("S")]
    mine = [(reference, status) for reference, status in found if reference.startswith(prefix)]
    assert len(mine) == len(dict(mine))
    return dict(mine)


@pytest.mark.parametrize("shop", ["wide"], indirect=True)
def test_reports_equal_the_file(stack: Stack, client: CommandClient, shop: Shop) -> None:
    """To the penny, by day, product and customer; and searches find what they should."""
    before = stock(stack)
    run = load(stack, shop[0])
    assert run.tally.loaded[SeedKind.ORDERS] == run.tally.confirmed == 13
    assert run.survey.skips.count == dict.fromkeys(set(Reason) - {Reason.UNUSABLE}, 1)
    assert run.survey.skips.worth[Reason.PENCE] == Decimal("0.001")
    assert set(orders(stack, shop[1]).values()) == {"confirmed"}
    assert differences(stack, client, shop) == []
    after = stock(stack)
    assert {sku: after[sku] - before.get(sku, 0) for sku in run.survey.quantities} == run.survey.quantities


def test_the_second_run_finds_all_done(stack: Stack, client: CommandClient, shop: Shop) -> None:
    """It loads nothing and counts all as already there, confirmed."""
    first = load(stack, shop[0])
    before = stock(stack)
    second = load(stack, shop[0])
    assert second.tally.loaded.total() == 0
    assert second.tally.existing[SeedKind.ORDERS] == first.tally.loaded[SeedKind.ORDERS] == second.tally.confirmed
    assert second.tally.pence["existing"] == first.tally.pence["loaded"] == first.survey.amount
    assert stock(stack) == before
    assert differences(stack, client, shop) == []


@pytest.mark.parametrize("shop", ["wide"], indirect=True)
def test_a_loader_that_is_killed_and_started_again_doubles_nothing(
    stack: Stack, client: CommandClient, shop: Shop
) -> None:
    """kill -9 in the midst of the orders, then a run to the end: as if there had been one run."""
    before = stock(stack)
    command = [sys.executable, "-m", "demo.seed", str(shop[0]), "--url", stack.url, "--workers", "2"]
    environment = os.environ | {"TRIBUTARY_TOKEN": stack.token("admin")}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    assert eventually(lambda: len(orders(stack, shop[1])) >= 3)
    process.kill()
    assert process.wait() == -signal.SIGKILL
    there = len(orders(stack, shop[1]))
    run = load(stack, shop[0])
    assert run.tally.existing[SeedKind.ORDERS] >= there >= 3
    assert run.tally.existing[SeedKind.ORDERS] + run.tally.loaded[SeedKind.ORDERS] == len(orders(stack, shop[1])) == 13
    assert set(orders(stack, shop[1]).values()) == {"confirmed"}
    after = stock(stack)
    assert {sku: after[sku] - before.get(sku, 0) for sku in run.survey.quantities} == run.survey.quantities
    assert differences(stack, client, shop) == []


def test_the_check_sees_a_penny(stack: Stack, client: CommandClient, shop: Shop) -> None:
    """A check that cannot fail shows nothing: one more order of a penny is seen in all three reports."""
    load(stack, shop[0])
    settle(stack)
    existing = client.get(f"/orders?q={shop[1]}000&limit=1").body["items"][0]
    body = {
        "customer_id": existing["customer"]["id"],
        "placed_at": existing["placed_at"],
        "lines": [{"sku": f"{shop[1]}A", "quantity": 1, "unit_price": 1}],
    }
    client.post(f"/stock/{shop[1]}A/receipts", {"quantity": 1})
    more = client.post("/orders", body).subject
    assert eventually(lambda: client.get(f"/orders/{more}").body.get("status") == "confirmed")
    found = differences(stack, client, shop)
    assert [text.partition(",")[0] for text in found] == ["by day", "by product", "by customer"]


def test_a_cancelled_order_stays_cancelled(stack: Stack, client: CommandClient, shop: Shop) -> None:
    """Whoever cancelled it knows better than the file; that is told and is no failure."""
    load(stack, shop[0])
    cancelled = client.get(f"/orders?q={shop[1]}001&limit=1").body["items"][0]
    assert client.post(f"/orders/{cancelled['id']}/cancel").status == 200
    run = load(stack, shop[0])
    assert (run.tally.confirmed, run.tally.cancelled, run.tally.failures) == (11, 1, 0)
    assert orders(stack, shop[1])[cancelled["reference"]] == "cancelled"


def test_another_order_under_an_invoices_number_is_a_failure(stack: Stack, shop: Shop) -> None:
    """It is told, and left as it is."""
    load(stack, shop[0])
    reference = f"{shop[1]}002"
    other = {"invoice": reference, "customer": f"{shop[1]}2", "stock_code": f"{shop[1]}A"}
    run = Run(SeedOptions(write(shop[0].parent / "other.csv", [other]), stack.url, stack.token("admin")))
    run.run()
    assert (run.tally.unconfirmed, run.tally.confirmed, run.tally.failures) == (1, 0, 1)
    assert "has that reference and a total of" in run.tally.messages[0]
    assert orders(stack, shop[1])[reference] == "confirmed"


def test_the_command_line(stack: Stack, shop: Shop) -> None:
    """It ends with what it did, where to look, and 0; with 1 and a sentence when the token is refused."""

    def run(token: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "demo.seed", str(shop[0]), "--url", stack.url, "--token", token]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    good, bad = run(stack.token("admin")), run("no-token")
    assert (good.returncode, bad.returncode) == (0, 1)
    assert good.stdout.startswith("loaded: ")
    assert f"failed: nothing\nLook at them in the console: {stack.url}/#/orders\n" in good.stdout
    assert f"/#/reports/sales?from={shop[1]}-03-01&to={shop[1]}-03-06" in good.stdout
    assert "0.001" in good.stderr
    assert "401" in bad.stderr
    assert "Traceback" not in bad.stderr


def test_the_targets_of_make(stack: Stack, shop: Shop, repository: Path) -> None:
    """`make seed`, `make check-sales` and a short `make load` go to the running stack, and succeed."""
    file, state = f"FILE={shop[0]}", str(stack.folder)
    make(repository, "seed", file, LOCAL_STATE=state)
    settle(stack)
    make(repository, "check-sales", file, LOCAL_STATE=state)
    make(repository, "load", "RATE=5", "SECONDS=2", LOCAL_STATE=state)
    settle(stack)
