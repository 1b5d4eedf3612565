"""Sign-in to the database with IAM rights."""

from datetime import UTC, datetime
from urllib.parse import parse_qs

import boto3
import pymysql
import pytest

from chalicelib.core.mysql.connections import BadDatabaseUrl, connect, parse_url
from chalicelib.core.mysql.iam_token import iam_token

HOST = "tributary.proxy-c1example.eu-west-1.rds.amazonaws.com"


@pytest.fixture(params=["", "a/session+token=="])
def credentials(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Return a user's credentials, and a role's, which have a session token."""
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
    if request.param:
        monkeypatch.setenv("AWS_SESSION_TOKEN", request.param)


def test_the_same_token_as_botocores(credentials: None) -> None:
    """For the same moment, the token equals botocore's, character by character."""
    theirs = boto3.Session(region_name="eu-west-1").client("rds").generate_db_auth_token(HOST, 3306, "tributary_reader")
    (signed_at,) = parse_qs(theirs)["X-Amz-Date"]
    now = datetime.strptime(signed_at, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    ours = iam_token(HOST, 3306, "tributary_reader", now=now)
    assert sorted(ours.partition("?")[2].split("&")) == sorted(theirs.partition("?")[2].split("&"))
    assert ours.partition("?")[0] == theirs.partition("?")[0]


def test_urls() -> None:
    """auth=iam is part of a database URL. Any other value is refused."""
    assert parse_url(f"mysql://reader@{HOST}:3306/tributary?auth=iam").iam
    assert not parse_url(f"mysql://reader:secret@{HOST}:3306/tributary").iam
    with pytest.raises(BadDatabaseUrl, match="auth=kerberos"):
        parse_url(f"mysql://reader@{HOST}/tributary?auth=kerberos")


@pytest.mark.database
def test_no_token_without_tls(mysql_server: str, credentials: None) -> None:
    """A server without TLS, or without a trusted certificate, never gets the token."""
    place = parse_url(mysql_server)
    with pytest.raises(pymysql.err.OperationalError, match=r"SSL|TLS|CERTIFICATE"):
        connect(f"mysql://root@127.0.0.1:{place.port}/?auth=iam")
