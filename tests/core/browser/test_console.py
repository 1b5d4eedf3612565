"""The console on the neutral domain, in a real browser. It is drawn from openapi.json, without code for this domain."""

import json
import re
from typing import Any

import pytest

from tests.core.domain.roles import CHIEF, CLERK, MEMBER
from tests.core.things import account, answered, transfer, unique
from tests.support.browser import fill, rows, send, sign_in
from tests.support.client import Client
from tests.support.stack import Stack
from tests.support.waiting import eventually

BEYOND_A_DOUBLE = 2**53 + 1


@pytest.fixture
def console(page: Any, stack: Stack) -> Any:
    """Return the console, signed in as a chief."""
    return sign_in(page, stack, CHIEF)


def test_operations_come_first(console: Any) -> None:
    """The first page is the state of the services. The navigation has every list of the API."""
    assert console.locator("main h1").inner_text() == "Operations"
    beside = ["Operations", "Dead letters", "Accounts", "Transfers", "API"]
    assert console.locator("aside nav a").all_inner_texts() == beside


def test_a_list_is_filtered_and_sorted_in_the_url(console: Any, stack: Stack) -> None:
    """Search, filter and sort go into the URL. A reload and the back button show the same list again."""
    api, name = stack.client(CHIEF), unique()
    poor, rich = account(api, 5, name=f"{name} a"), account(api, 900, name=f"{name} b")
    seen(api, name, [poor, rich])
    console.locator("aside nav").get_by_role("link", name="Accounts").click()
    console.get_by_label("Search").fill(name)
    console.get_by_label("Search").press("Enter")
    console.wait_for_url(re.compile(rf"#/accounts\?q={name}"))
    console.wait_for_function("() => document.querySelectorAll('main tbody tr').length === 2")
    console.get_by_role("link", name="Balance, sort ascending").click()
    console.wait_for_url(re.compile("sort=balance"))
    console.wait_for_function(f"() => document.querySelector('main tbody th')?.innerText === '{poor}'")
    console.get_by_role("link", name="Balance, sort descending").click()
    console.wait_for_function(f"() => document.querySelector('main tbody th')?.innerText === '{rich}'")
    address = console.url
    console.reload()
    sign_in_again(console)
    assert console.url == address
    assert rows(console)[0][0] == rich
    console.go_back()
    console.wait_for_function(f"() => document.querySelector('main tbody th')?.innerText === '{poor}'")


def shown_account(api: Client, **details: Any) -> str:
    """Open an account, and wait until queries show it."""
    number = account(api, **details)
    assert eventually(lambda: api.get(f"/accounts/{number}").status == 200)
    return number


def seen(api: Client, name: str, numbers: list[str]) -> None:
    """Wait until a search for a name finds these accounts."""

    def found() -> bool:
        return {item["id"] for item in api.get("/accounts", {"q": name}).json["items"]} == set(numbers)

    assert eventually(found)


def sign_in_again(console: Any) -> None:
    """A token is only in memory, so a reload asks for it again."""
    console.get_by_role("button", name="Chief").click()
    console.locator("main h1").wait_for()


def test_pages_of_a_list(console: Any, stack: Stack) -> None:
    """The next page begins after the last row of the previous page."""
    api, name = stack.client(CHIEF), unique()
    made = sorted(account(api, name=f"{name} {i}") for i in range(3))
    seen(api, name, made)
    console.goto(f"{stack.url}/#/accounts?q={name}&limit=2")
    assert [row[0] for row in rows(console)] == made[:2]
    console.get_by_role("link", name="Next page").click()
    console.get_by_text("End of the list").wait_for()
    assert [row[0] for row in rows(console)] == made[2:]


def test_a_command_from_form_to_row(console: Any) -> None:
    """A command's form follows its body's type. The effect is shown at once, since the page sends the token."""
    number = unique()
    console.goto(re.sub(r"#.*|$", "#/accounts", console.url, count=1))
    console.get_by_role("button", name="Open", exact=True).click()
    fill(console, number=number, name=f"Savings {number}", note="one\ntwo")
    send(console)
    console.wait_for_url(re.compile(f"#/accounts/{number}"))
    console.locator("main h1", has_text=f"Savings {number}").wait_for()
    assert console.evaluate("() => document.activeElement.tagName") == "H1"
    console.get_by_role("button", name="Deposit").click()
    fill(console, amount="1234567")
    send(console)
    console.locator("dialog").wait_for(state="detached")
    console.wait_for_function("() => document.querySelector('main').innerText.includes('1,234,567')")
    assert "version 2" in console.locator(".notice").inner_text()


def test_faults_stand_beside_their_fields(console: Any, stack: Stack) -> None:
    """Faults are shown beside their fields, in lists too. Nothing is written, and the typed text stays."""
    source = account(stack.client(CHIEF), 100)
    console.goto(f"{stack.url}/#/transfers")
    console.get_by_role("button", name="Request").click()
    fill(console, legs__0__account=source, legs__0__amount="much")
    console.get_by_role("button", name="Add another").click()
    fill(console, legs__1__account="not a number!", legs__1__amount="5")
    send(console)
    console.locator(".refusal").wait_for()
    faults = {
        field.get_attribute("data-pointer"): console.locator(f"[id='{field.get_attribute('id')}-fault']").inner_text()
        for field in console.locator("dialog [aria-invalid=true]").all()
    }
    assert set(faults) == {"/legs/0/amount", "/legs/1/account"}
    assert faults["/legs/0/amount"].startswith("Expected an integer")
    assert console.evaluate("document.activeElement.dataset.pointer") == "/legs/0/amount"
    assert console.locator("[data-pointer='/legs/1/account']").input_value() == "not a number!"


def test_roles_decide_what_is_enabled(page: Any, stack: Stack) -> None:
    """A command that a role may not use is shown with the roles that may. A list that it may not see is not shown."""
    described = json.loads(stack.client(CHIEF).get("/openapi.json").body)
    operations = {o["operationId"]: o for methods in described["paths"].values() for o in methods.values()}
    allowed = operations["accounts.deposit"]["x-tributary-roles"]
    assert MEMBER not in allowed
    owner = unique().replace("-", "_")
    number = shown_account(stack.client(CHIEF), owner=owner)
    page.goto(f"{stack.url}/#/accounts/{number}")
    page.get_by_label("Member, by an id").fill(owner)
    page.locator(".own button").click()
    deposit = page.get_by_role("button", name="Deposit")
    assert deposit.get_attribute("aria-disabled") == "true"
    assert deposit.get_attribute("title") == f"Only for {', '.join(allowed)}."
    assert page.get_by_role("button", name="Change").get_attribute("aria-disabled") is None


def test_links_lead_to_other_aggregates(console: Any, stack: Stack) -> None:
    """An id links to its aggregate, which is known from the id's type and its prefix."""
    api = stack.client(CHIEF)
    source = account(api, 100)
    id = transfer(api, source)
    answered(api, id)
    console.goto(f"{stack.url}/#/transfers/{id}")
    console.get_by_role("link", name=source).click()
    console.wait_for_url(re.compile(f"#/accounts/{source}$"))


def test_integers_are_exact(console: Any, stack: Stack) -> None:
    """A number beyond 2^53 is sent and shown with all its digits."""
    shown = console.evaluate(
        """async (address) => {
          const { parse, stringify } = await import(address);
          const text = '{"a":9007199254740993,"b":"9007199254740993 \\\\u0000","c":[-9007199254740993,1.5,12]}';
          return [stringify(parse(text)) === text, typeof parse(text).a, parse(text).b];
        }""",
        f"{stack.url}/console/json.js",
    )
    assert shown == [True, "bigint", "9007199254740993 \0"]
    amounts = console.evaluate(
        """async (address) => {
          const { money } = await import(address);
          return [money(9007199254740993n, "GBP"), money(-9007199254740993n, "JPY"), money(7n, "KWD")];
        }""",
        f"{stack.url}/console/format.js",
    )
    assert [amount.replace("\xa0", " ") for amount in amounts] == [
        "£90,071,992,547,409.93",
        "-JP¥9,007,199,254,740,993",
        "KWD 0.007",
    ]
    console.goto(f"{stack.url}/#/accounts?min_balance={BEYOND_A_DOUBLE}")
    console.get_by_text("Nothing matches").wait_for()


def test_a_change_on_an_old_version_is_refused(console: Any, stack: Stack) -> None:
    """The form sends the version that the person saw, so that changes made meanwhile are not overwritten."""
    api = stack.client(CHIEF)
    number = shown_account(api)
    console.goto(f"{stack.url}/#/accounts/{number}")
    console.get_by_role("button", name="Change").click()
    assert console.locator("[data-pointer='/name']").input_value() == f"Account {number}"
    assert api.patch(f"/accounts/{number}", {"note": "theirs"}).status == 200
    assert eventually(lambda: api.get(f"/accounts/{number}").json["note"] == "theirs")
    # The page behind the form loads the new version. The form keeps the old one.
    console.evaluate("dispatchEvent(new Event('online'))")
    console.locator("dl.facts", has_text="theirs").wait_for()
    fill(console, note="mine")
    send(console)
    console.get_by_text("Somebody changed it meanwhile").wait_for()
    assert api.get(f"/accounts/{number}").json["note"] in ("", "theirs")


def test_a_repeated_request_counts_once(console: Any, stack: Stack) -> None:
    """If no answer came, sending again uses the same Idempotency-Key."""
    api = stack.client(CHIEF)
    number = shown_account(api)
    console.goto(f"{stack.url}/#/accounts/{number}")
    keys: list[str] = []

    def lose_the_first_answer(route: Any) -> None:
        keys.append(route.request.headers["idempotency-key"])
        if len(keys) > 1:
            route.continue_()
        else:
            route.fetch()
            route.abort()

    console.route("**/deposits", lose_the_first_answer)
    console.get_by_role("button", name="Deposit").click()
    fill(console, amount="7")
    send(console)
    console.get_by_text("Sending it again is safe").wait_for()
    send(console)
    console.locator("dialog").wait_for(state="detached")
    assert "It had taken effect before" in console.locator(".notice").inner_text()
    assert len(set(keys)) == 1
    console.wait_for_function("() => [...document.querySelectorAll('.facts dd')].some((dd) => dd.innerText === '7')")


def test_without_a_connection(console: Any, stack: Stack) -> None:
    """If a part cannot be reached, the page says so, and a press tries again."""
    console.context.set_offline(True)
    console.locator("aside nav").get_by_role("link", name="Accounts").click()
    console.get_by_text("The API cannot be reached").wait_for()
    console.context.set_offline(False)
    console.locator("main .state.failed").wait_for(state="detached")


@pytest.mark.parametrize("place", ["/accounts/%", "/accounts/%ff", "/nothing", "/accounts/a/b/c", "//", "/accounts/"])
def test_an_address_that_leads_nowhere(page: Any, stack: Stack, place: str) -> None:
    """The page says that there is no such page, and links back."""
    sign_in(page, stack, CHIEF, f"#{place}")
    page.get_by_text("There is no such page").wait_for()
    page.locator("main").get_by_role("link", name="Operations").click()
    page.locator("main h1", has_text="Operations").wait_for()


def test_a_token_is_pasted(page: Any, stack: Stack) -> None:
    """Any token is accepted. One that the API refuses leads back to the sign-in, and the URL stays."""
    page.goto(f"{stack.url}/#/accounts")
    page.get_by_text("Use a token").click()
    page.get_by_label("Token, a JWT").fill("nonsense")
    page.locator(".paste button").click()
    page.get_by_text("This is not a JWT").wait_for()
    page.get_by_label("Token, a JWT").fill(stack.token(CLERK) + "x")
    page.locator(".paste button").click()
    page.get_by_text("no longer accepted").wait_for()
    assert page.url.endswith("#/accounts")
    page.get_by_text("Use a token").click()
    page.get_by_label("Token, a JWT").fill(stack.token(CLERK))
    page.locator(".paste button").click()
    page.locator("main h1", has_text="Accounts").wait_for()
    assert page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])") == '[{},{},""]'


def test_what_goes_over_the_wire(page: Any, stack: Stack) -> None:
    """The whole console has at most 150 KB, compressed. A second visit fetches only the page."""
    sizes: dict[str, int] = {}

    def count(response: Any) -> None:
        if "/console/" in response.url or response.url.rstrip("/") == stack.url:
            sizes[response.url] = response.request.sizes()["responseBodySize"]

    page.on("response", count)
    sign_in(page, stack, CHIEF)
    page.evaluate("import('uplot')")
    page.wait_for_load_state("networkidle")
    assert len(sizes) > 20
    assert sum(sizes.values()) <= 150_000, sizes
    page.reload()
    page.get_by_role("button", name="Chief").wait_for()
    fetched = page.evaluate("performance.getEntriesByType('resource').filter((r) => r.transferSize).map((r) => r.name)")
    assert [url for url in fetched if "?v=" in url] == []


def test_the_policy_is_strict(page: Any, stack: Stack) -> None:
    """The policy allows no inline code but the import map, by its digest, and no other style, frame, form or base."""
    answer = page.goto(f"{stack.url}/")
    policy = answer.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert "connect-src 'self';" in policy
    page.get_by_role("button", name="Chief").wait_for()
