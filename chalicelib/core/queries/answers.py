"""Types that the answers of several queries share."""

from typing import Annotated

from msgspec import Meta

Timestamp = Annotated[
    str,
    Meta(
        description="RFC 3339, UTC, with milliseconds.",
        examples=["2026-11-23T10:00:00.000Z"],
        extra_json_schema={"format": "date-time"},
    ),
]
Version = Annotated[int, Meta(ge=1, description="Increases by one with every change.", examples=[1])]


def timestamp(text: str) -> str:
    """Convert a DATETIME(3) to a Timestamp. A query's cursor gives it as MySQL's text: "2026-11-23 10:00:00.000"."""
    return f"{text[:10]}T{text[11:]}Z"
