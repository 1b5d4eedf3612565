"""The operations pages in a real browser: a dead letter from its finding to its end, and a stream that stands still."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from chalicelib.core.dynamodb.codec import item_of
from chalicelib.core.mysql.connections import connect
from chalicelib.core.operations.queries import STILL_SECONDS
from local import ROOT, schedule
from tests.core.domain.roles import CHIEF, CLERK
from tests.core.histories import head, transfer_state
from tests.core.things import account, unique
from tests.support.accessibility import serious_findings
from tests.support.browser import rows, sign_in
from tests.support.stack import Stack
from tests.support.waiting import eventually

LETTERS = "/operations/dead-letters"
CONSOLE = ROOT / "chalicelib" / "core" / "console"


@pytest.fixture
def console(page: Any, stack: Stack) -> Iterator[Any]:
    """Yield the console, signed in as a chief. At the end, no letter is open."""
    yield sign_in(page, stack, CHIEF)
    stack.client(CHIEF).post(f"{LETTERS}/discard", {"all": True, "reason": "The test is over."})


def sql(stack: Stack, *statements: str) -> None:
    """Run statements in the read model."""
    with connect(stack.database_url) as connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        connection.commit()


def write_poison(stack: Stack, count: int = 1) -> list[str]:
    """Write transfers whose reason fits into no row, so that the projector sets them aside. Return their ids."""
    ids = [f"tra_{unique().replace('-', 'x')}" for _ in range(count)]
    for id in ids:
        item = item_of(head(id, 1, transfer_state("refused", reason="x" * 501)))
        stack.tables.client.put_item(TableName=stack.tables.name("transfers"), Item=item)
    api = stack.client(CHIEF)

    def is_there() -> bool:
        found = {letter["aggregate"] for letter in api.all_pages(LETTERS)}
        return found >= set(ids)

    assert eventually(is_there)
    return ids


@contextmanager
def a_wider_column(stack: Stack) -> Iterator[None]:
    """Remove the cause for a while: the column accepts a longer reason."""
    sql(stack, "ALTER TABLE transfers MODIFY reason VARCHAR(600) NULL")
    yield
    sql(
        stack,
        "DELETE FROM transfers WHERE CHAR_LENGTH(reason) > 500",
        "ALTER TABLE transfers MODIFY reason VARCHAR(500) NULL",
    )


def test_a_dead_letter_found_redriven_gone(console: Any, stack: Stack) -> None:
    """The first page shows the letter and links to it. Redriven too early, it stays with a message."""
    (id,) = write_poison(stack)
    console.get_by_text("transfers: 1 record is set aside.").wait_for()
    console.get_by_role("link", name="Show them").click()
    console.locator("main h1", has_text="Dead letters").wait_for()
    console.locator("tbody th a").click()
    console.locator("main h1", has_text=f"transfers#{id}#1").wait_for()
    console.get_by_role("button", name="Redrive", exact=True).click()
    console.get_by_text("Refused again.").wait_for()
    console.get_by_text("redriven by local-chief").wait_for()
    with a_wider_column(stack):
        console.get_by_role("button", name="Redrive", exact=True).click()
        console.get_by_text("Handled. The dead letter is gone.").wait_for()
        console.get_by_text("There are none").wait_for()
        assert stack.client(CHIEF).get(f"/transfers/{id}").status == 200
    console.locator("aside nav").get_by_role("link", name="Operations").click()
    console.get_by_text("Everything is up to date.").wait_for()


def test_discarded_with_a_reason(console: Any, stack: Stack) -> None:
    """Without a reason, the discard is refused beside the field. With one, reason and person are kept and shown."""
    write_poison(stack)
    console.goto(f"{stack.url}/#{LETTERS}")
    console.locator("tbody th a").click()
    console.get_by_role("button", name="Discard", exact=True).click()
    console.locator("dialog button[type=submit]").click()
    console.locator("#reason-fault", has_text="Write a reason.").wait_for()
    assert console.evaluate("() => document.activeElement.id") == "reason"
    console.locator("#reason").fill("A transfer of a test.")
    console.locator("dialog button[type=submit]").click()
    console.get_by_text("Discarded by local-chief").wait_for()
    console.get_by_role("link", name="Dead letters").first.click()
    console.get_by_role("link", name="Discarded").click()
    console.locator("tbody td", has_text="A transfer of a test.").first.wait_for()


def test_all_that_match(console: Any, stack: Stack) -> None:
    """The filters choose the letters. Refused letters are named, and handled letters are gone."""
    ids = write_poison(stack, 3)
    console.goto(f"{stack.url}/#{LETTERS}")
    console.get_by_label("Service").select_option("transfers")
    console.wait_for_url(re.compile("service=transfers"))
    assert len(rows(console)) == 3
    console.get_by_role("button", name="Redrive all that match").click()
    console.get_by_text("Service: transfers").wait_for()
    console.locator("dialog button[type=submit]").click()
    console.locator("dialog", has_text="3 refused again").wait_for()
    console.locator("dialog").get_by_role("button", name="Close").last.click()
    with a_wider_column(stack):
        console.get_by_role("button", name="Redrive all that match").click()
        console.locator("dialog button[type=submit]").click()
        console.get_by_text("3 handled").wait_for()
        console.locator("dialog").get_by_role("button", name="Close").last.click()
        console.get_by_text("Nothing matches").wait_for()
        assert all(stack.client(CHIEF).get(f"/transfers/{id}").status == 200 for id in ids)


def test_who_may(page: Any, stack: Stack) -> None:
    """A role that may not handle dead letters sees no link to them, and a message if it opens the page."""
    sign_in(page, stack, CLERK, f"#{LETTERS}")
    page.get_by_text(f"Only for {CHIEF}.").wait_for()
    assert "Dead letters" not in page.locator("aside nav a").all_inner_texts()


@contextmanager
def a_stopped_projector(stack: Stack) -> Iterator[None]:
    """Lock a row that the projector needs for each of its transactions on accounts."""
    connection = connect(stack.database_url)
    try:
        connection.query("START TRANSACTION")
        with connection.cursor() as cursor:
            cursor.execute("SELECT live FROM generations WHERE service = 'accounts' FOR UPDATE")
        yield
    finally:
        connection.rollback()
        connection.close()


def test_a_stopped_projector_and_well_again(console: Any, stack: Stack) -> None:
    """The stream is shown as stuck, although this page has just written something. Later, it is shown as well again."""
    api = stack.client(CHIEF)
    number = account(api)
    assert eventually(lambda: api.get(f"/accounts/{number}").status == 200)
    console.goto(f"{stack.url}/#/accounts/{number}")
    console.get_by_role("button", name="Deposit").wait_for()
    with a_stopped_projector(stack):
        console.get_by_role("button", name="Deposit").click()
        console.locator("dialog [data-pointer='/amount']").fill("5")
        console.locator("dialog button[type=submit]").click()
        console.locator("aside nav").get_by_role("link", name="Operations").click()
        console.get_by_text("accounts: its stream stands still").wait_for()
        assert "stands still" in console.locator("tbody tr", has_text="Accounts").inner_text()
    console.get_by_text("Everything is up to date.").wait_for()
    assert api.get(f"/accounts/{number}").json["balance"] == 5


def test_how_soon_it_is_shown() -> None:
    """A finding is shown within 10 s locally and within two minutes on AWS: pauses of check, rule and page together."""
    found = re.search(r"^const EVERY = (\d+);", (CONSOLE / "operations.js").read_text(encoding="utf-8"), re.MULTILINE)
    assert found
    page, check = int(found[1]), 60
    assert schedule._CHECK_EVERY_SECONDS + STILL_SECONDS + page <= 10
    assert check + STILL_SECONDS + page <= 120


def test_each_alarm_has_its_place() -> None:
    """The page has the alarms of docs/operate.md in the same order, with the same first command."""
    document = (ROOT / "docs" / "operate.md").read_text(encoding="utf-8")
    table = document.partition("| alarm | meaning |")[2].partition("\n\n")[0]
    lines = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in table.splitlines()[2:]]
    shown = re.findall(r'names: \[(.*?)\].*?first: ("[^"]*"|\'[^\']*\')', (CONSOLE / "alarms.js").read_text())
    assert [names.replace('"', "") for names, _ in shown] == [line[0] for line in lines]
    for (_, first), line in zip(shown, lines, strict=True):
        command = re.match(r"`([^`]+)`", line[2])
        assert first[1:-1] == (command[1] if command else "")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1360, 390], ids=["desk", "phone"])
def test_no_serious_findings(console: Any, stack: Stack, scheme: str, width: int) -> None:
    """The scan covers the list, a letter, its form with a fault, the form for many letters, and a finding."""
    write_poison(stack)
    console.emulate_media(color_scheme=scheme)
    console.set_viewport_size({"width": width, "height": 860})
    console.goto(f"{stack.url}/#{LETTERS}")
    console.locator("tbody th a").wait_for()
    findings = {"list": serious_findings(console)}
    console.get_by_role("button", name="Discard all that match").click()
    console.locator("dialog").wait_for()
    findings["many"] = serious_findings(console)
    console.keyboard.press("Escape")
    console.locator("tbody th a").click()
    console.get_by_role("button", name="Discard", exact=True).click()
    console.locator("dialog button[type=submit]").click()
    console.locator("#reason-fault", has_text="Write a reason.").wait_for()
    findings["form"] = serious_findings(console)
    console.keyboard.press("Escape")
    console.locator("dialog").wait_for(state="detached")
    findings["letter"] = serious_findings(console)
    console.goto(f"{stack.url}/#/")
    console.get_by_text("set aside.").first.wait_for()
    console.locator(".alarms summary").first.click()
    findings["operations"] = serious_findings(console)
    assert {name: found for name, found in findings.items() if found} == {}
    assert console.evaluate("() => document.documentElement.scrollWidth <= innerWidth")


def test_without_a_connection(console: Any, stack: Stack) -> None:
    """The pages report the lost connection, and show the data as soon as it is back."""
    write_poison(stack)
    console.get_by_text("as the check last saw it").wait_for()
    console.context.set_offline(True)
    console.get_by_text("Not reachable: the page shows the last answer.").wait_for()
    console.locator("aside nav").get_by_role("link", name="Dead letters").click()
    console.get_by_text("The API cannot be reached").wait_for()
    console.context.set_offline(False)
    console.locator("tbody th a").first.wait_for()


def test_by_keyboard(console: Any, stack: Stack) -> None:
    """A letter is opened and discarded by keys only, and the focus goes to the next step."""
    write_poison(stack)
    console.goto(f"{stack.url}/#{LETTERS}")
    console.locator("tbody th a").focus()
    console.keyboard.press("Enter")
    console.get_by_role("button", name="Discard", exact=True).wait_for()
    assert console.evaluate("() => document.activeElement.tagName") == "H1"
    console.keyboard.press("Tab")
    assert console.evaluate("() => document.activeElement.textContent") == "Redrive"
    console.keyboard.press("Tab")
    console.keyboard.press("Enter")
    console.locator("dialog").wait_for()
    assert console.evaluate("() => document.activeElement.id") == "reason"
    console.keyboard.type("By keys.")
    console.keyboard.press("Tab")
    console.keyboard.press("Enter")
    console.get_by_text("Discarded by local-chief").wait_for()


def test_no_two_times_of_a_chart_read_the_same(console: Any) -> None:
    """A stack of a few minutes has ticks closer than minutes, which show their seconds. A midnight shows its day."""
    labels = "async (ticks) => (await import('/console/chart.js')).momentsAt(ticks)"
    nine = 1_772_355_600  # 2026-03-01, 10:00 in Vienna
    assert console.evaluate(labels, [nine, nine + 30, nine + 60]) == ["10:00:00", "10:00:30", "10:01:00"]
    assert console.evaluate(labels, [nine, nine + 300]) == ["10:00", "10:05"]
    assert console.evaluate(labels, [nine + 13 * 3600, nine + 14 * 3600]) == ["23:00", "2 Mar"]


def test_a_chart_that_cannot_be_drawn(page: Any, stack: Stack) -> None:
    """If the library of charts cannot be fetched, the page says so. A press tries again, and so does a connection."""
    checks = [f"('accounts', UTC_TIMESTAMP(3) - INTERVAL {minutes} MINUTE, 0)" for minutes in (2, 4)]
    sql(stack, f"INSERT INTO lag_history (service, checked_at, lag_seconds) VALUES {','.join(checks)}")
    page.route("**/vendor/uplot*", lambda route: route.abort())
    sign_in(page, stack, CHIEF)
    page.get_by_text("The chart cannot be drawn").first.wait_for()
    page.unroute("**/vendor/uplot*")
    first = page.locator("figure.chart").first
    first.get_by_role("button", name="Try again").click()
    first.locator("canvas").wait_for()
    page.evaluate("() => dispatchEvent(new Event('online'))")
    page.get_by_text("The chart cannot be drawn").first.wait_for(state="detached")
