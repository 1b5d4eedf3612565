"""The headers of the console's page, by which a browser keeps out other sites' pages and files."""

from chalicelib.core.http.console import console
from chalicelib.core.http.endpoint import PublicEndpoint
from chalicelib.core.http.request import Reply, request_of
from chalicelib.core.settings import Settings
from tests.core.bootstrap import INFO


def page(settings: Settings) -> Reply:
    """Return the page as the route answers it."""
    (route,) = (endpoint for endpoint in console(INFO).endpoints if endpoint.path == "/")
    assert isinstance(route, PublicEndpoint)
    context = {"httpMethod": "GET", "resourcePath": "/", "path": "/prod/", "stage": "prod"}
    return route.run(request_of({"requestContext": context, "headers": None, "body": None}, {}, "c"), settings)


def policy(settings: Settings) -> dict[str, str]:
    """Return the page's Content-Security-Policy, by directive."""
    directives = page(settings).headers["Content-Security-Policy"].split("; ")
    return {name: value for name, _, value in (directive.partition(" ") for directive in directives)}


def test_page_of_nobody_else() -> None:
    """No other page can frame it, hold its window or learn its address, and plain http is not used."""
    headers = page(Settings()).headers
    assert policy(Settings())["frame-ancestors"] == "'none'"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Strict-Transport-Security"] == "max-age=31536000"


def test_files_of_nobody_else() -> None:
    """Scripts and styles are only our own, without inline text. A token goes only to the issuer."""
    own = policy(Settings())
    assert own["default-src"] == own["base-uri"] == own["form-action"] == "'none'"
    source, digest = own["script-src"].split(" ")
    assert source == own["style-src"] == own["connect-src"] == "'self'"
    assert digest.startswith("'sha256-")
    issuer = Settings(
        jwt_issuer="https://login.example/realm", oidc_client_id="x", oidc_origins="https://tokens.example"
    )
    assert policy(issuer)["connect-src"] == "'self' https://login.example https://tokens.example"
