"""Field types for the requests of any service, each with its limits. `pattern` and `one_line` make further ones."""

from typing import Annotated, Any

from msgspec import Meta, Struct

from chalicelib.core.unicode_classes import BLANK, CONTROL, FORMAT, IGNORABLE, JOINER, VARIATION_SELECTOR

# ZWJ, ZWNJ and variation selectors are legal inside, since scripts and emoji need them. A line begins with a visible
# character. It does not end in a blank, because MySQL's PAD SPACE collations treat "a" and "a " as equal.
_NEVER = f"{CONTROL}{IGNORABLE}"
_OUTER = rf"\s{_NEVER}{JOINER}{FORMAT}{BLANK}"
_LINE = rf"^[^{_OUTER}{VARIATION_SELECTOR}]([^{_NEVER}]*[^{_OUTER}])?\Z"
_LINE_WORDS = "one line of text, without control characters, invisible characters, or blanks at either end"
_KEY = rf"\s{_NEVER}{JOINER}{VARIATION_SELECTOR}{FORMAT}{BLANK}"
"""Characters that no key may contain, since two keys would look the same."""


def pattern(regex: str, expected: str, **limits: Any) -> Meta:
    r"""Text that matches a regular expression.

    Args:
        regex: the expression. It begins with `^` and ends with `\Z`.
        expected: its meaning in words, for clients: "an e-mail address".
        limits: further arguments of msgspec.Meta: min_length, max_length, examples.
    """
    return Meta(pattern=regex, extra={"expected": expected}, description=expected, **limits)


def one_line(max_length: int) -> Meta:
    """One line of text, 1 to max_length characters long, that begins and ends with a visible character."""
    return pattern(_LINE, _LINE_WORDS, min_length=1, max_length=max_length)


Name = Annotated[str, one_line(200)]
Note = Annotated[str, one_line(500)]
Text = Annotated[
    str,
    pattern(
        r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*\Z",
        "text without control characters, except line breaks and tabs",
        max_length=2000,
    ),
]
# Deliberately lax (RFC 5321's lengths, one @, no blanks): only a delivered mail proves that an address exists.
Email = Annotated[
    str,
    pattern(
        rf"^[^@{_KEY}]{{1,64}}@[^@{_KEY}]+\.[^@.{_KEY}]+\Z",
        "an e-mail address",
        max_length=254,
        examples=["ada@example.com"],
    ),
]


Subject = Annotated[str, one_line(128)]
"""The subject of a token, if the issuer's ids have no stricter form."""


class Body(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base class of request bodies. An unknown field is a fault; it is not ignored."""


class NoBody(Body, frozen=True):
    """The body of commands that need only their path: none, or {}."""
