"""The promises of every query route, over real HTTP."""

import os
import subprocess
import sys
from typing import Any

import pytest

from chalicelib.core.mysql.connections import connect
from tests.core.things import account, answered, legs, seen, transfer, unique
from tests.support.client import Client
from tests.support.stack import Stack
from tests.support.waiting import eventually


def test_across_services(chief: Client) -> None:
    """One answer has a service's rows, another's names, and summaries of both."""
    source, target = account(chief, 100), account(chief)
    id = transfer(chief, source, target, 30)
    answered(chief, id)
    shown = chief.get(f"/transfers/{id}", Consistency_Token=seen(chief, source, target)).json
    assert [(leg["account"], leg["name"], leg["amount"]) for leg in shown["legs"]] == [
        (source, f"Account {source}", -30),
        (target, f"Account {target}", 30),
    ]
    (day,) = chief.get(f"/accounts/{source}").json["turnover"]
    assert (day["transfers"], day["incoming"], day["outgoing"]) == (1, 0, 30)


def test_a_summary_takes_back(chief: Client) -> None:
    """A cancelled transfer is subtracted from the summary, in the same snapshot that shows it cancelled."""
    source = account(chief, 100)
    id = transfer(chief, source)
    assert answered(chief, id)["status"] == "accepted"
    assert len(chief.get(f"/accounts/{source}", Consistency_Token=seen(chief, source)).json["turnover"]) == 1
    token = chief.post(f"/transfers/{id}/cancel").headers["consistency-token"]
    assert chief.get(f"/accounts/{source}", Consistency_Token=token).json["turnover"] == []


def test_etag_and_304(chief: Client) -> None:
    """A single item has a tag of version and body. A client that has this body already gets 304 without a body."""
    id = account(chief)
    token = chief.patch(f"/accounts/{id}", {"note": "n"}).headers["consistency-token"]
    first = chief.get(f"/accounts/{id}", Consistency_Token=token)
    tag = first.headers["etag"]
    assert tag.startswith(f'"{first.json["version"]}.')
    again = chief.get(f"/accounts/{id}", If_None_Match=tag)
    assert (again.status, again.body, again.headers["etag"]) == (304, b"", tag)
    assert chief.get(f"/accounts/{id}", If_None_Match='"1.0"').status == 200


def test_answers_without_a_tag(chief: Client) -> None:
    """Answers without a version have no tag, as the OpenAPI document says."""
    for path in ("/status", "/transfers"):
        assert "etag" not in chief.get(path).headers


def test_querys_etag_in_if_match(chief: Client) -> None:
    """If-Match accepts the tag of a query's answer, and compares the version in it."""
    made = chief.post("/accounts", {"number": unique(), "name": unique()})
    path, token = made.headers["location"], made.headers["consistency-token"]
    tag = chief.get(path, Consistency_Token=token).headers["etag"]
    assert chief.patch(path, {"note": "2"}, If_Match=tag).status == 200
    assert chief.patch(path, {"note": "3"}, If_Match=tag).status == 412


def test_pages(chief: Client) -> None:
    """`next` leads to every item once, and ends."""
    owner, source, target = unique().replace("-", "_"), account(chief, 100), account(chief)
    made = [chief.post("/transfers", {"owner": owner, "legs": legs(source, target)}) for _ in range(7)]
    token = made[-1].headers["consistency-token"]
    pages = chief.get("/transfers", {"owner": owner, "limit": 3}, Consistency_Token=token).json
    assert pages["next"].startswith("/transfers?")
    listed = chief.all_pages("/transfers", owner=owner, limit=3)
    assert [item["id"] for item in listed] == [answer.json["id"] for answer in made[::-1]]


@pytest.mark.parametrize(
    ("query", "faulty"),
    [
        ("limit=0&sort=nope&status=odd&x=1", ["limit", "sort", "status", "x"]),
        ("limit=201", ["limit"]),
        ("requested_from=yesterday&min_volume=-1", ["requested_from", "min_volume"]),
        ("limit=1&limit=2", ["limit"]),
        ("owner=a%20b&account=a%20b", ["owner", "account"]),
        ("requested_from=0001-01-01T00:00:00%2B05:00", ["requested_from"]),
    ],
)
def test_bad_parameters(chief: Client, query: str, faulty: list[str]) -> None:
    """Every faulty parameter is named."""
    answer = chief.get(f"/transfers?{query}")
    assert (answer.status, sorted(answer.pointers)) == (422, sorted(faulty))


@pytest.mark.parametrize("cursor", ["x", "e30.AAAAAAAAAAAAAAAAAAAAAA", ""])
def test_bad_cursor(chief: Client, cursor: str) -> None:
    """A cursor that this API did not issue is refused."""
    answer = chief.get("/transfers", {"cursor": cursor})
    assert (answer.status, answer.pointers) == (400, ["cursor"])


@pytest.mark.parametrize("path", ["/transfers/tra_none", "/accounts/none"])
def test_not_found(chief: Client, path: str) -> None:
    """A missing item is answered with a 404 problem."""
    assert chief.get(path).problem == "not-found"


def run_check(stack: Stack) -> None:
    """Run the scheduled check once, as its function would."""
    code = (
        "from tests.core.bootstrap import runtime; from chalicelib.core.operations.check import check_all;"
        " check_all(runtime())"
    )
    subprocess.run([sys.executable, "-c", code], env={**os.environ, **stack.env}, check=True)


def test_status(stack: Stack, chief: Client) -> None:
    """The status has each service's lag, measured by a heartbeat through its stream, and its dead letters."""
    run_check(stack)
    eventually(lambda: run_check(stack) or all(entry["lag_seconds"] is not None for entry in statuses(chief)))
    assert {entry["service"] for entry in statuses(chief)} == {"accounts", "transfers"}
    assert all(entry["lag_seconds"] >= 0 and entry["age_seconds"] >= 0 for entry in statuses(chief))
    assert all(entry["dead_letters"] == 0 for entry in statuses(chief))
    assert not any("history" in entry for entry in statuses(chief))


def test_history_of_the_lag(stack: Stack, chief: Client) -> None:
    """The check's results are kept for a day. When it runs again, it deletes older rows."""
    with connect(stack.database_url) as connection, connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO lag_history (service, checked_at, lag_seconds) VALUES"
            " ('accounts', UTC_TIMESTAMP(3) - INTERVAL 25 HOUR, 7), ('accounts', UTC_TIMESTAMP(3) - INTERVAL 2 HOUR, 5)"
        )
        connection.commit()
    run_check(stack)
    day, hour = (
        {entry["service"]: entry["history"] for entry in chief.get("/status", {"hours": hours}).json["services"]}
        for hours in (24, 1)
    )
    assert day["accounts"][0]["lag_seconds"] == 5
    assert 5 not in [point["lag_seconds"] for point in hour["accounts"]]
    assert hour["accounts"]
    with connect(stack.database_url) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM lag_history WHERE checked_at < UTC_TIMESTAMP(3) - INTERVAL 24 HOUR")
        assert cursor.fetchone() == (0,)
    assert chief.get("/status", {"hours": 25}).status == 422


def statuses(api: Client) -> list[Any]:
    """Return the part of GET /status about each service."""
    return list(api.get("/status").json["services"])


def test_documentation(anonymous: Client) -> None:
    """The API's description needs no token."""
    described = anonymous.get("/openapi.json").json
    assert described["openapi"] == "3.1.0"
    assert "/transfers/{id}/settle" in described["paths"]
    docs = anonymous.get("/docs")
    assert (docs.status, docs.headers["location"]) == (302, "/#/~docs")
    page = anonymous.get("/")
    assert page.headers["content-type"].startswith("text/html")
    policy = page.headers["content-security-policy"]
    assert all(
        f"{directive} 'none'" in policy for directive in ("default-src", "frame-ancestors", "base-uri", "form-action")
    )
    assert anonymous.get("/health").json == {"status": "ok"}
