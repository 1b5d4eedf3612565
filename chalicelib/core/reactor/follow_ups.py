"""Runs follow-up commands and outside calls until they are done; repeats them if in doubt: each is idempotent."""

import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import TypeVar

import msgspec
from botocore.exceptions import ClientError

from chalicelib.core.backoff import pause_seconds
from chalicelib.core.commands import pipeline
from chalicelib.core.commands.store import ClaimTaken, LostRace, OutcomeUnknown, StoreUnreachable, Throttled, WriteStore
from chalicelib.core.decider import Rejected
from chalicelib.core.dynamodb.store import is_of_the_request
from chalicelib.core.service import FollowUp, Head, NewerSchema, NotNow, OutsideCall, Service
from chalicelib.core.streams.batches import FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS, GaveUp
from chalicelib.core.streams.dead_letters import REACTOR, DeadLetters
from chalicelib.core.streams.poison import Poisonous, of_the_record
from chalicelib.core.telemetry import log, tracing
from chalicelib.core.telemetry.error_text import error_text
from chalicelib.core.times import iso, utc_now

# What is left for one more command and for reporting its failure before Lambda ends the function: where DynamoDB
# hangs, a look, a write and a look for what became of it take up to 27 s (runtime.CLIENT_CONFIG).
COMMAND_MARGIN_MS = 30_000
# Errors of the store that say nothing about the command.
_MAY_PASS = (LostRace, Throttled, StoreUnreachable, OutcomeUnknown)


T = TypeVar("T")


class ReactorDeps(msgspec.Struct, frozen=True):
    """The dependencies of the reactor.

    Attributes:
        services: by name; their policies say what follows from what.
        table: the DynamoDB table of a service.
        store: the write store of a service.
        dead_letters: where poison records are set aside.
        remaining_ms: milliseconds until the function is ended.
        sleep: waits that many seconds.
        now: the present time, naive and UTC.
        deployment: TABLE_PREFIX, by which metrics are told apart.
    """

    services: Mapping[str, Service]
    table: Callable[[str], str]
    store: Callable[[str], WriteStore]
    dead_letters: DeadLetters
    remaining_ms: Callable[[], float]
    sleep: Callable[[float], None] = time.sleep
    now: Callable[[], datetime] = utc_now
    deployment: str = ""

    def follow_ups(self, source: str, head: Head) -> Iterator[FollowUp | OutsideCall]:
        """What all services' policies ask for because of an aggregate of one; raises whatever a policy raises."""
        for service in self.services.values():
            yield from service.follow_ups(source, head)


def carry_out(asked: FollowUp | OutsideCall, source: str, cause: Head, deps: ReactorDeps) -> None:
    """Make the call, if it is one; then run the command until it is done. A refused command may name another to run.

    Args:
        asked: the command, or the call.
        source: the service that the commit is of.
        cause: the commit that it follows from, whose correlation id and trace go on.
        deps: services, stores and the clock.

    Raises:
        GaveUp: an error that may pass did not pass in time.
        Rejected: a refusal that nobody expected.
        NewerSchema: a newer release wrote an aggregate that it is about.
        Poisonous: something else is wrong with the command or the call itself.
    """
    follow_up = _call_until_answered(asked, source, cause, deps) if isinstance(asked, OutsideCall) else asked
    while follow_up:
        try:
            _until_done(partial(_run, follow_up, cause, deps), follow_up.name, follow_up.ids[0], deps)
            return
        except Rejected as refusal:
            if refusal.code not in follow_up.refused:
                raise
            log.info("reactor: refused", command=follow_up.name, of=follow_up.ids[0], why=str(refusal))
            follow_up = follow_up.refused[refusal.code]


def _call_until_answered(call: OutsideCall, source: str, cause: Head, deps: ReactorDeps) -> FollowUp | None:
    """Make an outside call, unless the aggregate has moved on since the commit."""

    def answered() -> FollowUp | None:
        with tracing.subsegment(call.name, correlation=cause.correlation):
            with of_the_record(ClientError, NewerSchema, *_MAY_PASS):
                newest = deps.store(source).load([cause.id]).get(cause.id)
            if newest and newest.version > cause.version:
                log.info("reactor: no call, the aggregate has moved on", call=call.name, of=cause.id)
                return None
            with of_the_record(NotNow):
                return call.run()

    return _until_done(answered, call.name, cause.id, deps)


def _until_done(work: Callable[[], T], name: str, of: str, deps: ReactorDeps) -> T:
    """Do some work until it is done, while there is time."""
    attempt = 0
    while True:
        attempt += 1
        try:
            return work()
        except (Rejected, Poisonous, NewerSchema):
            raise
        except Exception as error:
            pause = pause_seconds(attempt, FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS)
            if deps.remaining_ms() - pause * 1000 < COMMAND_MARGIN_MS:
                raise GaveUp(f"{name} of {of}, after {attempt} attempts: {error_text(error)}") from error
            log.count("ReactorRetries")
            log.warning("reactor: trying again", command=name, of=of, error=error_text(error))
            deps.sleep(pause)


def _run(follow_up: FollowUp, cause: Head, deps: ReactorDeps) -> None:
    if (service := deps.services.get(follow_up.service)) is None:
        raise Poisonous(f"{follow_up.name}: there is no service {follow_up.service!r} in bootstrap.py")
    with (
        log.counting("reactor: command", {"Deployment": deps.deployment, "Service": service.name}),
        tracing.subsegment(follow_up.name, correlation=cause.correlation),
    ):
        envelope = pipeline.Envelope(
            name=follow_up.name,
            command=follow_up.command,
            ids=follow_up.ids,
            actor=REACTOR,
            at=iso(deps.now()),
            clock=deps.now,
            may_release=follow_up.may_release,
            correlation=cause.correlation,
            trace=tracing.header(),
        )
        store = deps.store(service.name)
        try:
            # What the pipeline does is decide and encode; what goes wrong with the store has the store's own errors.
            with of_the_record(Rejected, ClaimTaken, ClientError, NewerSchema, *_MAY_PASS):
                pipeline.run(service, store, envelope, lambda _: {})
        except ClaimTaken as taken:
            # With the code that a client is shown, so that a follow-up can say what to do instead.
            raise Rejected(
                "duplicate", f"{follow_up.name}: another aggregate holds this {taken.claim.kind}."
            ) from taken
        except ClientError as refusal:
            if is_of_the_request(refusal):
                raise Poisonous(str(refusal)) from refusal
            raise
