"""The routes of transfers."""

from datetime import UTC, datetime
from typing import Any

import msgspec

from chalicelib.core.commands.pipeline import Envelope
from chalicelib.core.errors import Fault, Forbidden, Invalid
from chalicelib.core.http.chalice_adapter import Api
from chalicelib.core.http.endpoint import Call
from chalicelib.core.ids import new_id
from chalicelib.core.queries.limit import QueryCursor
from chalicelib.core.queries.listing import Page
from chalicelib.core.times import iso
from tests.core.domain.accounts.published import Standings
from tests.core.domain.fields import TransferId
from tests.core.domain.transfers.bodies import MAX_ACCOUNTS, Cancellation, NewTransfer, TransferAnswer
from tests.core.domain.transfers.commands import Cancel, Leg, Request, Settle, TransfersCommand
from tests.core.domain.transfers.domain import Transfer
from tests.core.domain.transfers.queries import (
    TransferDetail,
    TransferFilters,
    TransferSummary,
    get_transfer,
    list_transfers,
)

api = Api("transfers", id=TransferId)

_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)


@api.command(
    "POST", "/transfers", "transfers.request", body=NewTransfer, answer=TransferAnswer, location="/transfers/{id}"
)
def request(call: Call[NewTransfer]) -> Envelope:
    """Request a transfer. A role without all permissions moves money out of its own accounts only."""
    numbers = list(dict.fromkeys(leg.account for leg in call.body.legs))
    if len(numbers) > MAX_ACCOUNTS:
        detail = f"{len(numbers)} different accounts; a transfer takes at most {MAX_ACCOUNTS}"
        raise Invalid(f"/legs: {detail}.", faults=[Fault(detail, pointer="/legs")])
    if call.body.reference is not None:
        call.require("transfers.request:reference")
    owner, requested_at = _for_whom(call), _requested_at(call)
    standings: Standings = call.runtime.ports["standings"]
    command = Request(
        owner=owner,
        requested_at=requested_at,
        legs=[Leg(leg.account, leg.amount) for leg in call.body.legs],
        reference=call.body.reference,
        accounts=standings.standings(numbers),
        of_owner=call.own is not None,
    )
    return call.envelope(command, (new_id("tra"),), new_ids=True)


@api.command("POST", "/transfers/{id}/cancel", "transfers.cancel", body=Cancellation, answer=TransferAnswer)
def cancel(call: Call[Cancellation]) -> Envelope:
    """Cancel a transfer before it is settled."""
    return _step(call, Cancel(call.body.reason))


@api.command("POST", "/transfers/{id}/settle", "transfers.settle", answer=TransferAnswer)
def settle(call: Call[None]) -> Envelope:
    """Settle a transfer: move the money."""
    return _step(call, Settle())


def _step(call: Call[Any], command: TransfersCommand) -> Envelope:
    return call.envelope(command, (call["id"],), owner=_owner)


def _owner(transfer: Transfer) -> str:
    return transfer.owner


def _for_whom(call: Call[NewTransfer]) -> str:
    owner = call.body.owner or call.own or call.principal.subject
    if call.own and owner != call.own:
        raise Forbidden("This token requests transfers of its own only; leave the owner out.")
    return owner


def _requested_at(call: Call[NewTransfer]) -> str:
    stated = call.body.requested_at
    if stated is None:
        return call.at
    call.require("transfers.request:back-date")
    if not _EARLIEST <= stated <= call.request.now:
        detail = "must be between 1970 and now"
        raise Invalid(f"/requested_at: {detail}.", faults=[Fault(detail, pointer="/requested_at")])
    return iso(stated)


@api.query("/transfers", "transfers.list", parameters=TransferFilters, answer=TransferSummary, is_list=True)
def list_(call: Call[TransferFilters], cursor: QueryCursor) -> Page[TransferSummary]:
    """List transfers. A role that may see only its own transfers gets those."""
    filters = call.body
    if call.own is not None:
        if filters.owner not in (None, call.own):
            detail = "only transfers of your own can be listed"
            raise Invalid(f"owner: {detail}.", faults=[Fault(detail, parameter="owner")])
        filters = msgspec.structs.replace(filters, owner=call.own)
    return list_transfers(cursor, filters, call.runtime.signer)


@api.query("/transfers/{id}", "transfers.get", answer=TransferDetail)
def get(call: Call[None], cursor: QueryCursor) -> TransferDetail:
    """Show a transfer with its legs and the names of their accounts."""
    transfer = call.found(get_transfer(cursor, call["id"]), "transfer")
    call.require_own(transfer.owner)
    return transfer
