"""The password of a database user who signs in with IAM: a signed request that is never sent.

The signature is Signature Version 4 over the query string. botocore's generate_db_auth_token makes the same token (a
test compares the two), but importing boto3 costs 0.2 s of a query function's cold start.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

import hashlib
import hmac
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NamedTuple
from urllib.parse import quote, urlencode

_VALID_SECONDS = 900  # RDS accepts no longer time. An open connection outlives its token.
_EMPTY = hashlib.sha256(b"").hexdigest()


class Credentials(NamedTuple):
    """AWS credentials: an access key and, for a role, a session token."""

    access_key: str
    secret_key: str
    token: str


def iam_token(host: str, port: int, user: str, *, now: datetime | None = None) -> str:
    """The password with which `user` may connect to host:port within the next 15 minutes.

    Args:
        host: the host to connect to. The token is valid for no other.
        port: the port to connect to. The token is valid for no other.
        user: the database user.
        now: the time of signing, UTC; the present by default.
    """
    credentials = _credentials(os.environ)
    region = os.environ["AWS_REGION"]
    at = (now or datetime.now(UTC)).strftime("%Y%m%dT%H%M%SZ")
    scope = f"{at[:8]}/{region}/rds-db/aws4_request"
    query = {
        "Action": "connect",
        "DBUser": user,
        "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
        "X-Amz-Credential": f"{credentials.access_key}/{scope}",
        "X-Amz-Date": at,
        "X-Amz-Expires": str(_VALID_SECONDS),
        "X-Amz-SignedHeaders": "host",
        **({"X-Amz-Security-Token": credentials.token} if credentials.token else {}),
    }
    signed = urlencode(sorted(query.items()), quote_via=quote, safe="-_.~")
    request = f"GET\n/\n{signed}\nhost:{host}:{port}\n\nhost\n{_EMPTY}"
    text = f"AWS4-HMAC-SHA256\n{at}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
    key = f"AWS4{credentials.secret_key}".encode()
    for part in (at[:8], region, "rds-db", "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, text.encode(), "sha256").hex()
    return f"{host}:{port}/?{signed}&X-Amz-Signature={signature}"


def _credentials(env: Mapping[str, str]) -> Credentials:
    """Lambda's credentials from the environment. Under SnapStart, and outside Lambda, botocore finds them."""
    if "AWS_ACCESS_KEY_ID" in env:
        return Credentials(env["AWS_ACCESS_KEY_ID"], env["AWS_SECRET_ACCESS_KEY"], env.get("AWS_SESSION_TOKEN", ""))
    from botocore.session import get_session

    found = get_session().get_credentials()
    if found is None:
        raise RuntimeError(
            "no AWS credentials are found, with which to sign in to the database (auth=iam): set AWS_PROFILE, or"
            " AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        )
    frozen = found.get_frozen_credentials()
    return Credentials(frozen.access_key or "", frozen.secret_key or "", frozen.token or "")
