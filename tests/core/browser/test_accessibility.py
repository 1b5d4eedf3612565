"""Every kind of page is scanned by axe-core, light and dark, in desktop and phone size, and used by keyboard only."""

from typing import Any

import pytest

from tests.core.domain.roles import CHIEF
from tests.core.things import account, answered, transfer
from tests.support.accessibility import serious_findings
from tests.support.browser import sign_in
from tests.support.stack import Stack

DESK, PHONE = {"width": 1360, "height": 860}, {"width": 390, "height": 844}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_no_serious_findings(page: Any, stack: Stack, scheme: str, size: Any) -> None:
    """The scan covers sign-in, operations, a list, a single item, a form with faults, an error and an empty list."""
    api = stack.client(CHIEF)
    source = account(api, 100)
    id = transfer(api, source)
    answered(api, id)
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size(size)
    page.goto(f"{stack.url}/")
    page.get_by_role("button", name="Chief").wait_for()
    findings = {"sign-in": serious_findings(page)}
    sign_in(page, stack, CHIEF)
    page.locator(".table, .verdict").first.wait_for()
    findings["operations"] = serious_findings(page)
    for name, place, there in (
        ("list", "#/transfers", "tbody tr"),
        ("thing", f"#/transfers/{id}", ".timeline .step"),
        ("its other things", f"#/accounts/{source}", ".timeline .step a"),
        ("docs", "#/~docs", ".opblock"),
        ("empty", "#/accounts?q=nothing-is-called-so", ".state-title"),
        ("error", "#/transfers/tra_none", ".state.failed"),
        ("nowhere", "#/nowhere", ".state-title"),
    ):
        page.goto(f"{stack.url}/{place}")
        page.locator(there).first.wait_for()
        findings[name] = serious_findings(page)
    page.goto(f"{stack.url}/#/transfers")
    page.get_by_role("button", name="Request").click()
    page.locator("dialog button[type=submit]").click()
    page.locator(".refusal").wait_for()
    findings["form"] = serious_findings(page)
    assert {name: found for name, found in findings.items() if found} == {}
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")


def test_by_keyboard(page: Any, stack: Stack) -> None:
    """Keys open and close a form, and the focus goes to its first field. The skip link leads to the heading."""
    sign_in(page, stack, CHIEF, "#/accounts")
    page.locator("body").focus()
    page.keyboard.press("Tab")
    page.locator(".skip").focus()
    page.keyboard.press("Enter")
    assert page.evaluate("() => document.activeElement.tagName") == "H1"
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement.textContent") == "Open"
    page.keyboard.press("Enter")
    page.locator("dialog").wait_for()
    assert page.evaluate("() => document.activeElement.dataset.pointer") == "/number"
    page.keyboard.press("Escape")
    page.locator("dialog").wait_for(state="detached")
    assert "~do" not in page.url
