"""Hooks of schemathesis, which are imported by the Python of .venv-api."""

import re
import uuid
from typing import Any

import schemathesis

_KEY = re.compile(r"[!-~]{1,255}")


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    """Correct a case: a good key is used once, and a whole number is written without a point.

    schemathesis sends the key "0" again and again, which is another request under a used key. JSON Schema accepts 1.0
    as an integer. The API does not, so that amounts of money are never floats.
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
