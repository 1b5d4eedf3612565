"""The field types that commands and queries share, each with its limits.

The limits are what guarantees that the largest order fits into DynamoDB's 400 KB an item and that a
sum of amounts fits into a BIGINT: 1,000 lines x 1,000,000 pieces x 10^9 minor units < 2^63.
"""

from typing import Annotated, Any

from msgspec import Meta, Struct

# Trimmed, because MySQL's PAD SPACE collations take "a" and "a " for the same key; and without C0 controls,
# NUL among them, DEL and line breaks, which are never meant in a name.
_TRIMMED = r"^[^\s\x00-\x1f\x7f]([^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f])?\Z"
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
        r"^[^\s\x00-\x1f\x7f@]{1,64}@[^\s\x00-\x1f\x7f@]+\.[^\s\x00-\x1f\x7f@.]+\Z",
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
Currency = Annotated[str, _text(r"^[A-Z]{3}\Z", "three capital letters, an ISO 4217 code", examples=["GBP"])]
MinorUnits = Annotated[
    int, Meta(ge=0, le=1_000_000_000, description="Minor units of the currency: pence, cents.", examples=[255])
]
Quantity = Annotated[int, Meta(ge=1, le=1_000_000, examples=[6])]


class Body(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a client may send in a request's body; an unknown field is a fault, not a silence."""


class NoBody(Body, frozen=True):
    """For commands that need nothing but their path: no body, or {}."""
