"""The field types that commands and queries share, each with its limits.

The limits are what guarantees that the largest order fits into DynamoDB's 400 KB an item and that a
sum of amounts fits into a BIGINT: 1,000 lines x 1,000,000 pieces x 10^9 minor units < 2^63.
"""

from typing import Annotated, Any

from msgspec import Meta, Struct

from chalicelib.core.currencies import CODES

# Never meant in a line of text: C0 and C1 controls, NUL among them, DEL, the line breaks of Unicode, zero-width
# blanks, and what turns the direction of other people's text around.
_NEVER = r"\x00-\x1f\x7f-\x9f\u200b\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff"
# Trimmed, because MySQL's PAD SPACE collations take "a" and "a " for the same key.
_TRIMMED = rf"^[^\s{_NEVER}]([^{_NEVER}]*[^\s{_NEVER}])?\Z"
_TRIMMED_WORDS = "one line of text without control characters or outer blanks"


def _text(pattern: str, expected: str, **limits: Any) -> Meta:
    """A pattern and what it stands for, in the words that a client is shown."""
    return Meta(pattern=pattern, extra={"expected": expected}, description=expected, **limits)


Sku = Annotated[
    str,
    _text(
        r"^[A-Za-z0-9][A-Za-z0-9._-]*\Z",
        "letters, digits, '.', '_' and '-', starting with a letter or digit",
        max_length=64,
        examples=["85123A"],
    ),
]
CustomerId = Annotated[
    str,
    _text(
        r"^cus_[0-9A-Za-z]{1,60}\Z",
        "'cus_' and letters or digits",
        max_length=64,
        examples=["cus_01JD2Q8N3XW7GK5T0V9M4R6B1C"],
    ),
]
OrderId = Annotated[
    str,
    _text(
        r"^ord_[0-9A-Za-z]{1,60}\Z",
        "'ord_' and letters or digits",
        max_length=64,
        examples=["ord_01JD2Q8N3XW7GK5T0V9M4R6B1C"],
    ),
]
Name = Annotated[str, _text(_TRIMMED, _TRIMMED_WORDS, min_length=1, max_length=200)]
Country = Annotated[str, _text(_TRIMMED, _TRIMMED_WORDS, min_length=1, max_length=60)]
Note = Annotated[str, _text(_TRIMMED, _TRIMMED_WORDS, min_length=1, max_length=500)]
Text = Annotated[
    str,
    _text(
        r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*\Z",
        "text without control characters but line breaks and tabs",
        max_length=2000,
    ),
]
# Deliberately lax (RFC 5321's lengths, one @, no blanks): only a mail that arrives proves an address.
Email = Annotated[
    str,
    _text(
        rf"^[^\s@{_NEVER}]{{1,64}}@[^\s@{_NEVER}]+\.[^\s@.{_NEVER}]+\Z",
        "an e-mail address",
        max_length=254,
        examples=["ada@example.com"],
    ),
]
Reference = Annotated[
    str,
    _text(
        r"^[A-Za-z0-9][A-Za-z0-9._/-]*\Z",
        "letters, digits, '.', '_', '/' and '-', starting with a letter or digit",
        min_length=1,
        max_length=64,
        examples=["536365"],
    ),
]
Currency = Annotated[str, _text(rf"^({'|'.join(CODES)})\Z", "a currency's code (ISO 4217)", examples=["GBP"])]
MinorUnits = Annotated[
    int, Meta(ge=0, le=1_000_000_000, description="Minor units of the currency: pence, cents.", examples=[255])
]
Quantity = Annotated[int, Meta(ge=1, le=1_000_000, examples=[6])]


class Body(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a client may send in a request's body; an unknown field is a fault, not a silence."""


class NoBody(Body, frozen=True):
    """For commands that need nothing but their path: no body, or {}."""
