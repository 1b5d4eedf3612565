"""Everything that a client sees has the API's name from the composition root."""

from tests.core.bootstrap import INFO
from tests.support.client import Client


def test_problems(anonymous: Client, clerk: Client) -> None:
    """All problem types begin alike: from the app, from Chalice, and from the gateway."""
    answers = [
        (clerk.get("/transfers/tra_none"), "not-found"),  # from the app
        (clerk.request("PUT", "/accounts", {}), "method-not-allowed"),  # from the gateway, or Chalice
        (clerk.get("/nowhere"), "not-found"),  # from the gateway
        (anonymous.get("/accounts"), "unauthenticated"),  # from the authorizer
    ]
    for answer, code in answers:
        assert answer.json["type"] == f"{INFO.problem_types}{code}"
    assert answers[0][0].json["instance"] == INFO.request_ids + answers[0][0].headers["x-correlation-id"]


def test_the_document(anonymous: Client) -> None:
    """The OpenAPI document has the application's title, and the version of its contract."""
    info = anonymous.get("/openapi.json").json["info"]
    assert (info["title"], info["version"]) == (INFO.title, INFO.version)
