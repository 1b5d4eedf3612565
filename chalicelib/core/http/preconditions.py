"""ETags and the conditions that name them (RFC 9110, sections 8.8.3 and 13).

A command's ETag is `"<version>"`. A query's is `"<version>.<digest of the body>"`, since its body holds
other services' data too. A condition on a command takes either form and compares the version.

Every precondition is evaluated or refused. If-Match and If-None-Match are evaluated, wherever there is an ETag.
Those by date are refused, and so is If-Range: there are no dates and no ranges here, and a client that wants its
change guarded must not believe that it was.
"""

import hashlib
import re
from collections.abc import Mapping
from typing import NamedTuple

from chalicelib.core.errors import Fault, Malformed, PreconditionFailed

_ENTITY_TAG = r'(W/)?"([\x21\x23-\x7e\x80-\uffff]*)"'
_TAG = re.compile(_ENTITY_TAG)
# Elements of a list may be empty (RFC 9110, 5.6.1); one at least is not.
_LIST = re.compile(rf"[\s,]*{_ENTITY_TAG}\s*(?:,\s*(?:{_ENTITY_TAG}\s*)?)*")
_EVALUATED = ("If-Match", "If-None-Match")
_REFUSED = ("If-Modified-Since", "If-Unmodified-Since", "If-Range")


class Tag(NamedTuple):
    """An entity tag as a header names it: W/"3.5f1d" is weak, and its text is 3.5f1d."""

    weak: bool
    text: str

    @property
    def version(self) -> str:
        """The version in it, of either form."""
        return self.text.partition(".")[0]


class Tags(NamedTuple):
    """The value of If-Match or If-None-Match: `*`, or tags."""

    any: bool
    named: tuple[Tag, ...]


class Conditions(NamedTuple):
    """The preconditions of one request.

    Attributes:
        match: of If-Match; None without one.
        none_match: of If-None-Match; None without one.
    """

    match: Tags | None
    none_match: Tags | None

    def check(self, version: int | None) -> None:
        """Let a command pass whose conditions hold.

        Args:
            version: of what the command is about; None where it does not exist.

        Raises:
            PreconditionFailed: naming the header, and the present version.
        """
        self._check_match(version)
        tags = self.none_match
        if tags and version is not None and (tags.any or str(version) in {tag.version for tag in tags.named}):
            detail = f"If-None-Match does not hold: it exists, and its version is {version}."
            raise PreconditionFailed(detail, facts={"version": version})

    def has_body(self, version: int, etag: str) -> bool:
        """Whether a query's client has that body already, so that 304 is the answer.

        Args:
            version: of the answer.
            etag: of the answer.

        Raises:
            PreconditionFailed: If-Match names another version.
        """
        self._check_match(version)
        tags = self.none_match
        # Compared weakly (RFC 9110, 13.1.2): a tag that a proxy has weakened still names that body.
        return tags is not None and (tags.any or etag.strip('"') in {tag.text for tag in tags.named})

    def _check_match(self, version: int | None) -> None:
        tags = self.match
        if tags is None:
            return
        # A weak tag never matches here: If-Match compares strongly (RFC 9110, 13.1.1).
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
    """The preconditions among the headers of a request; None where there are none.

    Args:
        headers: by lower-case name.
        tagged: whether what the request is about has an ETag.

    Raises:
        Malformed: one that cannot be read, or cannot be evaluated here.
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
    if not _LIST.fullmatch(header):
        raise _malformed(name, 'must be * or entity tags in double quotes, such as "3"')
    return Tags(any=False, named=tuple(Tag(bool(weak), text) for weak, text in _TAG.findall(header)))


def _malformed(name: str, detail: str) -> Malformed:
    return Malformed(f"{name} {detail}.", faults=[Fault(detail, parameter=name)])
