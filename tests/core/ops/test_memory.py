"""A thread of a scan holds only one page at a time: a page of small items has 20 MB and more when decoded."""

import weakref
from dataclasses import replace
from typing import Any

import pytest

from ops.verify import sides
from ops.verify.scanning import scan
from tests.core.histories import SERVICES
from tests.core.ops.test_rebuild import plan, rebuild
from tests.core.ops.world import World, transfer

ORDERS = 9


class Watched(dict[str, Any]):
    """An item that can be asked whether it still exists."""


def test_a_page_is_let_go_before_the_next_is_asked_for(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """This is true for the rebuild's scan and its verification. Reference counts suffice, without a collector."""
    seen: list[weakref.ref[Watched]] = []

    def watched(client: Any, **request: Any) -> dict[str, Any]:
        assert not [item for item in (ref() for ref in seen) if item is not None]
        answer = scan(client, **request, Limit=2)
        answer["Items"] = [Watched(item) for item in answer["Items"]]
        seen.extend(map(weakref.ref, answer["Items"]))
        return answer

    monkeypatch.setattr(sides, "scan", watched)
    world.write(*(transfer(f"tra_{number}") for number in range(ORDERS)))
    outcome = rebuild(replace(plan(world, services=[SERVICES["test-transfers"]]), segments=1))
    assert outcome.swapped
    assert len(seen) == 2 * ORDERS
