"""The commits that erase: of one aggregate each, by the command pipeline, guarded by the version like any other.

The service's own rules are not asked, since erasing changes nothing that they are about. Its claims are: an aggregate
gives back those that hold what was erased.
"""

from msgspec.structs import replace

from chalicelib.core.commands import pipeline
from chalicelib.core.commands.store import LostRace, WriteStore
from chalicelib.core.decider import Command, Decision, Rejected, States
from chalicelib.core.service import ITSELF, AnyAggregate, PersonalDataErased, Service
from chalicelib.core.times import iso, utc_now
from ops.failing import OpsError

_RACES = 20


class Erase(Command, frozen=True):
    """Erase the personal data of an aggregate."""


def erase_aggregate(service: Service, store: WriteStore, id: str, actor: str) -> int:
    """Erase the personal data of one aggregate. Returns the version of the commit.

    Raises:
        OpsError: the aggregate is the person, and is not deleted; or other commands are always first.
        Throttled, StoreUnreachable, OutcomeUnknown: see `commands.store`. Running it again is safe.
    """
    envelope = pipeline.Envelope(
        name=f"{service.name}.erase",
        command=Erase(),
        ids=(id,),
        actor=actor,
        at=iso(utc_now()),
        keeps_unknown=False,  # it may be personal
    )
    for _ in range(_RACES):
        try:
            done = pipeline.run(_erasing(service), store, envelope, lambda result: {"version": result.head.version})
        except LostRace:
            continue
        except Rejected as refusal:
            raise not_deleted(service, id) from refusal
        return int(done.response["version"])
    raise OpsError(f"Other commands change {id} all the time.", "Run it again.")


def not_deleted(service: Service, id: str) -> OpsError:
    """The error of a person that is not deleted."""
    return OpsError(
        f"{id} of {service.name} is not deleted.",
        "Delete it by its own command first, so that the rules of the service are kept; then run this again.",
    )


def _erasing(service: Service) -> Service:
    """The service, with the rules of erasing in the place of its own."""

    def decide(_: Command, states: States) -> Decision:
        ((id, state),) = states.items()
        personal = service.aggregate(id).personal
        if personal and personal.person == ITSELF and not (state and state.deleted):
            raise Rejected("not-deleted", f"{id} is not deleted.")
        return {id: [PersonalDataErased()]}

    return replace(service, decide=decide, aggregates=tuple(map(_erased_by_any_event, service.aggregates)))


def _erased_by_any_event(kind: AnyAggregate) -> AnyAggregate:
    return replace(kind, evolve=lambda state, _: kind.erased(state), releases=True)
