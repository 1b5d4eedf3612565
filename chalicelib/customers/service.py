"""The declaration of the customers' service."""

from collections.abc import Sequence

from chalicelib.core.decider import Event
from chalicelib.core.service import ITSELF, Aggregate, Claim, ClaimChange, Personal, Port, Service, single
from chalicelib.customers import domain
from chalicelib.customers.ports import TableStandings
from chalicelib.customers.projection import PROJECTION


def _claims(
    _id: str, before: domain.Customer | None, after: domain.Customer | None, _events: Sequence[Event]
) -> ClaimChange:
    """Return the claim on the e-mail address of a customer that is not deleted."""
    return ClaimChange.between(_email(before), _email(after))


def _email(state: domain.Customer | None) -> set[Claim]:
    return {Claim("email", domain.email_key(state.email))} if state and not state.deleted else set()


PERSONAL = Personal(
    person=ITSELF,
    state=("name", "email", "country"),
    events={domain.CustomerRegistered: ("name", "email", "country"), domain.CustomerChanged: ("changes",)},
    claims=("email",),
)
SERVICE = Service(
    name="customers",
    aggregates=(
        Aggregate("customer", domain.Customer, domain.evolve, claims=_claims, releases=True, personal=PERSONAL),
    ),
    decide=single(domain.decide),
    projection=PROJECTION,
    ports=(Port("standings", TableStandings),),
)
