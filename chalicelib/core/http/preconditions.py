"""ETags and the conditions that name them (RFC 9110, sections 8.8.3 and 13).

A command's ETag is `"<version>"`. A query's is `"<version>.<digest of the body>"`, since its body contains data of
other services too. A condition on a command takes either form and compares the version.

Every precondition is evaluated or refused. If-Match and If-None-Match are evaluated on every route that has an ETag.
Conditions by date and If-Range are refused, because there are no dates and no ranges here. If they were ignored, a
client would wrongly believe that its change was guarded.
"""

import hashlib
import re
from collections.abc import Mapping
from typing import NamedTuple

from chalicelib.core.errors import Fault, Malformed, PreconditionFailed

# Patterns as text: `re` compiles them when the first condition comes, which few cold starts have to wait for.
_TAG = r'(W/)?"([\x21\x23-\x7e\x80-\uffff]*)"'
# Elements of a list may be empty (RFC 9110, section 5.6.1), but at least one must not be.
_LIST = rf"[\s,]*{_TAG}\s*(?:,\s*(?:{_TAG}\s*)?)*"
_EVALUATED = ("If-Match", "If-None-Match")
_REFUSED = ("If-Modified-Since", "If-Unmodified-Since", "If-Range")


class Tag(NamedTuple):
    """An entity tag in a header. W/"3.5f1d" is weak, and its text is 3.5f1d."""

    weak: bool
    text: str

    @property
    def version(self) -> str:
        """The version in the tag, for both forms of a tag."""
        return self.text.partition(".")[0]


class Tags(NamedTuple):
    """The value of If-Match or If-None-Match: `*` or a list of tags."""

    any: bool
    named: tuple[Tag, ...]


class Conditions(NamedTuple):
    """The preconditions of one request.

    Attributes:
        match: the value of If-Match; None without that header.
        none_match: the value of If-None-Match; None without that header.
    """

    match: Tags | None
    none_match: Tags | None

    def check(self, version: int | None) -> None:
        """Check the conditions of a command.

        Args:
            version: the aggregate's version; None if it does not exist.

        Raises:
            PreconditionFailed: a condition does not hold. The message names the header and the present version.
        """
        self._check_match(version)
        tags = self.none_match
        if tags and version is not None and (tags.any or str(version) in {tag.version for tag in tags.named}):
            detail = f"If-None-Match does not hold: it exists, and its version is {version}."
            raise PreconditionFailed(detail, facts={"version": version})

    def has_body(self, version: int, etag: str) -> bool:
        """Whether the client has this body already, so that the answer is 304.

        Args:
            version: the answer's version.
            etag: the answer's ETag.

        Raises:
            PreconditionFailed: If-Match names another version.
        """
        self._check_match(version)
        tags = self.none_match
        # If-None-Match compares weakly (RFC 9110, section 13.1.2): a tag that a proxy has weakened still matches.
        return tags is not None and (tags.any or etag.strip('"') in {tag.text for tag in tags.named})

    def _check_match(self, version: int | None) -> None:
        tags = self.match
        if tags is None:
            return
        # If-Match compares strongly, so a weak tag never matches (RFC 9110, section 13.1.1).
        strong = {tag.version for tag in tags.named if not tag.weak}
        if version is not None and (tags.any or str(version) in strong):
            return
        if version is None:
            why = "it does not exist. Check its id"
        elif not strong and not tags.any:
            why = 'it has only weak tags (W/"..."), which never match. Send the ETag without W/'
        else:
            why = f"its version is {version}. Load it and decide again"
        raise PreconditionFailed(f"If-Match does not hold: {why}.", facts={"version": version})


def version_tag(version: int) -> str:
    """The ETag of a command's answer."""
    return f'"{version}"'


def body_tag(version: int, body: str) -> str:
    """The ETag of a single item's representation."""
    return f'"{version}.{hashlib.sha256(body.encode()).hexdigest()[:16]}"'


def conditions(headers: Mapping[str, str], *, tagged: bool = True) -> Conditions | None:
    """The preconditions in a request's headers; None if there are none.

    Args:
        headers: values by lower-case name.
        tagged: whether the route's resource has an ETag.

    Raises:
        Malformed: a precondition cannot be read, or cannot be evaluated on this route.
    """
    for name in _REFUSED:
        if name.lower() in headers:
            raise _malformed(
                name, "cannot be evaluated: resources have versions, not dates. Use If-Match or If-None-Match"
            )
    match, none_match = (_tags(name, headers.get(name.lower())) for name in _EVALUATED)
    if match is None and none_match is None:
        return None
    if not tagged:
        name = "If-Match" if match else "If-None-Match"
        raise _malformed(name, "cannot be evaluated: answers of this route have no ETag. Leave out the header")
    return Conditions(match, none_match)


def _tags(name: str, header: str | None) -> Tags | None:
    if header is None:
        return None
    if header.strip() == "*":
        return Tags(any=True, named=())
    if not re.fullmatch(_LIST, header):
        raise _malformed(name, 'must be * or entity tags in double quotes, such as "3"')
    return Tags(any=False, named=tuple(Tag(bool(weak), text) for weak, text in re.findall(_TAG, header)))


def _malformed(name: str, detail: str) -> Malformed:
    return Malformed(f"{name} {detail}.", faults=[Fault(detail, parameter=name)])
