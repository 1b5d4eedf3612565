"""The history on an item's page shows the journeys of its commands, with a bar for each step, while they happen."""

import re
from typing import Any

import pytest

from tests.core.domain.roles import CHIEF, MEMBER
from tests.core.things import account, answered, transfer, unique
from tests.support.browser import fill, send, sign_in
from tests.support.stack import Stack


@pytest.fixture
def console(page: Any, stack: Stack) -> Any:
    """Return the console, signed in as a chief."""
    return sign_in(page, stack, CHIEF)


def test_every_aggregate_has_its_journeys(console: Any, stack: Stack) -> None:
    """A transfer's page shows the accounts' steps for it. An account's page shows the transfer, and links to it."""
    api = stack.client(CHIEF)
    source = account(api, 100)
    id = transfer(api, source)
    answered(api, id)
    console.goto(f"{stack.url}/#/transfers/{id}")
    journey = console.locator(".timeline .journey")
    journey.locator(".step", has=console.get_by_text("Accept", exact=True)).wait_for()
    assert journey.count() == 1
    steps = [text.split("\n")[0].split(" ")[0] for text in journey.locator(".step").all_inner_texts()]
    assert (steps[0], steps[-1]) == ("Request", "Accept")
    assert journey.locator(".bar").count() == len(steps)
    assert re.fullmatch(r"[\d,]+ ms until all of it was visible", journey.locator(".journey-end").inner_text())
    console.goto(f"{stack.url}/#/accounts/{source}")
    console.locator(".journey", has_text="Request").get_by_role("link").first.click()
    console.wait_for_url(re.compile(f"#/transfers/{id}$"))


def test_drawn_live(console: Any, stack: Stack) -> None:
    """A command is shown as soon as it is answered, before queries show it. Then its step says when it was seen."""
    number = account(stack.client(CHIEF))
    console.goto(f"{stack.url}/#/accounts/{number}")
    console.locator(".timeline .journey").first.wait_for()
    console.route(
        f"**/accounts/{number}*", lambda route: route.abort() if route.request.method == "GET" else route.continue_()
    )
    before: dict[str, str] = {}

    def stale(route: Any) -> None:
        before.setdefault("body", stack.client(CHIEF).get(f"/accounts/{number}/timeline?before=2").body.decode())
        route.fulfill(status=200, content_type="application/json", body=before["body"])

    console.route(f"**/accounts/{number}/timeline*", stale)
    console.unroute(f"**/accounts/{number}*")
    console.get_by_role("button", name="Deposit").click()
    fill(console, amount="7")
    send(console)
    console.locator(".journey", has_text="Queries do not show it yet").wait_for()
    assert "Written as version 2 after" in console.locator(".journey").first.inner_text()
    console.unroute(f"**/accounts/{number}/timeline*")
    console.evaluate("dispatchEvent(new Event('online'))")
    step = console.locator(".journey .step", has_text="Deposit")
    step.wait_for()
    said = step.locator(".bar").get_attribute("aria-label")
    accepted, written, visible = map(
        int, re.fullmatch(r"accepted at (\d+) ms, written at (\d+) ms, visible at (\d+) ms", said).groups()
    )
    assert accepted == 0 <= written <= visible
    assert console.get_by_text("Queries do not show it yet").count() == 0


def test_who_did_it_is_for_those_who_may_see_it(page: Any, stack: Stack) -> None:
    """A member sees the journeys of its own items without names, and nothing fails."""
    owner = unique().replace("-", "_")
    api = stack.client(CHIEF)
    number = account(api, owner=owner)
    token = api.patch(f"/accounts/{number}", {"note": "x"}).headers["consistency-token"]
    assert api.get(f"/accounts/{number}", Consistency_Token=token).status == 200
    page.goto(f"{stack.url}/#/accounts/{number}")
    page.get_by_label(f"{MEMBER.capitalize()}, by an id").fill(owner)
    page.locator(".own button").click()
    page.locator(".journey", has_text="Change").wait_for()
    assert " by " not in page.locator(".timeline").inner_text()
