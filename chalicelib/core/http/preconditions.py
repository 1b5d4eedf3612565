"""ETags and the conditions that name them (RFC 9110, sections 8.8.3 and 13.1).

A command's ETag is `"<version>"`. A query's is `"<version>.<digest of the body>"`, since its body holds
other services' data too; If-Match takes either form and compares the version.
"""

import hashlib
import re
from collections.abc import Callable

from chalicelib.core.errors import Fault, Malformed

_ENTITY_TAG = r'(W/)?"([\x21\x23-\x7e\x80-\uffff]*)"'
_TAG = re.compile(_ENTITY_TAG)
# Elements of a list may be empty (RFC 9110, 5.6.1); one at least is not.
_LIST = re.compile(rf"[\s,]*{_ENTITY_TAG}\s*(?:,\s*(?:{_ENTITY_TAG}\s*)?)*")


def version_tag(version: int) -> str:
    """The ETag of a command's answer."""
    return f'"{version}"'


def body_tag(version: int, body: str) -> str:
    """The ETag of a single item's representation."""
    return f'"{version}.{hashlib.sha256(body.encode()).hexdigest()[:16]}"'


def if_match(header: str | None) -> Callable[[int | None], bool] | None:
    """Whether a version (None: it does not exist) satisfies an If-Match header; None without one.

    Raises:
        Malformed: it is neither `*` nor a list of entity tags.
    """
    if header is None:
        return None
    if header.strip() == "*":
        return lambda version: version is not None
    # A weak tag never matches here: If-Match compares strongly (RFC 9110, 13.1.1).
    versions = {tag.partition(".")[0] for weak, tag in _tags(header, "If-Match") if not weak}
    return lambda version: version is not None and str(version) in versions


def none_match(header: str | None, etag: str) -> bool:
    """Whether an If-None-Match header names that tag, so that 304 is the answer.

    Raises:
        Malformed: it is neither `*` nor a list of entity tags.
    """
    if header is None:
        return False
    return header.strip() == "*" or etag.strip('"') in {tag for _, tag in _tags(header, "If-None-Match")}


def _tags(header: str, name: str) -> list[tuple[str, str]]:
    if not _LIST.fullmatch(header):
        detail = 'must be * or entity tags in double quotes, such as "3"'
        raise Malformed(f"{name} {detail}.", faults=[Fault(detail, parameter=name)])
    return _TAG.findall(header)
