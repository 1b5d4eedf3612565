"""What is left of a person after an erasure, because it expires by itself; and what somebody has to remove."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from chalicelib.core.times import iso
from ops.erase.finding import Scanned
from ops.erase.letters import Swept

_STREAM = timedelta(hours=24)
_BACKUPS = "their retention ends (docs/howto-erase-a-person.md)"


class Remaining(NamedTuple):
    """Something that is left: what, where, and until when."""

    what: str
    where: str
    until: str


def remaining(
    tables: Mapping[str, str], scanned: Mapping[str, Scanned], swept: Swept, bucket: str, now: datetime
) -> Iterator[Remaining]:
    """All that is left to its time to live.

    Args:
        tables: the DynamoDB table of each service with personal data, by its name.
        scanned: what was found in each.
        swept: what was found of dead letters.
        bucket: of the dead letters.
        now: with an offset.
    """
    for name, found in scanned.items():
        if found.kept_responses:
            until = iso(datetime.fromtimestamp(found.kept_until, UTC))
            yield Remaining(
                f"{found.kept_responses} kept responses (idempotency keys)",
                f"table {tables[name]}",
                f"{until}; DynamoDB removes them within days after that",
            )
    yield Remaining("records of earlier commits", f"streams of {', '.join(tables.values())}", iso(now + _STREAM))
    yield Remaining("point-in-time recovery", f"backups of {', '.join(tables.values())} and the dead letters", _BACKUPS)
    yield Remaining("backups and snapshots", "the database", _BACKUPS)
    for name in swept.being_written:
        yield Remaining("an image without a letter", f"s3://{bucket}/{name}", "run this again in ten minutes")
    for id in swept.unknown:
        yield Remaining("a dead letter of no known aggregate", id, "you discard it: `ops dead-letters discard`")
    for name in swept.batches:
        yield Remaining("a batch that Lambda gave up", f"s3://{bucket}/{name}", "you delete all its versions")
