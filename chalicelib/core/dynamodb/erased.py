"""Items, and the images of items, without personal data."""

from collections.abc import Mapping

from msgspec.structs import replace

from chalicelib.core.dynamodb.codec import AttributeValue, Undecodable, encode, item_of, stored_head
from chalicelib.core.service import ERASED, AnyAggregate, NewerSchema, UpcasterFailed


def erased_item(item: Mapping[str, AttributeValue], kind: AnyAggregate) -> dict[str, AttributeValue]:
    """An item of an aggregate without personal data, in the present shape.

    If the item cannot be read or cannot be brought into this shape, nobody can tell what in it is personal. Then its
    state and its events are erased as a whole.
    """
    try:
        head = kind.current(stored_head(item))
    except (Undecodable, NewerSchema, UpcasterFailed, AttributeError, KeyError, TypeError):
        return {name: encode(ERASED) if name in ("state", "events") else value for name, value in item.items()}
    return item_of(replace(head, state=kind.erased_state(head.state), events=kind.erased_events(head.events)))
