"""A function as a custom resource of CloudFormation: a deployment runs it and waits for it.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref.html
"""

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.request import Request, urlopen

from chalicelib.core.telemetry import log

_MAX_REASON_CHARACTERS = 1000  # CloudFormation takes a response of 4,096 bytes


def respond_to_cloudformation(event: Mapping[str, Any], work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Run the work, and report the outcome to CloudFormation if it sent the event.

    On deletion, nothing is done: the work's result is data, which stays.

    Args:
        event: CloudFormation's request, or anything else if the function is invoked by hand.
        work: what to run. If it raises, the deployment fails with the error's text as the reason.

    Returns:
        The value that the work returned.
    """
    if "ResponseURL" not in event:
        return work()
    try:
        done = {} if event["RequestType"] == "Delete" else work()
    except Exception as error:
        log.exception("the deployment fails", request=event["RequestType"])
        _respond(event, "FAILED", f"{type(error).__name__}: {error}"[:_MAX_REASON_CHARACTERS])
        return {}
    _respond(event, "SUCCESS", "")
    return done


def _respond(event: Mapping[str, Any], status: str, reason: str) -> None:
    body = {
        "Status": status,
        "Reason": reason,
        # Never another one: CloudFormation would delete the "old" resource.
        "PhysicalResourceId": event.get("PhysicalResourceId") or event["LogicalResourceId"],
        **{name: event[name] for name in ("StackId", "RequestId", "LogicalResourceId")},
    }
    # S3's signature covers an empty Content-Type, and urllib would add one of its own.
    request = Request(  # noqa: S310  # CloudFormation's own URL
        event["ResponseURL"], json.dumps(body).encode(), {"Content-Type": ""}, method="PUT"
    )
    with urlopen(request, timeout=30):  # noqa: S310  # nosec B310
        pass
