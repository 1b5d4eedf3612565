"""Which aggregates belong to a person: quickly by the read model, and for certain by a scan of the tables."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

import msgspec

from chalicelib.core.dynamodb.codec import stored_head
from chalicelib.core.projector import sql
from chalicelib.core.projector.generations import in_use
from chalicelib.core.service import CLAIM_PREFIX, ITSELF, AnyAggregate, Head, Service, UnknownAggregate, is_head
from chalicelib.core.streams.poison import Poisonous, of_the_record
from ops.verify.sides import Item, Items

if TYPE_CHECKING:
    from pymysql.connections import Connection
    from pymysql.cursors import Cursor

_KEY_PREFIX = f"{CLAIM_PREFIX}key#"


class Unreadable(Exception):
    """An item that names the person cannot be read, so nobody can tell what of it is personal."""


def personal_kinds(service: Service) -> Sequence[AnyAggregate]:
    """The kinds of aggregates of a service that hold personal data."""
    return [kind for kind in service.aggregates if kind.personal]


def personal_kind(service: Service, id: str) -> AnyAggregate | None:
    """The kind of an id, if it holds personal data."""
    try:
        kind = service.aggregate(id)
    except UnknownAggregate:
        return None
    return kind if kind.personal else None


def by_read_model(connection: "Connection[Cursor]", service: Service, person: str) -> list[str]:
    """The ids of the aggregates that belong to a person by their rows.

    Args:
        connection: to the writer, in autocommit mode.
        service: whose rows to search. Kinds without rows, or whose rows lack the person, are left to the scan.
        person: the id.
    """
    connection.query("START TRANSACTION")
    root = in_use(connection, service).projections[0].root
    found: list[str] = []
    for column in {_column(kind, root.key[0]) for kind in personal_kinds(service)} & set(root.columns):
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT {root.key[0]} FROM {root.physical_name} WHERE {column} = {sql.text_literal(person)}"
                f" ORDER BY {root.key[0]}"
            )
            found += [id for (id,) in cursor.fetchall()]
    connection.query("COMMIT")
    return found


def _column(kind: AnyAggregate, key: str) -> str:
    if kind.personal is None or not kind.projected:
        return ""
    return key if kind.personal.person == ITSELF else kind.personal.person


class Owned(NamedTuple):
    """An aggregate that belongs to the person: its head, and whether the item holds personal data."""

    head: Head
    dirty: bool


def belongs(service: Service, item: Item, person: str) -> Owned | None:
    """The aggregate of an item that belongs to a person; None for another item.

    Raises:
        Unreadable: see there.
    """
    kind = personal_kind(service, item["id"]["S"])
    if kind is None or kind.personal is None or not (item["id"]["S"] == person or mentions(item, person)):
        return None
    try:
        with of_the_record():
            stored = stored_head(item)
            head = kind.current(stored)
            dirty = _without_personal_data(kind, head) != (stored.state, list(stored.events))
    except Poisonous as error:
        raise Unreadable(str(error)) from error
    return Owned(head, dirty) if kind.personal.person_of(head.id, head.state) == person else None


def _without_personal_data(kind: AnyAggregate, head: Head) -> tuple[Mapping[str, Any], list[Mapping[str, Any]]]:
    """The state and the events as a commit that erases them stores them: in the present shape, with no other field."""
    state = msgspec.to_builtins(kind.erased(kind.state_of(head)))
    state.pop("deleted", None)
    return state, kind.erased_events(head.events)


@dataclass
class Scanned:
    """What a scan of a service's table found.

    Attributes:
        ids: of the aggregates that belong to the person and are not known, or hold personal data again.
        claims: items of claims with personal values, of aggregates that are known.
        kept_responses: how many responses under idempotency keys name the person.
        kept_until: when the last of them expires, in Unix seconds.
        unreadable: ids of items that name the person and cannot be read, each with the error.
    """

    ids: list[str] = field(default_factory=list)
    claims: list[Item] = field(default_factory=list)
    kept_responses: int = 0
    kept_until: int = 0
    unreadable: dict[str, str] = field(default_factory=dict)


class PersonScan:
    """Searches a service's table for a person.

    Args:
        service: whose table.
        items: the table.
        person: the id.
        known: whether the aggregate of an id was erased in this run.
    """

    def __init__(self, service: Service, items: Items, person: str, known: Callable[[str], bool]) -> None:
        self._service = service
        self._items = items
        self._person = person
        self._known = known
        self._claims = {claim for kind in personal_kinds(service) if kind.personal for claim in kind.personal.claims}
        self._own_keys = f"{_KEY_PREFIX}{quote(person, safe='')}#"

    def part(self, segment: int, segments: int, advance: Callable[[int], None]) -> Scanned:
        """Search one part of the table."""
        found = Scanned()
        for items in self._items.parts(segment, segments):
            for item in items:
                self._look(item, found)
            advance(len(items))
        return found

    def _look(self, item: Item, found: Scanned) -> None:
        id = item["id"]["S"]
        if id.startswith(_KEY_PREFIX):
            if id.startswith(self._own_keys) or self._answers_about(item):
                found.kept_responses += 1
                found.kept_until = max(found.kept_until, int(item["expires_at"]["N"]))
        elif id.startswith(CLAIM_PREFIX):
            kind = id.removeprefix(CLAIM_PREFIX).partition("#")[0]
            if kind in self._claims and self._known(item.get("owner", {}).get("S", "")):
                found.claims.append(item)
        elif is_head(id):
            try:
                owned = belongs(self._service, item, self._person)
                if owned and (owned.dirty or not self._known(id)):
                    found.ids.append(id)
            except Unreadable as error:
                found.unreadable[id] = str(error)

    def _answers_about(self, item: Item) -> bool:
        """Whether a kept response names the person, or is about one of the person's aggregates."""
        try:
            body = msgspec.json.decode(item["response"]["M"]["body"]["S"])
        except (KeyError, TypeError, msgspec.DecodeError):
            return False
        return mentions(body, self._person) or (isinstance(body, dict) and self._known(str(body.get("id"))))


def mentions(value: Any, text: str) -> bool:
    """Whether an item, or any plain data, holds exactly this text anywhere."""
    if isinstance(value, Mapping):
        return any(mentions(each, text) for each in value.values())
    if isinstance(value, list):
        return any(mentions(each, text) for each in value)
    return bool(value == text)


def merged(parts: Iterator[Scanned]) -> Scanned:
    """The parts of a scan together."""
    whole = Scanned()
    for part in parts:
        whole.ids += part.ids
        whole.claims += part.claims
        whole.kept_responses += part.kept_responses
        whole.kept_until = max(whole.kept_until, part.kept_until)
        whole.unreadable |= part.unreadable
    return whole
