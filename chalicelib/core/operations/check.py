"""The scheduled check: it measures how far the read model is behind, and counts the dead letters.

The check writes a heartbeat into each service's table, and the projector stores the time at which it comes out of the
stream. The check compares the two and writes a row for each service, from which GET /status answers, because the query
side never reads DynamoDB. The row also says since when a heartbeat has been waiting, so that GET /status can tell
before the next check that a stream stands still.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from chalicelib.core.dynamodb.codec import decode_item, encode_item
from chalicelib.core.operations.queries import MOST_HOURS, RebuildStatus, get_rebuilds
from chalicelib.core.queries.limit import QueryCursor
from chalicelib.core.runtime import Runtime
from chalicelib.core.service import HEARTBEAT_ID
from chalicelib.core.streams.dead_letters import OPEN
from chalicelib.core.telemetry import log, tracing
from chalicelib.core.times import iso, to_utc, utc_now

_BEATS = "SELECT service, beat AS number, sent_at, applied_at FROM heartbeats"
_BEFORE = "SELECT service, checked_at, waiting_since FROM service_status"
_KEEP = """INSERT INTO service_status
  (service, lag_seconds, dead_letters, checked_at, beat, waiting_since, every_seconds)
  VALUES (%s, %s, %s, %s, %s, %s, %s)
  ON DUPLICATE KEY UPDATE lag_seconds = VALUES(lag_seconds), dead_letters = VALUES(dead_letters),
  checked_at = VALUES(checked_at), beat = VALUES(beat), waiting_since = VALUES(waiting_since),
  every_seconds = VALUES(every_seconds)"""
# A row a minute, however often the check runs: the longest lag of the minute, and its commits.
_REMEMBER = """INSERT INTO lag_history (service, checked_at, lag_seconds, commits) VALUES (%s, %s, %s, %s)
  ON DUPLICATE KEY UPDATE commits = commits + VALUES(commits),
  lag_seconds = GREATEST(COALESCE(lag_seconds, VALUES(lag_seconds)), COALESCE(VALUES(lag_seconds), lag_seconds))"""
_COMMITS = """SELECT service, COUNT(*) AS commits FROM timeline
  WHERE applied_at >= %s AND applied_at < %s GROUP BY service"""
_FORGET = "DELETE FROM lag_history WHERE service = %s AND checked_at < %s"
_REMEMBERED = timedelta(hours=MOST_HOURS)
_SELDOMEST = timedelta(minutes=1)
"""The check runs every minute at least. After a pause of the whole deployment, more is no sign of anything."""
_SETTLED = timedelta(seconds=5)
"""By then the transactions are committed that inserted rows of the timeline."""


class Beat(NamedTuple):
    """A heartbeat: its number, when it was sent, and when the projector applied it, if it has."""

    number: int
    sent_at: datetime
    applied_at: datetime | None = None


class _Before(NamedTuple):
    """What the check before left: when it ran, and since when the oldest heartbeat was waiting."""

    checked_at: datetime
    waiting_since: datetime | None


def check_all(runtime: Runtime) -> None:
    """Measure every service, store the results, and send the next heartbeats."""
    with tracing.segment("tributary-check"):
        _check_all(runtime, utc_now())


def _check_all(runtime: Runtime, now: datetime) -> None:
    from pymysql.cursors import DictCursor

    letters = _dead_letters(runtime)
    with runtime.writers.connection() as connection, connection.cursor(DictCursor) as cursor:
        cursor.execute(_BEATS)
        applied = {row.pop("service"): Beat(**row) for row in cursor.fetchall()}
        cursor.execute(_BEFORE)
        before = {row.pop("service"): _Before(**row) for row in cursor.fetchall()}
        rebuilds = get_rebuilds(cursor)
        commits = _commits(cursor, min((found.checked_at for found in before.values()), default=now), now)
        for name in runtime.services:
            sent = _sent(runtime, name)
            lag = lag_seconds(sent, applied.get(name), now)
            seen = {"LagSeconds": lag, "DeadLetters": letters[name], **_progress(rebuilds.get(name))}
            _measure(runtime.settings.table_prefix, name, seen)
            beat = Beat((sent.number if sent else 0) + 1, now)
            _send(runtime, name, beat)
            since = waiting_since(sent, applied.get(name), before.get(name), now)
            every = min(now - before[name].checked_at, _SELDOMEST).total_seconds() if name in before else None
            cursor.execute(_KEEP, (name, lag, letters[name], now, beat.number, since, every))
            cursor.execute(_REMEMBER, (name, now.replace(second=0, microsecond=0), lag, commits[name]))
            cursor.execute(_FORGET, (name, now - _REMEMBERED))


def _commits(cursor: QueryCursor, since: datetime, now: datetime) -> Counter[str]:
    """The commits that became visible since the check before, of each service."""
    since = max(since, now - _SELDOMEST * 10)
    cursor.execute(_COMMITS, (since - _SETTLED, now - _SETTLED))
    return Counter({row["service"]: row["commits"] for row in cursor.fetchall()})


def waiting_since(sent: Beat | None, applied: Beat | None, before: _Before | None, now: datetime) -> datetime:
    """Since when the oldest heartbeat waits, once another one is sent at `now`.

    Args:
        sent: the last heartbeat sent before; None if none was.
        applied: the last heartbeat applied; None if none was.
        before: what the check before left; None of the first.
        now: naive and UTC.
    """
    came_through = sent is None or (applied is not None and applied.number >= sent.number)
    if came_through or before is None or before.waiting_since is None:
        return now
    return before.waiting_since


def _progress(rebuild: RebuildStatus | None) -> Mapping[str, float | None]:
    if rebuild is None:
        return {}
    return {
        "RebuildItems": rebuild.items,
        "RebuildRemaining": rebuild.remaining,
        "RebuildEtaSeconds": rebuild.eta_seconds,
    }


def _measure(deployment: str, service: str, values: Mapping[str, float | None]) -> None:
    """Log the results as metrics, for alarms. Before the first heartbeat the lag is not known and is left out."""
    known = {name: value for name, value in values.items() if value is not None}
    log.metrics({"Deployment": deployment, "Service": service}, known)


def lag_seconds(sent: Beat | None, applied: Beat | None, now: datetime) -> float | None:
    """How long a commit takes, or has taken so far, to reach the read model.

    Args:
        sent: the last heartbeat sent; None if none was.
        applied: the last heartbeat applied; None if none was.
        now: naive and UTC.
    """
    if sent is None:
        return None
    if applied and applied.applied_at and applied.number >= sent.number:
        return max(0.0, (applied.applied_at - applied.sent_at).total_seconds())
    # The oldest heartbeat that is still under way was sent after the last one applied.
    return max(0.0, (now - (applied.sent_at if applied else sent.sent_at)).total_seconds())


def _sent(runtime: Runtime, service: str) -> Beat | None:
    answer = runtime.dynamodb.get_item(
        TableName=runtime.settings.table(service), Key={"id": {"S": HEARTBEAT_ID}}, ConsistentRead=True
    )
    if "Item" not in answer:
        return None
    item = decode_item(answer["Item"])
    return Beat(item["version"], to_utc(item["at"]))


def _send(runtime: Runtime, service: str, beat: Beat) -> None:
    """Write a heartbeat. Two checks at once may send the same number, which does no harm."""
    item = {"id": HEARTBEAT_ID, "version": beat.number, "at": iso(beat.sent_at)}
    runtime.dynamodb.put_item(TableName=runtime.settings.table(service), Item=encode_item(item))


def _dead_letters(runtime: Runtime) -> Counter[str]:
    """The number of open dead letters of each service."""
    pages = runtime.dynamodb.get_paginator("scan").paginate(
        TableName=runtime.settings.dead_letter_table, ProjectionExpression="service", FilterExpression=OPEN
    )
    return Counter(item["service"]["S"] for page in pages for item in page["Items"])
