"""The field types that commands and queries share, each with its limits.

The limits are what guarantees that the largest order fits into DynamoDB's 400 KB an item and that a
sum of amounts fits into a BIGINT: 1,000 lines x 1,000,000 pieces x 10^9 minor units < 2^63.
"""

from typing import Annotated

from msgspec import Meta, Struct

# No C0 controls (NUL among them), DEL, nor line breaks: they are never meant in a name.
_PRINTABLE = r"^[^\x00-\x1f\x7f]*$"
# Trimmed as well: MySQL's PAD SPACE collations take "a" and "a " for the same key.
_TRIMMED = r"^[^\s\x00-\x1f\x7f]([^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f])?\Z"

Sku = Annotated[
    str,
    Meta(
        max_length=64,
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*\Z",
        description="Letters, digits, '.', '_' and '-', at most 64; case matters.",
        examples=["85123A"],
    ),
]
CustomerId = Annotated[
    str, Meta(max_length=64, pattern=r"^cus_[0-9A-Za-z]{1,60}\Z", examples=["cus_01JD2Q8N3XW7GK5T0V9M4R6B1C"])
]
OrderId = Annotated[
    str, Meta(max_length=64, pattern=r"^ord_[0-9A-Za-z]{1,60}\Z", examples=["ord_01JD2Q8N3XW7GK5T0V9M4R6B1C"])
]
Name = Annotated[str, Meta(min_length=1, max_length=200, pattern=_TRIMMED)]
Text = Annotated[str, Meta(max_length=2000, pattern=r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*\Z")]
Note = Annotated[str, Meta(min_length=1, max_length=500, pattern=_PRINTABLE)]
Country = Annotated[str, Meta(min_length=1, max_length=60, pattern=_TRIMMED)]
# Deliberately lax (RFC 5321's length, one @, no blanks): only a mail that arrives proves an address.
Email = Annotated[
    str,
    Meta(
        max_length=254,
        pattern=r"^[^\s\x00-\x1f\x7f@]{1,64}@[^\s\x00-\x1f\x7f@]+\.[^\s\x00-\x1f\x7f@.]+\Z",
        examples=["ada@example.com"],
    ),
]
Reference = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=64,
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]*\Z",
        description="The client's own number of the document, unique.",
        examples=["536365"],
    ),
]
Currency = Annotated[str, Meta(pattern=r"^[A-Z]{3}\Z", description="ISO 4217 code.", examples=["GBP"])]
MinorUnits = Annotated[
    int, Meta(ge=0, le=1_000_000_000, description="Minor units of the currency: pence, cents.", examples=[255])
]
Quantity = Annotated[int, Meta(ge=1, le=1_000_000, examples=[6])]


class Body(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a client may send in a request's body; an unknown field is a fault, not a silence."""


class NoBody(Body, frozen=True):
    """For commands that need nothing but their path: no body, or {}."""
