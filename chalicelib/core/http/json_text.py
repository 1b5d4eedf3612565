"""Parse a JSON document. Refuse duplicate members and text that was not UTF-8, which parsers accept.

msgspec keeps the last of two members with the same name and does not report the first. Counting colons finds this: the
document, when encoded again, has as many colons as the original text, unless a member was lost. This costs less than
the parsing, and an eighth of parsing with the standard library's json and a hook. Only a text that fails the test is
parsed that way, to find out which member is given twice.
"""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import msgspec

from chalicelib.core.errors import Fault, Invalid, Malformed, json_pointer
from chalicelib.core.faults import MAX_FAULTS, MAX_NAME, summary

MAX_DEPTH = 32
UNDECODED = "\ufffd"
UNDECODED_DETAIL = "contains U+FFFD, the mark of text that could not be decoded. Send the original text in UTF-8"


def decode_json(body: bytes) -> Any:
    """The document in a body.

    Raises:
        Malformed: the body is not JSON, not UTF-8, or nested deeper than MAX_DEPTH.
        Invalid: members are given twice, or text contains U+FFFD. The faults name each.
    """
    try:
        document = msgspec.json.decode(body)
        if _deeper_than(document, MAX_DEPTH):
            detail = f"nested deeper than {MAX_DEPTH} levels"
            raise Malformed(f"The body is {detail}.", faults=[Fault(detail, pointer="")])
        faults = [*_repeated_members(body, document), *_undecoded_texts(body, document)]
    except (msgspec.MsgspecError, RecursionError, ValueError) as error:
        raise Malformed(f"The body is not valid JSON: {error}", faults=[Fault(str(error), pointer="")]) from error
    if faults:
        raise Invalid(summary(faults), faults=faults[:MAX_FAULTS])
    return document


def _deeper_than(document: Any, limit: int) -> bool:
    """Whether containers nest deeper than a limit. It goes level by level, so the stack cannot overflow."""
    level = [document] if isinstance(document, dict | list) else []
    for _ in range(limit):
        if not level:
            return False
        level = [
            member
            for container in level
            for member in (container.values() if type(container) is dict else container)
            if type(member) in (dict, list)
        ]
    return bool(level)


class _Object(dict[str, Any]):
    """A JSON object and the names that occur in it more than once."""

    repeated: tuple[str, ...] = ()


def _repeated_members(body: bytes, document: Any) -> Iterator[Fault]:
    # An escaped colon is encoded again as a plain one. It would make up for the colon of a lost member.
    if b"\\u003" not in body and body.count(b":") == msgspec.json.encode(document).count(b":"):
        return
    for pointer, value in _walk(json.loads(body, object_pairs_hook=_object), ""):
        for name in getattr(value, "repeated", ()):
            yield Fault("given more than once", pointer=f"{pointer}{json_pointer(name[:MAX_NAME])}")


def _object(pairs: list[tuple[str, Any]]) -> _Object:
    made = _Object(pairs)
    if len(made) < len(pairs):
        made.repeated = tuple(name for name, count in Counter(name for name, _ in pairs).items() if count > 1)
    return made


def _undecoded_texts(body: bytes, document: Any) -> Iterator[Fault]:
    """Texts that contain U+FFFD. It results when a client sends another encoding and a gateway decodes it as UTF-8."""
    as_it_is = not body.isascii() and UNDECODED.encode() in body
    if not as_it_is and not (b"\\u" in body and b"\\ufffd" in body.lower()):
        return
    for pointer, value in _walk(document, ""):
        names = value if isinstance(value, dict) else ()
        if (isinstance(value, str) and UNDECODED in value) or any(UNDECODED in name for name in names):
            yield Fault(UNDECODED_DETAIL, pointer=pointer)


def _walk(value: Any, pointer: str) -> Iterator[tuple[str, Any]]:
    """Every value of a document with its JSON pointer, including the document itself."""
    yield pointer, value
    if isinstance(value, dict):
        for name, member in value.items():
            yield from _walk(member, f"{pointer}{json_pointer(name[:MAX_NAME])}")
    elif isinstance(value, list):
        for index, element in enumerate(value):
            yield from _walk(element, f"{pointer}/{index}")
