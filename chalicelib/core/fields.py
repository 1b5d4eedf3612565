"""Field types for any service's requests, each with its limits; `pattern` and `one_line` make further ones."""

from typing import Annotated, Any

from msgspec import Meta, Struct

# Never meant in a line of text: C0 and C1 controls, NUL among them, DEL, the line breaks of Unicode, zero-width
# blanks, and what turns the direction of other people's text around.
_NEVER = r"\x00-\x1f\x7f-\x9f\u200b\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff"
# Trimmed, because MySQL's PAD SPACE collations take "a" and "a " for the same key.
_TRIMMED = rf"^[^\s{_NEVER}]([^{_NEVER}]*[^\s{_NEVER}])?\Z"
_TRIMMED_WORDS = "one line of text without control characters or outer blanks"


def pattern(regex: str, expected: str, **limits: Any) -> Meta:
    r"""Text that matches a regular expression.

    Args:
        regex: the expression; it begins with `^` and ends with `\Z`.
        expected: what it stands for, in the words that a client is shown: "an e-mail address".
        limits: further arguments of msgspec.Meta: min_length, max_length, examples.
    """
    return Meta(pattern=regex, extra={"expected": expected}, description=expected, **limits)


def one_line(max_length: int) -> Meta:
    """One line of text, 1 to max_length characters long, without control characters or outer blanks."""
    return pattern(_TRIMMED, _TRIMMED_WORDS, min_length=1, max_length=max_length)


Name = Annotated[str, one_line(200)]
Note = Annotated[str, one_line(500)]
Text = Annotated[
    str,
    pattern(
        r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*\Z",
        "text without control characters but line breaks and tabs",
        max_length=2000,
    ),
]
# Deliberately lax (RFC 5321's lengths, one @, no blanks): only a mail that arrives proves an address.
Email = Annotated[
    str,
    pattern(
        rf"^[^\s@{_NEVER}]{{1,64}}@[^\s@{_NEVER}]+\.[^\s@.{_NEVER}]+\Z",
        "an e-mail address",
        max_length=254,
        examples=["ada@example.com"],
    ),
]


class Body(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a client may send in a request's body; an unknown field is a fault, not a silence."""


class NoBody(Body, frozen=True):
    """For commands that need nothing but their path: no body, or {}."""
