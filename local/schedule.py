"""The scheduled check, as EventBridge would run it."""

import sys
import threading
import traceback
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from chalice.local import LambdaContext

from local.aws import REGION

# A stream that stands still is to be seen within 10 s: this, STILL_SECONDS, and the pause of a page that looks.
_CHECK_EVERY_SECONDS = 3.0


def check_now_and_then(check: Callable[[dict[str, Any], Any], Any], stopped: threading.Event) -> None:
    """Run the scheduled check as EventBridge would, but more often, since a person is watching."""
    pause = 1.0  # the first one soon, so that GET /status is not of the last run
    while not stopped.wait(pause):
        pause = _CHECK_EVERY_SECONDS
        try:
            check(_scheduled_event(), LambdaContext("check", 1024, max_runtime_ms=60_000))
        except Exception:
            print("the scheduled check raised:", file=sys.stderr)
            traceback.print_exc()


def _scheduled_event() -> dict[str, Any]:
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": "000000000000",
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "region": REGION,
        "resources": [],
        "detail": {},
    }
