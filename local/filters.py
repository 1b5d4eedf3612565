"""Event patterns: the filters of an event source mapping.

The supported syntax is objects, and lists of alternatives, each of which is a value, {"exists": bool},
{"prefix": str} or {"anything-but": [values]}.
https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html#filtering-syntax
"""

from collections.abc import Mapping, Sequence
from typing import Any

from local import LocalError


def passes(record: Mapping[str, Any], patterns: Sequence[Mapping[str, Any]]) -> bool:
    """Whether a record is delivered to the function: it matches a pattern, or there are no patterns."""
    return not patterns or any(_matches(record, pattern) for pattern in patterns)


def _matches(content: Any, pattern: Any) -> bool:
    if isinstance(pattern, Mapping):
        inside = content if isinstance(content, Mapping) else {}
        return all(_matches(inside.get(name), part) for name, part in pattern.items())
    return any(_is(content, alternative) for alternative in pattern)


def _is(content: Any, alternative: Any) -> bool:
    match alternative:
        case {"exists": expected}:
            # "exists" refers to leaves only. The presence of an object does not count.
            return bool((content is not None and not isinstance(content, Mapping)) == expected)
        case {"prefix": str(prefix)}:
            return isinstance(content, str) and content.startswith(prefix)
        case {"anything-but": excluded}:
            return content is not None and content not in (excluded if isinstance(excluded, list) else [excluded])
        case dict():
            raise LocalError(f"template.yaml: the local stack does not know the filter {alternative}.")
    return bool(content == alternative)
