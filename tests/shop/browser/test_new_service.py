"""A service that `make new-service` has written is shown and used in the console without any further code."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.browser import fill, send
from tests.support.copies import copy_repository
from tests.support.running import Run

pytestmark = [pytest.mark.end_to_end, pytest.mark.slow, pytest.mark.usefixtures("own_servers")]


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """Yield the address of a stack of a copy of the repository with suppliers."""
    copy = copy_repository(tmp_path / "copy")
    subprocess.run([sys.executable, "-m", "deploy.new_service", "suppliers"], cwd=copy, check=True)
    run = Run(tmp_path / "state", root=copy, TEMPLATE_FILE=str(copy / "template.yaml")).start()
    try:
        yield run.ready().url
    finally:
        run.stop()


def test_a_service_of_ones_own(page: Any, address: str) -> None:
    """The service's list, forms, items and journeys are there at once. A removed item is no longer shown."""
    page.goto(f"{address}/#/suppliers")
    page.get_by_role("button", name="Admin", exact=True).click()
    assert "Suppliers" in page.locator("aside nav").inner_text()
    page.get_by_text("Nothing here yet").wait_for()
    page.get_by_role("button", name="Add").click()
    send(page)
    page.locator("dialog [data-pointer='/name'][aria-invalid=true]").wait_for()
    fill(page, name="Ward and Sons")
    send(page)
    page.locator("main h1", has_text="Ward and Sons").wait_for()
    page.get_by_role("button", name="Change").click()
    fill(page, note="Delivers on Mondays")
    send(page)
    page.locator(".facts", has_text="Delivers on Mondays").wait_for()
    page.locator(".journey-head", has_text="Change").wait_for()
    assert [text.split()[0] for text in page.locator(".journey-head").all_inner_texts()] == ["Change", "Add"]
    page.get_by_role("button", name="Remove").click()
    send(page)
    page.get_by_text("Nothing here yet").wait_for()
