"""Requests to the ports of the local stack from web pages, as browsers send them, and from our own programs."""

import http.client
import json
import socket
from collections.abc import Mapping
from contextlib import closing, suppress
from pathlib import Path

import pytest

from chalicelib.core.mysql.connections import connect
from local import aws
from local.config import Config
from local.guard import is_from_a_program
from local.hosts import is_own
from local.mariadb import MIGRATIONS_USER, RIGHTS, USER
from local.stack import private_mariadb
from tests.support.running import Run
from tests.support.waiting import PATIENT_SECONDS

FUNCTION = {
    "FunctionName": "intruder",
    "Runtime": "python3.11",
    "Role": "arn:aws:iam::000000000000:role/any",
    "Handler": "index.handler",
    "Code": {"ZipFile": ""},
}
PAGES: Mapping[str, Mapping[str, str]] = {
    "a page of another site": {"Origin": "https://evil.example"},
    "a page in a sandbox, or a file": {"Origin": "null"},
    "a page of the API's": {"Origin": "http://localhost:8000"},
    "an image, a script, a form that gets": {"Sec-Fetch-Site": "cross-site"},
    "a page whose name resolves to this machine": {"Host": "evil.example"},
    "the same, with the port": {"Host": "evil.example:4566"},
    "a name that begins as ours does": {"Host": "localhost.evil.example"},
    "another machine of the network": {"Host": "192.168.1.7"},
    "no name": {"Host": ""},
}
OURS = ["localhost", "LOCALHOST:8000", "127.0.0.1", "127.0.0.1:4566", "[::1]", "[::1]:80", "host.docker.internal:1",
        "172.17.0.1:4566"]  # fmt: skip


def send(port: int, method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> tuple[int, str]:
    """Return the status and the text of an answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENT_SECONDS)
    connection.request(method, path, body or None, {"Content-Type": "text/plain;charset=UTF-8", **headers})
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, text


@pytest.mark.parametrize("page", PAGES)
def test_embedded_aws_takes_nothing_of_a_page(standing: Run, page: str) -> None:
    """A page can neither run code, nor read the tables, nor change them."""
    port = standing.ports["MINISTACK_PORT"]
    for method, path, headers, body in (
        ("POST", "/2015-03-31/functions", {}, json.dumps(FUNCTION).encode()),
        ("POST", "/", {"X-Amz-Target": "DynamoDB_20120810.ListTables"}, b"{}"),
        ("GET", "/tributary-dead-letters", {}, b""),
        ("POST", "/_ministack/reset", {}, b""),
        ("POST", "/_tributary/save", {}, b""),
        ("OPTIONS", "/", {"Access-Control-Request-Method": "PUT"}, b""),
    ):
        status, text = send(port, method, path, {**headers, **PAGES[page]}, body)
        assert (status, "no request of a web page" in text) == (403, True), (method, path, text)


def test_no_answer_is_for_a_page(standing: Run) -> None:
    """MiniStack's headers that let every page read its answers do not leave the process."""
    connection = http.client.HTTPConnection("127.0.0.1", standing.ports["MINISTACK_PORT"], timeout=PATIENT_SECONDS)
    with closing(connection):
        connection.request("POST", "/", b"{}", {"X-Amz-Target": "DynamoDB_20120810.ListTables"})
        with connection.getresponse() as answer:
            names = {name.lower() for name, _ in answer.getheaders()}
            assert (answer.status, "x-amzn-requestid" in names) == (200, True)
    assert not [name for name in names if name.startswith("access-control-")]


def test_embedded_aws_runs_no_code(standing: Run) -> None:
    """Even for a program of this machine, Lambda and everything else that is not needed is absent."""
    port = standing.ports["MINISTACK_PORT"]
    status, text = send(port, "POST", "/2015-03-31/functions", {}, json.dumps(FUNCTION).encode())
    assert (status, json.loads(text)) == (400, {"error": "Unsupported service: lambda"})
    health = json.loads(send(port, "GET", "/_ministack/health", {})[1])
    assert sorted(health["services"]) == ["dynamodb", "dynamodbstreams", "s3", "sts"]


def test_api_answers_to_its_own_names_alone(standing: Run) -> None:
    """A page whose name resolves to this machine cannot read the API either."""
    port = standing.ports["API_PORT"]
    for page, headers in PAGES.items():
        if "Host" in headers:
            status, text = send(port, "GET", "/health", headers)
            assert (status, json.loads(text)["type"]) == (403, "urn:accounts:problem:forbidden"), page
            assert send(port, "POST", "/accounts", headers, b"{}")[0] == 403
    assert send(port, "GET", "/health", {"Host": f"localhost:{port}"})[0] == 200


def test_read_model_takes_nothing_of_a_page(standing: Run) -> None:
    """An HTTP request is no login, however often it comes. It does not shut out our own programs."""
    port = standing.ports["MYSQL_PORT"]
    for _ in range(120):  # more than max_connect_errors
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENT_SECONDS) as connection:
            connection.sendall(b"POST / HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 0\r\n\r\n")
            with suppress(ConnectionError):
                while received := connection.recv(4096):
                    assert b"HTTP/" not in received
    connect(url(standing, USER)).close()


def test_our_own_programs_are_served(standing: Run) -> None:
    """boto3 is served, by each name that a machine and its containers have for the port."""
    tables = aws.dynamodb(f"http://127.0.0.1:{standing.ports['MINISTACK_PORT']}").list_tables()["TableNames"]
    assert "tributary-transfers" in tables
    for host in OURS:
        assert is_own(host)
        headers = {"Host": host, "X-Amz-Target": "DynamoDB_20120810.ListTables"}
        assert send(standing.ports["MINISTACK_PORT"], "POST", "/", headers, b"{}")[0] == 200


def test_address_bar_is_no_page() -> None:
    """A request from a browser's address bar is accepted."""
    typed = [(b"host", b"localhost:4566"), (b"user-agent", b"Mozilla/5.0"), (b"sec-fetch-site", b"none")]
    assert is_from_a_program(typed)


def test_image_from_the_bridge_is_of_a_page() -> None:
    """For an address that is not loopback, a browser sends no Sec-Fetch-Site over plain http."""
    bridge = (b"host", b"172.17.0.1:4566")
    assert not is_from_a_program([bridge, (b"user-agent", b"Mozilla/5.0 (X11; Linux x86_64)")])
    assert is_from_a_program([bridge, (b"user-agent", b"Boto3/1.40")])


def url(stack: Run, user: str) -> str:
    """Return a connection to the stack's database, as one of its users."""
    config = Config(mysql_port=stack.ports["MYSQL_PORT"], folder=stack.folder)
    server = private_mariadb(config)
    assert server
    return server.url(user)


def rows(url: str, statement: str) -> list[tuple[object, ...]]:
    """Return a statement's result."""
    connection = connect(url)
    with connection.cursor() as cursor:
        cursor.execute(statement)
        found = list(cursor.fetchall())
    connection.close()
    return found


@pytest.mark.parametrize("user", RIGHTS)
def test_grants(standing: Run, user: str) -> None:
    """A user has the listed rights, in the one database, and no others."""
    usage, rights = (str(row[0]) for row in rows(url(standing, user), "SHOW GRANTS"))
    assert usage.startswith(f"GRANT USAGE ON *.* TO `{user}`@`127.0.0.1` IDENTIFIED BY PASSWORD")
    assert rights == f"GRANT {RIGHTS[user]} ON `tributary`.* TO `{user}`@`127.0.0.1`"


def test_rights_of_the_functions() -> None:
    """The functions' user changes rows but no tables. Neither user reads files or administers the server."""
    assert RIGHTS[USER] == "SELECT, INSERT, UPDATE, DELETE"
    assert set(RIGHTS[MIGRATIONS_USER].split(", ")) - set(RIGHTS[USER].split(", ")) == {
        "CREATE", "DROP", "INDEX", "ALTER"
    }  # fmt: skip


def test_no_other_way_in(standing: Run) -> None:
    """Nobody else has an account over the network, and no statement reaches a file of the machine."""
    connection = url(standing, MIGRATIONS_USER)
    ((folder, local),) = rows(connection, "SELECT @@secure_file_priv, @@local_infile")
    assert (Path(str(folder)).resolve(), local) == ((standing.folder / "mariadb" / "files").resolve(), 0)
    assert rows(connection, "SHOW DATABASES") == [("information_schema",), ("tributary",)]
    for user in ("root", "", "mysql", "mariadb.sys"):
        with pytest.raises(Exception, match="Access denied"):
            connect(connection.replace(f"{MIGRATIONS_USER}:", f"{user}:"))
    with pytest.raises(Exception, match="Access denied"):
        connect(connection.replace(MIGRATIONS_USER, USER).replace("@", "x@"))


def test_password_is_kept_private(standing: Run) -> None:
    """This clone has its own password. Only this user can read it and the files that contain it."""
    password = (standing.folder / "mariadb" / "password").read_text()
    holding = [path for path in standing.folder.rglob("*") if path.is_file() and _holds(path, password)]
    assert {path.name for path in holding} >= {"password", "init.sql", "lambda-env.json"}
    assert {oct(path.stat().st_mode & 0o777) for path in holding} == {"0o600"}


def _holds(path: Path, text: str) -> bool:
    return path.stat().st_size < 1_000_000 and text.encode() in path.read_bytes()
