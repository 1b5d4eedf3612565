"""The console behind API Gateway's stage: all its addresses have the prefix, since no other address exists."""

import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from local.ports import answers, free_port
from tests.core.domain.roles import CHIEF
from tests.core.things import account, unique
from tests.support.browser import fill, send
from tests.support.stack import Stack
from tests.support.staged import STAGE
from tests.support.waiting import eventually


@pytest.fixture(scope="module")
def staged(stack: Stack) -> Iterator[str]:
    """Yield the address of the same API behind a stage."""
    port = free_port()
    env = {**os.environ, **stack.env, "API_PORT": str(port), "LOCAL_TOKENS": ""}
    command = [sys.executable, "-m", "tests.support.staged"]
    process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL)
    try:
        assert eventually(lambda: answers(port) or process.poll() is not None)
        yield f"http://127.0.0.1:{port}{STAGE}"
    finally:
        process.terminate()
        process.wait()


def sign_in_by_token(page: Any, stack: Stack, address: str) -> None:
    """If there is no other way to sign in, the field for a token is open."""
    page.goto(address)
    page.get_by_label("Token, a JWT").fill(stack.token(CHIEF))
    page.locator(".paste button").click()


def test_behind_a_stage(page: Any, stack: Stack, staged: str) -> None:
    """Sign-in, a list, a command, the new item and its history, and the API's page work below the stage."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    sign_in_by_token(page, stack, f"{staged}/#/accounts")
    number = unique()
    page.get_by_role("button", name="Open", exact=True).click()
    fill(page, number=number, name=f"Savings {number}")
    send(page)
    page.locator("main h1", has_text=f"Savings {number}").wait_for()
    page.locator(".timeline .journey", has_text="Account opened").wait_for()
    assert page.url == f"{staged}/#/accounts/{number}"
    page.get_by_role("link", name="API").click()
    page.locator(".opblock").first.wait_for()
    assert [url for url in asked if not url.startswith((f"{staged}/", "data:"))] == []


def test_the_next_page_of_a_history(page: Any, stack: Stack, staged: str) -> None:
    """The address in an answer has the stage already, and does not get it twice."""
    api = stack.client(CHIEF)
    number = account(api)
    for n in range(51):
        token = api.patch(f"/accounts/{number}", {"note": str(n)}).headers["consistency-token"]
    assert api.get(f"/accounts/{number}", Consistency_Token=token).status == 200
    sign_in_by_token(page, stack, f"{staged}/#/accounts/{number}")
    page.get_by_role("button", name="Earlier versions").click()
    page.locator(".timeline .step", has_text="Account opened").wait_for()
    assert page.locator(".timeline .journey").count() == 52
