"""The API names itself as its composition root says, in everything that a client sees."""

from tests.core.bootstrap import INFO
from tests.support.client import Client


def test_problems(anonymous: Client, clerk: Client) -> None:
    """From the app, from Chalice, and from the gateway before it: all types begin alike."""
    answers = [
        (clerk.get("/transfers/tra_none"), "not-found"),  # the app
        (clerk.request("PUT", "/accounts", {}), "method-not-allowed"),  # the gateway, or Chalice
        (clerk.get("/nowhere"), "not-found"),  # the gateway
        (anonymous.get("/accounts"), "unauthenticated"),  # the authorizer
    ]
    for answer, code in answers:
        assert answer.json["type"] == f"{INFO.problem_types}{code}"
    assert answers[0][0].json["instance"] == INFO.request_ids + answers[0][0].headers["x-correlation-id"]


def test_the_document(anonymous: Client) -> None:
    """The OpenAPI document has the application's title, and the version of its contract."""
    info = anonymous.get("/openapi.json").json["info"]
    assert (info["title"], info["version"]) == (INFO.title, INFO.version)
