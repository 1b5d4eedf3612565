"""The grammars of headers with structured values (RFC 9110, section 5.6): Prefer and Content-Type."""

import re
from typing import NamedTuple

_NAME = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_QUOTED = r'"(?:[^"\\\x00-\x08\x0a-\x1f\x7f]|\\[^\x00-\x08\x0a-\x1f\x7f])*"'
_WORD = rf"(?:{_NAME}|{_QUOTED})"
_BLANK = r"[ \t]*"
_PARAMETER = rf"{_BLANK}(?:({_NAME}){_BLANK}(?:={_BLANK}({_WORD}){_BLANK})?)?"
# One element of a list. The parameters of a preference follow a semicolon. These are text, which `re` compiles when
# the first such header comes.
_PREFERENCE = rf"{_PARAMETER}((?:;{_PARAMETER})*)(?:,|\Z)"
_MEDIA_TYPE = rf"{_BLANK}({_NAME}/{_NAME}){_BLANK}((?:;{_PARAMETER})*)\Z"
_EACH_PARAMETER = rf";{_PARAMETER}"


class BadHeader(ValueError):
    """The value does not follow its header's grammar."""


class MediaType(NamedTuple):
    """A media type: "application/json" and its parameters, names and type in lower case."""

    name: str
    parameters: dict[str, str]


def preferences(header: str) -> dict[str, str]:
    """The preferences in a Prefer header (RFC 7240): names in lower case; "" if a preference has no value.

    If a preference comes twice, the first one counts.

    Raises:
        BadHeader: an element is not `token`, `token=token` or `token="text"`, each with parameters or without.
    """
    found: dict[str, str] = {}
    position = 0
    while position < len(header):
        element = re.compile(_PREFERENCE).match(header, position)
        if element is None or (element[1] is None and element[3]):
            raise BadHeader(header)
        if element[1]:
            found.setdefault(element[1].lower(), _unquoted(element[2]))
        position = element.end()
    return found


def media_type(header: str) -> MediaType:
    """The media type in a Content-Type header (RFC 9110, section 8.3).

    Raises:
        BadHeader: it is not `type/subtype` with parameters `name=value`, or names a parameter twice.
    """
    found = re.match(_MEDIA_TYPE, header)
    if found is None:
        raise BadHeader(header)
    named = [(name.lower(), value) for name, value in re.findall(_EACH_PARAMETER, found[2]) if name]
    if len(dict(named)) < len(named) or not all(value for _, value in named):
        raise BadHeader(header)
    return MediaType(found[1].lower(), {name: _unquoted(value) for name, value in named})


def _unquoted(word: str | None) -> str:
    """The text of a token or of a quoted string."""
    if not word or not word.startswith('"'):
        return word or ""
    return re.sub(r"\\(.)", r"\1", word[1:-1])
