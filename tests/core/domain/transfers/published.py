"""What transfers publish to other services: a transfer as its stream shows it."""

from collections.abc import Mapping
from typing import NamedTuple

from chalicelib.core.service import Head


class PublishedTransfer(NamedTuple):
    """A transfer as other services may know it, with the change of each account that changes at all."""

    id: str
    status: str
    legs: Mapping[str, int]


def transfer_of(head: Head) -> PublishedTransfer:
    """Return the transfer in a record of the transfers' stream."""
    legs: dict[str, int] = {}
    for leg in head.state["legs"]:
        legs[leg["account"]] = legs.get(leg["account"], 0) + leg["amount"]
    changes = {account: change for account, change in legs.items() if change}
    return PublishedTransfer(head.id, head.state["status"], changes)
