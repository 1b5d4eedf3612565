"""What transfers publish to other services: a transfer as its stream shows it."""

from collections.abc import Mapping
from typing import NamedTuple

from chalicelib.core.service import Head


class PublishedTransfer(NamedTuple):
    """A transfer, as far as it is other services' business: what changes in each account, over all its legs."""

    id: str
    status: str
    legs: Mapping[str, int]


def transfer_of(head: Head) -> PublishedTransfer:
    """What a record of the transfers' stream says."""
    legs: dict[str, int] = {}
    for leg in head.state["legs"]:
        legs[leg["account"]] = legs.get(leg["account"], 0) + leg["amount"]
    return PublishedTransfer(head.id, head.state["status"], legs)
