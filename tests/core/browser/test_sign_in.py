"""Sign-in at an issuer: OpenID Connect with PKCE, at a real provider (npm's oidc-provider)."""

import base64
import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local import keys
from local.ports import free_port
from tests.core.domain.roles import CHIEF
from tests.support.domain import NEUTRAL
from tests.support.stack import Stack, started
from tests.support.stores import fresh_database, fresh_tables

TOOLS = Path(__file__).parent / "tools"


@pytest.fixture(scope="module")
def with_issuer(ministack: str, mysql_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Yield a stack whose tokens come from an OpenID provider, and that provider."""
    node = shutil.which("node")
    if not node or not (TOOLS / "node_modules" / "oidc-provider").exists():
        pytest.skip("there is no OpenID provider; `make browser-tools` installs it where npm is")
    port = free_port()
    issuer = f"http://127.0.0.1:{port}"
    env = {"JWT_ISSUER": issuer, "JWT_JWKS": f"{issuer}/jwks", "OIDC_CLIENT_ID": "console", "LOCAL_TOKENS": ""}
    with (
        fresh_tables(ministack, NEUTRAL) as tables,
        fresh_database(mysql_server, NEUTRAL) as url,
        started(tables, url, tmp_path_factory.mktemp("stack"), **env) as stack,
    ):
        command = [node, "issuer.mjs", str(port), f"{stack.url}/", keys.AUDIENCE, CHIEF]
        provider = subprocess.Popen(command, cwd=TOOLS, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        try:
            assert provider.stdout is not None
            assert any("ready" in line for line in provider.stdout), "the provider ended"
            yield stack
        finally:
            provider.terminate()
            provider.wait()


def sign_in_there(page: Any) -> None:
    """Sign in on the provider's page, and consent."""
    page.locator("input[name=login]").fill("usr_1")
    page.locator("input[name=password]").fill("any")
    page.locator("button[type=submit]").click()
    page.get_by_role("button", name="Continue").click()


def test_there_and_back(page: Any, with_issuer: Stack) -> None:
    """The person returns to the same place, signed in. Neither URL nor storage keeps a code, a secret or a token."""
    page.route("https://**", lambda route: route.abort())  # the provider's own pages request a font
    page.goto(f"{with_issuer.url}/#/accounts?sort=name")
    page.get_by_role("button", name="Sign in").first.click()
    sign_in_there(page)
    page.locator("main h1", has_text="Accounts").wait_for()
    page.locator(".state-title, tbody tr").first.wait_for()
    assert page.url == f"{with_issuer.url}/#/accounts?sort=name"
    assert page.locator(".who").inner_text().startswith("Chief")
    assert page.evaluate("() => JSON.stringify([{...localStorage}, {...sessionStorage}])") == "[{},{}]"
    page.reload()
    page.get_by_role("button", name="Sign in").first.wait_for()


def test_an_answer_that_was_not_asked_for(page: Any, with_issuer: Stack) -> None:
    """A code with another state than the one that was sent is not used."""
    page.goto(f"{with_issuer.url}/?code=stolen&state=guessed#/accounts")
    page.get_by_text("not begun here").wait_for()
    assert "code" not in page.url


def test_a_token_of_another_sign_in(page: Any, with_issuer: Stack) -> None:
    """An ID token without this sign-in's nonce is not used, and neither is the access token with it."""
    page.route("https://**", lambda route: route.abort())

    def with_another_nonce(route: Any) -> None:
        answer = route.fetch()
        body = answer.json()
        head, payload, signature = body["id_token"].split(".")
        claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
        assert claims["nonce"]
        other = base64.urlsafe_b64encode(json.dumps({**claims, "nonce": "other"}).encode()).decode()
        route.fulfill(response=answer, json={**body, "id_token": f"{head}.{other}.{signature}"})

    page.route(f"{with_issuer.env['JWT_ISSUER']}/token", with_another_nonce)
    page.goto(f"{with_issuer.url}/")
    page.get_by_role("button", name="Sign in").first.click()
    sign_in_there(page)
    page.get_by_text("of another sign-in").wait_for()
    assert page.locator(".who").count() == 0


def test_an_issuer_that_calls_itself_otherwise(page: Any, with_issuer: Stack) -> None:
    """A discovery document of another issuer is not followed, whatever its addresses are."""

    def of_another(route: Any) -> None:
        answer = route.fetch()
        other = {"issuer": "https://evil.invalid", "authorization_endpoint": "https://evil.invalid/auth"}
        route.fulfill(response=answer, json={**answer.json(), **other})

    page.route("**/.well-known/openid-configuration", of_another)
    page.goto(f"{with_issuer.url}/")
    page.get_by_role("button", name="Sign in").first.click()
    page.get_by_text("says that it is another issuer").wait_for()
    assert page.url == f"{with_issuer.url}/"


def test_the_policy_names_the_issuer(page: Any, with_issuer: Stack) -> None:
    """The page may fetch from the issuer, and from no other host."""
    answer = page.goto(f"{with_issuer.url}/")
    (allowed,) = [part for part in answer.headers["content-security-policy"].split("; ") if "connect-src" in part]
    assert allowed == f"connect-src 'self' {with_issuer.env['JWT_ISSUER']}"
