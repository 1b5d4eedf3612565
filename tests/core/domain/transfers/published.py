"""What transfers publish to other services: a transfer as its stream shows it."""

from collections.abc import Mapping
from typing import NamedTuple

from chalicelib.core.service import Head


class PublishedTransfer(NamedTuple):
    """A transfer, as far as it is other services' business: what changes in each account that changes at all."""

    id: str
    status: str
    legs: Mapping[str, int]


def transfer_of(head: Head) -> PublishedTransfer:
    """What a record of the transfers' stream says."""
    legs: dict[str, int] = {}
    for leg in head.state["legs"]:
        legs[leg["account"]] = legs.get(leg["account"], 0) + leg["amount"]
    changes = {account: change for account, change in legs.items() if change}
    return PublishedTransfer(head.id, head.state["status"], changes)
