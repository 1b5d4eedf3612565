"""A page of a real Chromium; skipped where there is none."""

import shutil
from collections.abc import Iterator
from typing import Any

import pytest


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Chromium, driven by Playwright."""
    chromium = shutil.which("chromium")
    playwright = pytest.importorskip("playwright.sync_api", reason="`make browser-tools` installs Playwright")
    if not chromium:
        pytest.skip("there is no chromium; `make browser-tools` installs it")
    with playwright.sync_playwright() as driver:
        # Whoever runs the tests as root has no sandbox for it.
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """A page, of which nothing went wrong in its console: no error, nothing that the page's policy forbids."""
    context = browser.new_context()
    page, complaints = context.new_page(), []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.set_default_timeout(15_000)
    yield page
    context.close()
    # Chromium itself tells of answers from 400 on; that they are shown is what the tests look at.
    assert [text for text in complaints if "Failed to load resource" not in text] == []
