"""The declaration of the accounts' service."""

import unicodedata
from collections.abc import Sequence
from typing import Any

from chalicelib.core.decider import Event
from chalicelib.core.service import Aggregate, Asks, Claim, ClaimChange, Personal, Policy, Port, Service, several
from tests.core.domain.accounts import domain
from tests.core.domain.accounts.policy import on_transfers
from tests.core.domain.accounts.projection import PROJECTION
from tests.core.domain.accounts.published import TableStandings


def _claims(number: str, before: Any, after: Any, events: Sequence[Event]) -> ClaimChange:
    """Return the claims on an open account's name, whatever its case, and on deposits' references, which never end."""
    names = ClaimChange.between(_name(before), _name(after))
    references = {
        Claim("deposit", f"{number}#{event.reference}")
        for event in events
        if isinstance(event, domain.MoneyDeposited) and event.reference
    }
    return ClaimChange(names.take | references, names.release)


def _name(state: domain.Account | None) -> set[Claim]:
    if state is None or state.deleted:
        return set()
    return {Claim("name", unicodedata.normalize("NFKC", state.name).casefold())}


PERSONAL = Personal(
    person="owner",
    state=("name", "note"),
    events={domain.AccountOpened: ("name", "note"), domain.AccountChanged: ("changes",)},
    claims=("name",),
)
SERVICE = Service(
    name="accounts",
    aggregates=(
        Aggregate("account", domain.Account, domain.evolve_account, claims=_claims, releases=True, personal=PERSONAL),
        Aggregate("hold", domain.Promise, domain.evolve_hold, prefix=domain.HOLD_PREFIX, projected=False),
    ),
    decide=several(domain.decide),
    projection=PROJECTION,
    policies=(Policy("transfers", on_transfers, asks=(Asks("accounts", several=True),)),),
    ports=(Port("standings", TableStandings, several=True),),
)
