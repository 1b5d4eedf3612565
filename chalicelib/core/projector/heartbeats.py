"""Heartbeats: the newest heartbeat of each service's stream, and its time."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated

from msgspec import Meta

from chalicelib.core.service import Row, Table
from chalicelib.core.streams.records import HeartbeatRecord


class HeartbeatRow(Row, frozen=True):
    """A row of `heartbeats`."""

    service: Annotated[str, Meta(max_length=32)]
    beat: Annotated[int, Meta(ge=0)]
    sent_at: datetime
    applied_at: datetime


TABLE = Table("heartbeats", HeartbeatRow, key=("service",))
# `beat` last: the columns before it are compared with its old value.
UPSERT = "ON DUPLICATE KEY UPDATE " + ", ".join(
    f"{column} = IF(VALUES(beat) > beat, VALUES({column}), {column})" for column in ("sent_at", "applied_at", "beat")
)


def rows(beats: Iterable[HeartbeatRecord], now: datetime) -> list[HeartbeatRow]:
    """One row per service, for its newest heartbeat."""
    newest = {beat.source.service.name: beat for beat in sorted(beats, key=lambda beat: beat.beat)}
    return [
        HeartbeatRow(service=name, beat=beat.beat, sent_at=beat.sent_at, applied_at=now)
        for name, beat in sorted(newest.items())
    ]
