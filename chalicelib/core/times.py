"""Convert between ISO 8601 times with an offset and MySQL's DATETIME(3), which is UTC here."""

from datetime import UTC, datetime


def to_utc(text: str) -> datetime:
    """The naive UTC time of an ISO 8601 text such as "2026-11-23T10:00:00.000Z".

    Raises:
        ValueError: the text is not ISO 8601, or has no offset.
    """
    if text.endswith("Z"):  # what the write side writes; half the cost of the general way
        return datetime.fromisoformat(text[:-1])
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no offset; a time ends in Z or +00:00")
    return moment.astimezone(UTC).replace(tzinfo=None)


def utc_now() -> datetime:
    """The present time, naive and UTC, in whole milliseconds like a DATETIME(3)."""
    now = datetime.now(UTC).replace(tzinfo=None)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


def iso(moment: datetime) -> str:
    """A time as the write side writes it, RFC 3339 UTC with milliseconds: "2026-11-23T10:00:00.000Z".

    Args:
        moment: a naive UTC time, or a time with an offset.
    """
    utc = moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
    return f"{utc.isoformat(timespec='milliseconds')}Z"
