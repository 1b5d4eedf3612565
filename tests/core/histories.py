"""Made-up write models for the projector and the queries: heads, their stream records, and the resulting tables."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

from msgspec.structs import astuple

from chalicelib.core.dynamodb.codec import encode_item, item_of
from chalicelib.core.projector import timeline
from chalicelib.core.service import Head, Projection, Service
from tests.core.bootstrap import SERVICES as BY_NAME

SERVICES: Mapping[str, Service] = MappingProxyType({f"test-{name}": service for name, service in BY_NAME.items()})
"""By the name of their table."""
PROJECTIONS: Mapping[str, Projection] = MappingProxyType(
    {name: service.projection for name, service in BY_NAME.items()}
)
START = datetime(2026, 11, 23, 10, tzinfo=UTC)
TWO_LEGS = (("A", -300), ("B", 300))


def iso(moment: datetime) -> str:
    """Return a time as the write side writes it."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def head(id: str, version: int, state: Mapping[str, Any], **changes: Any) -> Head:
    """Return a head. `changes` replaces made-up values."""
    made: dict[str, Any] = {
        "id": id,
        "version": version,
        "state": state,
        "events": [{"type": "Changed", "data": {"version": version, "note": 'it\'s \\ "quoted"'}}],
        "commit": f"{id}-{version}",
        "actor": "clerk",
        "command": "test.change",
        "at": iso(START + timedelta(seconds=version)),
    }
    return Head(**{**made, **changes})


def account_state(**changes: Any) -> dict[str, Any]:
    """Return an account's state. `changes` replaces made-up values."""
    return {"owner": "usr_1", "name": "Ada O'Neill", "opened_at": iso(START), **changes}


def transfer_state(
    status: str = "requested", legs: Iterable[tuple[str, int]] = TWO_LEGS, **changes: Any
) -> dict[str, Any]:
    """Return a transfer's state with legs (account, amount). `changes` replaces made-up values."""
    listed = [{"account": account, "amount": amount} for account, amount in legs]
    state = {
        "owner": "usr_1",
        "status": status,
        "volume": sum(amount for _, amount in legs if amount > 0),
        "requested_at": iso(START),
        "legs": listed,
        "reference": None,
    }
    return {**state, **changes}


_sequence = iter(range(10**20, 10**21))


def heartbeat(beat: int) -> dict[str, Any]:
    """Return the item that the scheduled check writes so many minutes after START."""
    return encode_item({"id": "heartbeat#", "version": beat, "at": iso(START + timedelta(minutes=beat))})


def record(service: str, item: Head | Mapping[str, Any]) -> dict[str, Any]:
    """Return a stream record as Lambda delivers it, of a head or of a raw image."""
    image = item_of(item) if isinstance(item, Head) else dict(item)
    sequence = str(next(_sequence))
    return {
        "eventID": sequence[-32:],
        "eventName": "INSERT" if image.get("version") == {"N": "1"} else "MODIFY",
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "eu-west-1",
        "dynamodb": {
            "ApproximateCreationDateTime": START.timestamp(),
            "Keys": {"id": image["id"]},
            "NewImage": image,
            "SequenceNumber": sequence,
            "SizeBytes": 1,
            "StreamViewType": "NEW_AND_OLD_IMAGES",
        },
        "eventSourceARN": f"arn:aws:dynamodb:eu-west-1:000000000000:table/test-{service}/stream/1",
    }


def sequence_of(raw: Mapping[str, Any]) -> str:
    """Return a record's sequence number."""
    return str(raw["dynamodb"]["SequenceNumber"])


def fold(
    heads: Iterable[tuple[str, Head]], services: Mapping[str, Service] = BY_NAME
) -> dict[str, set[tuple[Any, ...]]]:
    """Return the base tables and the timeline that should result from those commits (service, head)."""
    newest: dict[tuple[str, str], Head] = {}
    tables: dict[str, set[tuple[Any, ...]]] = {"timeline": set()}
    for projection in (service.projection for service in services.values()):
        tables |= {table.name: set() for table in (projection.root, *projection.children)}
    for service, commit in heads:
        tables["timeline"].add(astuple(timeline.row(service, commit)))
        if newest.setdefault((service, commit.id), commit).version < commit.version:
            newest[service, commit.id] = commit
    for (service, id), commit in newest.items():
        projection = services[service].projection
        if services[service].projects(id):
            rows = projection.rows(commit)
            tables[projection.root.name].add(astuple(rows.root))
            for name, children in rows.children.items():
                tables[name].update(map(astuple, children))
    return tables
