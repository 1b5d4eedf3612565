"""A function as CloudFormation's resource, and the users that the migrations create."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pymysql
import pytest

from chalicelib.core.mysql.connections import connect, parse_url
from chalicelib.core.mysql.users import READS, WRITES, ensure_user
from chalicelib.core.operations.custom_resource import respond_to_cloudformation
from tests.deploy.lambdas import event


class Listener:
    """The place where CloudFormation would wait: `url`, and what was put there."""

    def __init__(self) -> None:
        self.answers: list[dict[str, Any]] = []
        answers = self.answers

        class Handler(BaseHTTPRequestHandler):
            def do_PUT(self) -> None:
                answers.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def request(self, kind: str, **more: str) -> dict[str, Any]:
        """Return CloudFormation's request for a Create, an Update or a Delete."""
        url = f"http://127.0.0.1:{self.server.server_port}/answer"
        return {**event("migrate-on-deploy"), "RequestType": kind, "ResponseURL": url, **more}


@pytest.fixture
def listener() -> Iterator[Listener]:
    """Yield a listener for one test."""
    made = Listener()
    yield made
    made.server.shutdown()


def test_by_hand() -> None:
    """Without CloudFormation, the function does its work, and the caller gets an error."""
    assert respond_to_cloudformation({}, lambda: {"applied": ["0001"]}) == {"applied": ["0001"]}
    with pytest.raises(ZeroDivisionError):
        respond_to_cloudformation({}, lambda: {"applied": [str(1 // 0)]})


def test_success(listener: Listener) -> None:
    """CloudFormation learns which request has succeeded."""
    respond_to_cloudformation(listener.request("Create"), lambda: {"applied": []})
    (answer,) = listener.answers
    assert answer["Status"] == "SUCCESS"
    assert answer["RequestId"] == event("migrate-on-deploy")["RequestId"]


def test_failure_rolls_back(listener: Listener) -> None:
    """An error is answered with its reason, so that CloudFormation does not wait for an hour."""
    respond_to_cloudformation(
        listener.request("Update", PhysicalResourceId="Migrations"), lambda: {"applied": [str(1 // 0)]}
    )
    (answer,) = listener.answers
    assert (answer["Status"], answer["PhysicalResourceId"]) == ("FAILED", "Migrations")
    assert "by zero" in answer["Reason"]


def test_deletion_deletes_nothing(listener: Listener) -> None:
    """If the stack is deleted, the read model stays."""
    respond_to_cloudformation(
        listener.request("Delete", PhysicalResourceId="Migrations"), lambda: pytest.fail("nothing to do")
    )
    assert listener.answers[0]["Status"] == "SUCCESS"


@pytest.mark.database
def test_users(database: str) -> None:
    """The reader reads and cannot write. The writer writes and cannot change the schema. A new password is accepted."""
    place = parse_url(database)
    url = f"mysql://{{}}:{{}}@{place.host}:{place.port}/{place.database}"
    for user, rights in (("t_reader", READS), ("t_writer", WRITES)):
        ensure_user(database, user, "first-Passw0rd!", rights)
        ensure_user(database, user, "second-Passw0rd!", rights)
    try:
        reader = connect(url.format("t_reader", "second-Passw0rd!"))
        writer = connect(url.format("t_writer", "second-Passw0rd!"))
        assert reader.cursor().execute("SELECT * FROM timeline") == 0
        with pytest.raises(pymysql.err.OperationalError, match="denied"):
            reader.cursor().execute("DELETE FROM timeline")
        assert writer.cursor().execute("DELETE FROM timeline") == 0
        with pytest.raises(pymysql.err.OperationalError, match="denied"):
            writer.cursor().execute("DROP TABLE timeline")
        with pytest.raises(pymysql.err.OperationalError, match="denied"):
            connect(url.format("t_reader", "first-Passw0rd!"))
    finally:
        root = connect(database)
        root.cursor().execute("DROP USER IF EXISTS t_reader, t_writer")


def test_names_of_users() -> None:
    """An invalid name never reaches the server."""
    with pytest.raises(ValueError, match="cannot be a user's name"):
        ensure_user("mysql://root@127.0.0.1:1/x", "root'@'%", "x", READS)
