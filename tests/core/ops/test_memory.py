"""A thread of a scan holds few decoded items at a time: a page of small items would have 20 MB and more."""

import weakref
from dataclasses import replace
from typing import Any

import pytest

from ops.verify import sides
from ops.verify.scanning import decoded, scan
from tests.core.histories import SERVICES
from tests.core.ops.test_rebuild import plan, rebuild
from tests.core.ops.world import World, transfer

ORDERS, PAGE, PART = 40, 20, 2


class Watched(dict[str, Any]):
    """An item that can be asked whether it still exists."""


def test_items_are_decoded_part_by_part(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """While a part is decoded, the one before may still exist, and no other, in a rebuild and its verification."""
    seen: list[weakref.ref[Watched]] = []
    most = 0

    def watched(raw: Any) -> Watched:
        nonlocal most
        item = Watched(decoded(raw))
        seen.append(weakref.ref(item))
        most = max(most, sum(ref() is not None for ref in seen))
        return item

    monkeypatch.setattr(sides, "decoded", watched)
    monkeypatch.setattr(sides, "scan", lambda client, **request: scan(client, **request, Limit=PAGE))
    monkeypatch.setattr(sides, "ITEMS_AT_ONCE", PART)
    world.write(*(transfer(f"tra_{number}") for number in range(ORDERS)))
    outcome = rebuild(replace(plan(world, services=[SERVICES["test-transfers"]]), segments=1))
    assert outcome.swapped
    assert len(seen) == 2 * ORDERS
    assert most <= 2 * PART
