"""What the routes of dead letters take and answer. It imports no store, since every function imports the routes."""

import base64
import binascii
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field

from chalicelib.core.errors import NotFound
from chalicelib.core.fields import Body, one_line, pattern
from chalicelib.core.queries.answers import Timestamp, Version
from chalicelib.core.queries.listing import ListParameters

MAX_REASON_CHARACTERS = 1000
MOST_AT_ONCE = 100


def key_of(id: str) -> str:
    """A dead letter's id in a path: base64url, since an id may hold any character, "/" and "#" among them."""
    return base64.urlsafe_b64encode(id.encode()).rstrip(b"=").decode()


def id_of(key: str) -> str:
    """The id of the dead letter at a path.

    Raises:
        NotFound: no dead letter has this key.
    """
    try:
        return base64.urlsafe_b64decode(key + "=" * (-len(key) % 4)).decode()
    except (binascii.Error, ValueError) as error:
        raise NotFound("No dead letter has this id. GET /operations/dead-letters lists what there is.") from error


LetterKey = Annotated[
    str,
    pattern(
        r"^[A-Za-z0-9_-]{1,1300}\Z",
        "the id of a dead letter, as the list has it",
        examples=[key_of("documents#doc_1#2")],
    ),
]
ConsumerName = Annotated[Literal["projector", "reactor"], Meta(description="Who set it aside, and handles it again.")]
ServiceName = Annotated[str, Meta(min_length=1, max_length=32, description="The service whose stream it came from.")]
ErrorKind = Annotated[
    str,
    pattern(r"^[A-Za-z_]\w{0,99}\Z", "the type of an error: letters, digits and _", examples=["NewerSchema"]),
]
ErrorText = Annotated[
    str,
    Meta(min_length=1, max_length=200, description="Text that the error contains. Upper and lower case differ."),
]
Reason = Annotated[str, one_line(MAX_REASON_CHARACTERS)]


class LetterFilters(ListParameters, frozen=True, kw_only=True):
    """Which dead letters are meant."""

    service: ServiceName | None = None
    consumer: ConsumerName | None = None
    kind: ErrorKind | None = None
    error: ErrorText | None = None


class LetterParameters(LetterFilters, frozen=True, kw_only=True):
    """Which dead letters are listed."""

    state: Annotated[
        Literal["open", "discarded"],
        Meta(description="`open`: those that wait for somebody. `discarded`: those that were given up."),
    ] = "open"


class Matching(LetterFilters, frozen=True, kw_only=True):
    """Which open dead letters an action is about: a filter, or all."""

    all: Annotated[bool, Meta(description="True where no filter is given, and all are meant.")] = False
    limit: Annotated[int, Meta(ge=1, le=MOST_AT_ONCE, description="The most letters of this request.")] = MOST_AT_ONCE


class DiscardMatching(Matching, frozen=True, kw_only=True):
    """The dead letters to give up, and why."""

    reason: Reason


class DiscardReason(Body, frozen=True, kw_only=True):
    """Why a dead letter is given up."""

    reason: Annotated[Reason, Meta(description="Why nobody needs the record. It is kept; it must name no person.")]


class DeadLetterSummary(Struct, frozen=True, kw_only=True):
    """A record that was set aside."""

    id: Annotated[str, Meta(description="As it stands in paths.")]
    name: Annotated[str, Meta(description="As `ops dead-letters` names it: service, aggregate, version.")]
    service: str
    aggregate: Annotated[str, Meta(description="The id of the aggregate that the record is about.")]
    version: Annotated[Version | None, Meta(description="Null where the record cannot be decoded.")]
    consumer: ConsumerName
    kind: Annotated[str, Meta(description="The type of the error.")]
    error: Annotated[str, Meta(description="What was wrong with the record. It holds no value of it.")]
    set_aside_at: Timestamp
    redrives: Annotated[int, Meta(ge=0, description="How often it was redriven in vain; 10 stands for more.")]
    discarded_at: Timestamp | None
    discarded_by: str | None
    reason: Annotated[str | None, Meta(description="Why it was discarded. Null while it is open.")]


class EarlierError(Struct, frozen=True, kw_only=True):
    """An error that the record had before it was redriven, in vain."""

    set_aside_at: Timestamp
    error: str
    redriven_at: Timestamp
    redriven_by: str


class DeadLetterDetails(DeadLetterSummary, frozen=True, kw_only=True):
    """A dead letter with its record and its history."""

    history: Annotated[list[EarlierError], Meta(description="Oldest first.")]
    image: Annotated[
        dict[str, Any] | None,
        Meta(description="The item as the record holds it. What is personal, or may be, reads `(erased)`."),
    ]
    image_fault: Annotated[str | None, Meta(description="Why there is no image. Null if there is one.")]


class Redriven(Struct, frozen=True, kw_only=True):
    """A dead letter that was handled. It is gone."""

    id: str
    name: str


class Refused(Struct, frozen=True, kw_only=True):
    """A dead letter that was not handled. It stays."""

    id: str
    name: str
    error: str


class Left(Struct, frozen=True, kw_only=True):
    """What an action on matching letters has left."""

    left: Annotated[
        int, Meta(ge=0, description="Letters that match and were not tried. 1,000 stands for at least so many.")
    ]
    bookmark: Annotated[
        str | None,
        Meta(description="To go on, send the request again with this. Null: all that matched were tried."),
    ] = field(name="cursor")


class RedriveOutcome(Left, frozen=True, kw_only=True):
    """What became of the letters."""

    redriven: Annotated[int, Meta(ge=0, description="Letters that were handled. They are gone.")]
    refused: Annotated[list[Refused], Meta(description="Letters that were not handled. They stay.")]


class DiscardOutcome(Left, frozen=True, kw_only=True):
    """What became of the letters."""

    discarded: Annotated[int, Meta(ge=0, description="Letters that were given up.")]
    refused: Annotated[list[Refused], Meta(description="Letters that could not be given up. They stay.")]
