"""A page of a real Chromium, and the actions of the console's tests. Tests are skipped if there is no Chromium."""

import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.stack import Stack
from tests.support.waiting import PATIENT_SECONDS


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Yield Chromium, driven by Playwright."""
    chromium = shutil.which("chromium")
    playwright = pytest.importorskip("playwright.sync_api", reason="`make browser-tools` installs Playwright")
    if not chromium:
        pytest.skip("there is no chromium; `make browser-tools` installs it")
    with playwright.sync_playwright() as driver:
        # For root, Chromium has no sandbox.
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """Yield a page. Fail if its console shows an error or a violation of the page's policy."""
    context = browser.new_context(locale="en-GB", timezone_id="Europe/Vienna", viewport={"width": 1360, "height": 860})
    page, complaints = context.new_page(), []
    page.on(
        "console", lambda message: complaints.append(message.text) if message.type in ("error", "warning") else None
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.set_default_timeout(PATIENT_SECONDS * 1000)
    yield page
    context.close()
    # Chromium itself reports answers from 400 on. The tests check that the page shows them.
    told = [text for text in complaints if "Failed to load resource" not in text]
    assert not told, told


def sign_in(page: Any, stack: Stack, role: str, at: str = "") -> Any:
    """Open the console at a place, such as "#/accounts?sort=name", and choose a role."""
    page.goto(f"{stack.url}/{at}")
    page.get_by_role("button", name=role.capitalize(), exact=True).click()
    page.locator("#content h1").wait_for()  # the sign-in has a heading, too
    return page


def fill(page: Any, **fields: str) -> None:
    """Fill in the fields of the open form by their JSON pointers: `legs__0__amount` for /legs/0/amount."""
    for name, value in fields.items():
        pointer = "/" + name.replace("__", "/")
        page.locator(f"dialog [data-pointer='{pointer}']").fill(value)


def send(page: Any) -> None:
    """Send the open form."""
    page.locator("dialog button[type=submit]").click()


def rows(page: Any) -> list[list[str]]:
    """Return the rows of the page's first table."""
    page.locator("main tbody tr").first.wait_for()
    return [
        [cell.inner_text().strip() for cell in row.locator("th, td").all()]
        for row in page.locator("main tbody tr").all()
    ]
