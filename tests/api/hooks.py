"""Hooks of schemathesis, which .venv-api's Python imports."""

import re
import uuid
from typing import Any

import schemathesis

_KEY = re.compile(r"[!-~]{1,255}")


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    """Send what is meant: a good key is one of its own, and a whole number is written as one.

    schemathesis sends the key "0" over and over, which is another request under a used key. JSON Schema takes 1.0 for
    an integer; the API does not, so that no float comes near money.
    """
    if _KEY.fullmatch((case.headers or {}).get("Idempotency-Key") or ""):
        case.headers["Idempotency-Key"] = str(uuid.uuid4())
    if isinstance(case.body, dict | list):
        case.body = _whole(case.body)


def _whole(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _whole(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_whole(element) for element in value]
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 2**53 else value
