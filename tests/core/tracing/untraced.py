"""Commands, a query and two batches in a process without tracing. The SDK must not be imported.

Run as `python -m tests.core.tracing.untraced TOKEN`, in the environment of the app.
"""

import os
import sys

from msgspec.structs import replace

from chalicelib.core.dynamodb.codec import item_of, stored_head
from chalicelib.core.projector.handler import project_event
from local import aws
from tests.core.bootstrap import runtime
from tests.core.histories import record
from tests.core.tracing.conftest import Api

ACCOUNT = '{"number": "A", "name": "Untraced"}'


def main() -> None:
    """Print the results to standard error. Standard output is the log."""
    api = Api(sys.argv[1])
    prefix = runtime().settings.table_prefix
    table = f"{prefix}accounts"
    for correlation in ("first", "again"):
        assert api("POST", "/accounts", ACCOUNT, Idempotency_Key="1", X_Correlation_Id=correlation).status == 201
    assert api("GET", "/accounts", X_Correlation_Id="broken").status == 503
    items = aws.dynamodb(os.environ["AWS_ENDPOINT_URL"]).scan(TableName=table)["Items"]
    (account,) = [stored_head(item) for item in items if item["id"]["S"] == "A"]
    bad = replace(account, id="BAD", state={**account.state, "owner": "x" * 999}, correlation="poison")
    for heads in ([account], [account, bad]):
        records = [record("accounts", item_of(head)) for head in heads]
        for one in records:
            one["eventSourceARN"] = f"arn:aws:dynamodb:eu-west-1:000000000000:table/{table}/stream/1"
        project_event({"Records": records}, Context(), runtime())
    assert "boto3" in sys.modules
    assert "pymysql" in sys.modules
    assert "aws_xray_sdk" not in sys.modules
    assert "wrapt" not in sys.modules


class Context:
    """The part of Lambda's context that is used."""

    aws_request_id = "request-1"


if __name__ == "__main__":
    main()
