"""Routes for operators: liveness, status and dead letters.

What handles dead letters is imported when it is needed: it imports both stores, which other functions do not have.
"""

from chalicelib.core.http.chalice_adapter import Api
from chalicelib.core.http.endpoint import Call
from chalicelib.core.http.request import Reply, Request
from chalicelib.core.operations.dead_letters.answers import (
    DeadLetterDetails,
    DeadLetterSummary,
    DiscardMatching,
    DiscardOutcome,
    DiscardReason,
    LetterKey,
    LetterParameters,
    Matching,
    Redriven,
    RedriveOutcome,
)
from chalicelib.core.operations.queries import Status, StatusParameters, get_status
from chalicelib.core.queries.limit import QueryCursor
from chalicelib.core.queries.listing import Page
from chalicelib.core.settings import Settings

api = Api("operations", id=LetterKey)


@api.public("/health")
def health(request: Request, settings: Settings) -> Reply:
    """Say that the API is up. It uses no store, so that a failing store does not make the API look down."""
    return Reply(200, '{"status":"ok"}', {})


@api.query("/status", "operations.status", parameters=StatusParameters, answer=Status)
def status(call: Call[StatusParameters], cursor: QueryCursor) -> Status:
    """Show each service's lag and dead letters, as of the last scheduled check."""
    return get_status(cursor, call.body.hours)


@api.operation(
    "GET",
    "/operations/dead-letters",
    "operations.dead-letters",
    answer=DeadLetterSummary,
    asked=LetterParameters,
    is_list=True,
)
def dead_letters(call: Call[LetterParameters]) -> Page[DeadLetterSummary]:
    """List the records that were set aside, in no certain order. A page may hold fewer than `limit`."""
    from chalicelib.core.operations.dead_letters.handling import list_letters

    return list_letters(call)


@api.operation("GET", "/operations/dead-letters/{id}", "operations.dead-letter", answer=DeadLetterDetails)
def dead_letter(call: Call[None]) -> DeadLetterDetails:
    """Show a dead letter: its error, its history and its record without what is personal."""
    from chalicelib.core.operations.dead_letters.handling import show_letter

    return show_letter(call)


@api.operation("POST", "/operations/dead-letters/{id}/redrive", "operations.redrive", answer=Redriven)
def redrive(call: Call[None]) -> Redriven:
    """Handle a dead letter again, once its cause is gone. After a success a repeated request gets 404."""
    from chalicelib.core.operations.dead_letters.handling import redrive_letter

    return redrive_letter(call)


@api.operation(
    "POST",
    "/operations/dead-letters/{id}/discard",
    "operations.discard",
    answer=DeadLetterSummary,
    asked=DiscardReason,
)
def discard(call: Call[DiscardReason]) -> DeadLetterSummary:
    """Give a dead letter up: its record is removed for good, and the reason is kept for 90 days."""
    from chalicelib.core.operations.dead_letters.handling import discard_letter

    return discard_letter(call)


@api.operation(
    "POST", "/operations/dead-letters/redrive", "operations.redrive-matching", answer=RedriveOutcome, asked=Matching
)
def redrive_matching(call: Call[Matching]) -> RedriveOutcome:
    """Handle the dead letters again that match, at most 100 in a request. `cursor` goes on with the others."""
    from chalicelib.core.operations.dead_letters.handling import redrive_matching

    return redrive_matching(call)


@api.operation(
    "POST",
    "/operations/dead-letters/discard",
    "operations.discard-matching",
    answer=DiscardOutcome,
    asked=DiscardMatching,
)
def discard_matching(call: Call[DiscardMatching]) -> DiscardOutcome:
    """Give up the dead letters that match, at most 100 in a request. `cursor` goes on with the others."""
    from chalicelib.core.operations.dead_letters.handling import discard_matching

    return discard_matching(call)
