"""Heads as items. The conformance suite of the write store sends them through DynamoDB."""

from typing import Any

import pytest

from chalicelib.core.dynamodb.codec import Undecodable, item_of, stored_head
from tests.core.histories import head

HEAD = head("acc_1", 1, {"name": "Ada"}, correlation="abc-1", trace="Root=1-x;Parent=y;Sampled=1")


def test_what_may_be_missing() -> None:
    """Items without an origin, from earlier releases, and untraced ones are valid."""
    plain = head("acc_1", 1, {"name": "Ada"})
    assert {"correlation", "trace"}.isdisjoint(item_of(plain))
    assert stored_head(item_of(plain)) == plain
    assert stored_head(item_of(HEAD)) == HEAD


@pytest.mark.parametrize("name", ["id", "version", "state", "events", "commit", "actor", "command", "at"])
def test_what_may_not(name: str) -> None:
    """Without any other attribute, an item is not ours, and the message names the attribute."""
    item = item_of(HEAD)
    del item[name]
    with pytest.raises(Undecodable, match=name):
        stored_head(item)


@pytest.mark.parametrize("name", ["correlation", "trace", "actor"])
@pytest.mark.parametrize("value", [{"N": "1"}, {"NULL": True}, {"M": {}}])
def test_another_type(name: str, value: Any) -> None:
    """An attribute of another type is refused, whether it may be missing or not."""
    with pytest.raises(Undecodable, match=name):
        stored_head({**item_of(HEAD), name: value})
