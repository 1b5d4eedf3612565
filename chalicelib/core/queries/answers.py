"""Types that the answers of several queries share."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta

from chalicelib.core.times import iso

Timestamp = Annotated[
    str,
    Meta(
        description="RFC 3339, UTC, with milliseconds.",
        examples=["2026-11-23T10:00:00.000Z"],
        extra_json_schema={"format": "date-time"},
    ),
]
Version = Annotated[int, Meta(ge=1, description="Increases by one with every change.", examples=[1])]


def timestamp(moment: datetime) -> str:
    """Convert a DATETIME(3) of the read model (naive, UTC) to a Timestamp."""
    return iso(moment)
