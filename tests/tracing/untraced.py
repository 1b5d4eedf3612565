"""Commands, a query and two batches in a process without tracing: what it logged, and that the SDK was not imported.

Run as `python -m tests.tracing.untraced TOKEN`, in the environment of the app.
"""

import os
import sys
from dataclasses import replace

from chalicelib.bootstrap import runtime
from chalicelib.core.dynamodb.codec import head_of, item_of
from chalicelib.core.projector.handler import project_event
from local import aws
from tests.shop.histories import record
from tests.tracing.conftest import Api

ADA = '{"name": "Ada", "email": "ada@example.com"}'


def main() -> None:
    """Say on standard error what was asked; standard output is the log."""
    api = Api(sys.argv[1])
    prefix = runtime().settings.table_prefix
    table = f"{prefix}customers"
    for correlation in ("first", "again"):
        assert api("POST", "/customers", ADA, Idempotency_Key="1", X_Correlation_Id=correlation).status == 201
    assert api("GET", "/customers", X_Correlation_Id="broken").status == 503
    items = aws.dynamodb(os.environ["AWS_ENDPOINT_URL"]).scan(TableName=table)["Items"]
    (ada,) = [head_of(item) for item in items if item["id"]["S"].startswith("cus_")]
    bad = replace(ada, id="cus_bad", state={**ada.state, "country": "x" * 999}, correlation="poison")
    for heads in ([ada], [ada, bad]):
        records = [record("customers", item_of(head)) for head in heads]
        for one in records:
            one["eventSourceARN"] = f"arn:aws:dynamodb:eu-west-1:000000000000:table/{table}/stream/1"
        project_event({"Records": records}, Context(), runtime())
    assert "boto3" in sys.modules
    assert "pymysql" in sys.modules
    assert "aws_xray_sdk" not in sys.modules
    assert "wrapt" not in sys.modules


class Context:
    """Lambda's, as far as it is looked at."""

    aws_request_id = "request-1"


if __name__ == "__main__":
    main()
