"""Dead letters over HTTP: listed, shown, redriven and discarded, one or all that match.

Whatever is asked may be asked again. A letter that was redriven is gone, and one that was discarded says by whom and
why. An action on all that match takes some letters of the table, and answers where the next request goes on.
"""

import re
import time
from collections.abc import Iterator, Sequence, Set
from contextlib import contextmanager
from typing import Any, cast

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.core.dynamodb.throttling import THROTTLED
from chalicelib.core.errors import Conflict, Fault, Invalid, NotFound, TooManyRequests, Unavailable
from chalicelib.core.http.endpoint import Call
from chalicelib.core.operations.dead_letters.answers import (
    DeadLetterDetails,
    DeadLetterSummary,
    DiscardMatching,
    DiscardOutcome,
    DiscardReason,
    EarlierError,
    LetterFilters,
    LetterParameters,
    Matching,
    Redriven,
    RedriveOutcome,
    Refused,
    id_of,
    key_of,
)
from chalicelib.core.operations.dead_letters.letters import (
    Letter,
    LetterError,
    Letters,
    NoSuchLetter,
    UnreachableLetter,
    UnreadableLetter,
    Wanted,
)
from chalicelib.core.operations.dead_letters.masking import masked_image
from chalicelib.core.operations.dead_letters.redrive import Ends, RedriveResult, redrive
from chalicelib.core.queries.listing import Bookmark, Page, bad_bookmark
from chalicelib.core.streams.dead_letters import PROJECTOR, REACTOR
from chalicelib.core.telemetry import log

MOST_LEFT = 1000
# API Gateway answers 503 after 29 s; the function has a minute. The reactor begins nothing in its last half minute.
_BEGIN_NONE_AFTER_SECONDS = 10
_SECONDS = {PROJECTOR: 20, REACTOR: 58}
_KIND = re.compile(r"[A-Za-z_]\w*")


def list_letters(call: Call[LetterParameters]) -> Page[DeadLetterSummary]:
    """A page of the letters that fit the parameters."""
    asked = call.body
    wanted = _wanted(asked, discarded=asked.state == "discarded")
    bookmark = Bookmark(call.runtime.signer, call.name, asked)
    with _reachable():
        found = Letters(call.runtime).page(wanted, asked.limit, _position(bookmark))
    following = bookmark.text_of([found.position]) if found.position else None
    return Page([_summary(letter) for letter in found.letters], following)


def show_letter(call: Call[None]) -> DeadLetterDetails:
    """A letter with its record, as far as it can be shown, and its history."""
    letters = Letters(call.runtime)
    with _reachable():
        letter = _found(letters, call["id"])
        image, fault = None, None
        if letter.discarded_at:
            fault = "Discarding has removed it."
        else:
            try:
                letter, record = letters.get(letter.id)
                image = masked_image(record, call.runtime.services, letter.service, letter.aggregate)
            except UnreadableLetter as error:
                fault = f"{error} {error.advice}"
            except ValueError as error:
                fault = f"It cannot be shown: {error}."
    return DeadLetterDetails(
        **msgspec.structs.asdict(_summary(letter)),
        history=[
            EarlierError(
                set_aside_at=entry["at"],
                error=entry["error"],
                redriven_at=entry["redriven_at"],
                redriven_by=entry["redriven_by"],
            )
            for entry in letter.history
        ],
        image=image,
        image_fault=fault,
    )


def redrive_letter(call: Call[None]) -> Redriven:
    """Handle a letter again.

    Raises:
        Conflict: it was refused again, or cannot be read.
        Unavailable: it could not be handled in time.
    """
    with _reachable():
        letter = _open(_found(Letters(call.runtime), call["id"]))
        (result,) = _redrive(call, [letter], _Clock())
    if result.may_pass:
        raise Unavailable(f"{result.error}. The dead letter stays.")
    if result.error:
        facts = {"now": key_of(result.now)} if result.now else {}
        raise Conflict(f"It was refused again, and stays: {result.error}", code="refused-again", facts=facts)
    return Redriven(id=call["id"], name=letter.id)


def discard_letter(call: Call[DiscardReason]) -> DeadLetterSummary:
    """Give a letter up. A repeated request gets the same answer.

    Raises:
        Conflict: it was discarded for another reason, or set aside anew meanwhile.
    """
    letters, by, reason = Letters(call.runtime), call.principal.subject, call.body.reason
    with _reachable():
        letter = _found(letters, call["id"])
        if not letter.discarded_at and letters.discard(letter, reason, by):
            log.info("operations: dead letter discarded", letter=letter.id, by=by)
        now = _found(letters, call["id"])
    if (now.discarded_by, now.reason) == (by, reason):
        return _summary(now)
    _open(now)
    raise Conflict("It was set aside anew meanwhile. Look at it again, then decide.")


def redrive_matching(call: Call[Matching]) -> RedriveOutcome:
    """Handle the letters again that match, as many as one request can."""
    chosen, clock = _Chosen(call), _Clock()
    with _reachable():
        results = list(_redrive(call, chosen.letters(), clock))
        left, following = chosen.rest({result.id for result in results})
    refused = [_refused(result.id, result.error) for result in results if result.error]
    return RedriveOutcome(redriven=len(results) - len(refused), refused=refused, left=left, bookmark=following)


def discard_matching(call: Call[DiscardMatching]) -> DiscardOutcome:
    """Give up the letters that match, as many as one request can."""
    chosen, letters, by = _Chosen(call), Letters(call.runtime), call.principal.subject
    gone, refused = 0, []
    with _reachable():
        waiting = chosen.letters()
        for letter in waiting:
            try:
                gone += letters.discard(letter, call.body.reason, by)
            except LetterError as error:
                refused.append(_refused(letter.id, f"{error} {error.advice}"))
        left, following = chosen.rest({letter.id for letter in waiting})
    log.info("operations: dead letters discarded", count=gone, by=by)
    return DiscardOutcome(discarded=gone, refused=refused, left=left, bookmark=following)


class _Clock:
    """The time that a request has."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._first = True

    @property
    def ends(self) -> Ends:
        """When each consumer has to give up."""
        return {consumer: self._began + seconds for consumer, seconds in _SECONDS.items()}

    def may_begin(self) -> bool:
        """Whether to begin another aggregate. The first is begun in any case, so that each request gets on."""
        first, self._first = self._first, False
        return first or time.monotonic() - self._began < _BEGIN_NONE_AFTER_SECONDS


class _Chosen:
    """The open letters that one request of an action on all that match is about, and those that are left.

    Args:
        call: its body says which.

    Raises:
        Invalid: the body names no filter and does not say that all are meant, or it does both.
        Malformed: the bookmark is of another action or other filters.
    """

    def __init__(self, call: Call[Any]) -> None:
        asked: Matching = call.body
        filters = msgspec.convert(asked, LetterFilters, from_attributes=True)  # without the reason of a discard
        self._wanted = _wanted(filters)
        if asked.all == (self._wanted != Wanted()):
            detail = "name a filter (service, consumer, kind, error), or `all`: true, and not both"
            raise Invalid(f"Which letters are meant: {detail}.", faults=[Fault(detail, pointer="/all")])
        self._letters = Letters(call.runtime)
        self._bookmark = Bookmark(call.runtime.signer, call.name, filters)
        self._begin = self._end = _position(self._bookmark)
        self._page: Sequence[Letter] = ()
        self._limit = asked.limit

    def letters(self) -> Sequence[Letter]:
        """The letters of this request."""
        page = self._letters.page(self._wanted, self._limit, self._begin)
        self._page, self._end = page
        return self._page

    def rest(self, tried: Set[str]) -> tuple[int, str | None]:
        """How many are left, and the bookmark with which the next request goes on.

        It goes on with the first letter that was not tried. Those before it are not tried again, although those that
        were refused are still there: otherwise they could take up each request, and nothing behind them would be
        tried. A refused letter behind it is tried again, if its aggregate had another letter before it.

        Args:
            tried: ids of the letters of this request that were tried.
        """
        behind = self._letters.count(self._wanted, self._end, MOST_LEFT) if self._end else 0
        untried = [number for number, letter in enumerate(self._page) if letter.id not in tried]
        position = [self._begin, *(letter.id for letter in self._page)][untried[0]] if untried else self._end
        following = self._bookmark.text_of([position]) if untried or position else None
        return min(len(untried) + behind, MOST_LEFT), following


def _wanted(asked: LetterFilters, discarded: bool = False) -> Wanted:
    return Wanted(
        service=asked.service or "",
        consumer=asked.consumer or "",
        kind=asked.kind or "",
        error=asked.error or "",
        discarded=discarded,
    )


def _position(bookmark: Bookmark) -> str:
    match bookmark.position:
        case None:
            return ""
        case [str(position)]:
            return position
    raise bad_bookmark()


def _found(letters: Letters, key: str) -> Letter:
    return letters.find(id_of(key))


def _open(letter: Letter) -> Letter:
    """The letter.

    Raises:
        Conflict: it was discarded.
    """
    if letter.discarded_at:
        raise Conflict(
            f"It was discarded by {letter.discarded_by} at {letter.discarded_at}, and its record with it.",
            code="discarded",
            facts={"reason": letter.reason},
        )
    return letter


def _summary(letter: Letter) -> DeadLetterSummary:
    kind = _KIND.match(letter.error)
    return DeadLetterSummary(
        id=key_of(letter.id),
        name=letter.id,
        service=letter.service,
        aggregate=letter.aggregate,
        version=letter.version,
        consumer=cast(Any, letter.consumer),
        kind=kind[0] if kind else "",
        error=letter.error,
        set_aside_at=letter.at,
        redrives=len(letter.history),
        discarded_at=letter.discarded_at or None,
        discarded_by=letter.discarded_by or None,
        reason=letter.reason or None,
    )


def _refused(id: str, error: str) -> Refused:
    return Refused(id=key_of(id), name=id, error=error)


def _redrive(call: Call[Any], letters: Sequence[Letter], clock: _Clock) -> Iterator[RedriveResult]:
    """Handle letters again, as many as the time allows.

    Each result is logged as it comes, with who asked for it: a letter that was handled is gone and cannot tell, and
    the request may fail after it.
    """
    by = call.principal.subject
    for result in redrive(letters, call.runtime, by, ends=clock.ends, may_begin=clock.may_begin):
        log.info("operations: dead letter redriven", letter=result.id, by=by, handled=not result.error)
        yield result


@contextmanager
def _reachable() -> Iterator[None]:
    """Turn the errors of the letters and of their stores into problems.

    Raises:
        NotFound: there is no such letter.
        Conflict: its record is gone or broken.
        Unavailable: a store cannot be reached, or gives no answer.
        TooManyRequests: a store throttles.
    """
    try:
        yield
    except NoSuchLetter as error:
        raise NotFound(
            "There is no such dead letter. It was redriven, or it never was. GET /operations/dead-letters lists what"
            " there is."
        ) from error
    except UnreachableLetter as error:
        raise Unavailable(f"{error} {error.advice}") from error
    except LetterError as error:
        raise Conflict(f"{error} {error.advice}", code="unreadable") from error
    except (BotoCoreError, ClientError) as error:
        raise _problem(error) from error


def _problem(error: BotoCoreError | ClientError) -> Exception:
    if isinstance(error, ClientError):
        if error.response.get("Error", {}).get("Code") in THROTTLED:
            detail = "The store of the dead letters is throttling. Try again."
            return TooManyRequests(detail, headers={"Retry-After": "1"})
        if error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) < 500:
            return error
    return Unavailable("The dead letters cannot be reached. Whatever was done stays done. Try again.")
