"""/docs in a real browser: what a person sees there, and what happens at a press of its buttons."""

import json
import urllib.request
from typing import Any

import pytest

from tests.shop.http.things import email
from tests.support.stack import Stack


@pytest.fixture
def docs(page: Any, stack: Stack) -> Any:
    """The page, loaded, of an admin."""
    page.goto(f"{stack.url}/docs")
    page.locator("details").first.wait_for()
    page.locator("#token").fill(stack.token("admin"))
    return page


def send(docs: Any, operation: str, body: Any = None, **fields: str) -> tuple[int, str]:
    """Open an operation, fill in its form and send it: the status and all that is shown."""
    form = docs.locator(f"details[id='{operation}']")
    if form.get_attribute("open") is None:
        form.locator("summary").click()
    for name, value in fields.items():
        form.locator(f"input[name='{name}']").fill(value)
    if body is not None:
        form.locator("textarea").fill(json.dumps(body))
    form.locator("button").click()
    output = form.locator("pre")
    docs.wait_for_function("output => /^(\\d{3} |No answer)/.test(output.textContent)", arg=output.element_handle())
    shown: str = output.text_content()
    return int(shown.split(" ", 1)[0]), shown


def test_every_route_is_there(docs: Any, stack: Stack) -> None:
    """All that /openapi.json describes can be opened and sent, each with its method and path."""
    with urllib.request.urlopen(f"{stack.url}/openapi.json") as answer:
        paths = json.load(answer)["paths"]
    described = {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods}
    shown = {
        f"{line.locator('.method').text_content()} {line.locator('code').text_content()}"
        for line in docs.locator("summary").all()
    }
    assert shown == described
    assert docs.locator("button").count() == len(described)


def test_a_command_and_the_query_after_it(docs: Any) -> None:
    """A customer is registered, and shown at once, since the page sends the newest Consistency-Token along."""
    status, shown = send(docs, "customers.register", {"name": "Ada", "email": email()})
    assert status == 201
    id = json.loads(shown[shown.index("{") :])["id"]
    status, shown = send(docs, "customers.get", id=id)
    assert status == 200
    assert json.loads(shown[shown.index("{") :])["name"] == "Ada"


def test_a_refusal_is_shown(docs: Any) -> None:
    """With the problem's own words; and without a token, what to send."""
    status, shown = send(docs, "customers.register", {"name": ""})
    assert status == 422
    assert "urn:tributary:problem:invalid" in shown
    docs.locator("#token").fill("")
    status, shown = send(docs, "orders.list")
    assert status == 401
    assert "Authorization: Bearer" in shown


def test_names_are_text(docs: Any) -> None:
    """What somebody put into a name is shown as it is, and does nothing."""
    name = "<img src=x onerror=document.title='taken'>"
    status, shown = send(docs, "customers.register", {"name": name, "email": email()})
    assert status == 201
    id = json.loads(shown[shown.index("{") :])["id"]
    status, shown = send(docs, "customers.get", id=id)
    assert status == 200
    assert name in shown
    assert docs.locator("img").count() == 0
    assert docs.title() == "Tributary API"


def test_an_example_body_fits(docs: Any) -> None:
    """The form of a new product, sent as it comes, is one."""
    status, shown = send(docs, "catalog.add")
    assert status in (201, 409), shown  # 409: sent before
