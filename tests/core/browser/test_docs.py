"""The API's page at /docs: Swagger UI with the console's session, under its strict policy."""

import json
import re
import urllib.request
from typing import Any

import pytest

from tests.core.domain.roles import CHIEF
from tests.core.things import unique
from tests.support.browser import sign_in
from tests.support.stack import Stack


@pytest.fixture
def docs(page: Any, stack: Stack) -> Any:
    """Return the loaded page, signed in as a chief."""
    sign_in(page, stack, CHIEF)
    page.get_by_role("link", name="API").click()
    page.locator(".opblock").first.wait_for()
    return page


def try_out(docs: Any, operation: str, body: Any = None, **parameters: str) -> tuple[int, str]:
    """Open an operation, fill in its form and send it. Return the status and the shown answer."""
    block = docs.locator(
        ".opblock", has=docs.locator(".opblock-summary-operation-id", has_text=re.compile(rf"^{operation}$"))
    )
    if not block.locator(".try-out__btn").count():
        block.locator(".opblock-summary-control").click()
        block.locator(".try-out__btn").click()
    for name, value in parameters.items():
        block.locator(f"tr[data-param-name='{name}'] input").fill(value)
    if body is not None:
        block.locator("textarea").first.fill(body if isinstance(body, str) else json.dumps(body))
    with docs.expect_response(
        lambda response: "openapi.json" not in response.url and "/console/" not in response.url
    ) as got:
        block.locator(".btn.execute").click()
    shown = block.locator(".live-responses-table .response .highlight-code").first
    shown.wait_for()
    return got.value.status, shown.inner_text()


def test_docs_leads_there(page: Any, stack: Stack) -> None:
    """/docs shows every route without a sign-in. To send a request, a person signs in."""
    page.goto(f"{stack.url}/docs")
    page.locator(".opblock").first.wait_for()
    with urllib.request.urlopen(f"{stack.url}/openapi.json") as answer:
        paths = json.load(answer)["paths"]
    described = {(method.upper(), path) for path, methods in paths.items() for method in methods}
    blocks = page.locator(".opblock-summary").all()
    # The library puts invisible characters into paths, where lines may break.
    shown = {
        (
            block.locator(".opblock-summary-method").inner_text(),
            re.sub(r"[^\x21-\x7e]", "", block.locator(".opblock-summary-path").inner_text()),
        )
        for block in blocks
    }
    assert shown == described
    page.get_by_role("link", name="Sign in").click()
    page.get_by_role("button", name="Chief").wait_for()


def test_a_row_fits_a_phone(page: Any, stack: Stack) -> None:
    """No part of a route's row lies beyond the edge at which the page is cut, arrow and long paths included."""
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{stack.url}/docs")
    page.locator(".opblock").first.wait_for()
    beyond = """() => {
      const edge = document.querySelector(".docs").getBoundingClientRect().right;
      const parts = [...document.querySelectorAll(".opblock-summary, .opblock-summary *, .opblock-tag *")];
      return parts.filter((one) => one.getBoundingClientRect().right > edge).map((one) => one.outerHTML.slice(0, 200));
    }"""
    assert page.evaluate(beyond) == []


def test_a_command_and_the_query_after_it(docs: Any) -> None:
    """A command's effect is shown at once, since the page sends the newest Consistency-Token."""
    number = unique()
    status, _ = try_out(docs, "accounts.open", {"number": number, "name": f"<img src=x> {number}"})
    assert status == 201
    status, shown = try_out(docs, "accounts.get", id=number)
    assert status == 200
    assert f'"name": "<img src=x> {number}"' in shown
    assert docs.locator("img[src=x]").count() == 0


def test_the_token_is_not_shown(docs: Any) -> None:
    """The command for curl, which people copy into tickets, has no token."""
    status, _ = try_out(docs, "accounts.open", {"number": unique(), "name": "x"})
    assert status == 201
    command = docs.locator(".curl-command").first.inner_text()
    assert "curl" in command
    assert "eyJ" not in command


def test_numbers_are_exact(docs: Any) -> None:
    """A number beyond 2^53 is sent and shown with all its digits."""
    sent: list[str] = []
    docs.on("request", lambda request: sent.append(request.post_data) if request.method == "POST" else None)

    def answer(route: Any) -> None:
        route.fulfill(status=200, content_type="application/json", body='{"id":"x","version":9007199254740993}')

    docs.route("**/accounts", answer)
    _, shown = try_out(docs, "accounts.open", '{"number": 9007199254740993}')
    assert "9007199254740993" in sent[0]
    assert '"version": 9007199254740993' in shown


def test_a_refusal_is_shown(docs: Any) -> None:
    """A refusal is shown with the problem's own words."""
    status, shown = try_out(docs, "accounts.open", {"name": ""})
    assert status == 422
    assert '"pointer": "/number"' in shown
