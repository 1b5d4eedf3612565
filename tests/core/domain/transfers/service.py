"""The declaration of the transfers' service."""

from collections.abc import Sequence
from typing import Any

from chalicelib.core.decider import Event
from chalicelib.core.service import Aggregate, Asks, Claim, ClaimChange, Deadline, Personal, Policy, Service, single
from tests.core.domain.accounts.published import HOLD_PREFIX
from tests.core.domain.transfers import domain
from tests.core.domain.transfers.commands import Expire
from tests.core.domain.transfers.policy import on_accounts
from tests.core.domain.transfers.projection import PROJECTION


def _claims(_id: str, before: Any, after: Any, _events: Sequence[Event]) -> ClaimChange:
    """Return the claim on a reference, which belongs to one transfer, whatever its status."""
    return ClaimChange.between(_reference(before), _reference(after))


def _reference(state: domain.Transfer | None) -> set[Claim]:
    return {Claim("reference", state.reference)} if state and state.reference else set()


PERSONAL = Personal(person="owner", state=("reason",), events={domain.TransferCancelled: ("reason",)})
SERVICE = Service(
    name="transfers",
    aggregates=(Aggregate("transfer", domain.Transfer, domain.evolve, claims=_claims, personal=PERSONAL),),
    decide=single(domain.decide),
    projection=PROJECTION,
    deadlines=(Deadline("transfers.expire", Expire, since="requested_at", waiting=domain.WAITING),),
    policies=(
        Policy(
            "accounts",
            on_accounts,
            prefix=HOLD_PREFIX,
            asks=(Asks("transfers"), Asks("accounts", several=True)),
        ),
    ),
)
