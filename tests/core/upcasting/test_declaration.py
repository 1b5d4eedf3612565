"""Valid declarations, and the limits of an upcaster."""

from collections.abc import Mapping
from typing import Any

import pytest
from msgspec import structs
from msgspec.structs import replace

from chalicelib.core.service import Head, NewerSchema, UpcasterFailed
from chalicelib.core.service.personal import ERASED
from tests.core.histories import head
from tests.core.upcasting.releases import ACCOUNT, OLD_EVENT, PRESENT_EVENT, STATES, TO_2, TO_3


def stored(release: int, **changes: Any) -> Head:
    """An account as a release stored it."""
    return structs.replace(head("A", 1, dict(STATES[release]), schema_version=release), **changes)


@pytest.mark.parametrize("keys", [(2,), (1, 3), (0, 1)])
@pytest.mark.parametrize("field", ["upcasters", "event_upcasters"])
def test_a_version_is_left_out(keys: tuple[int, ...], field: str) -> None:
    """Without an upcaster from each version, the declaration is an error at once."""
    chain = dict.fromkeys(keys, dict)
    declared: Mapping[Any, Any] = chain if field == "upcasters" else {"AccountOpened": chain}
    with pytest.raises(ValueError, match="there must be one from each version"):
        replace(ACCOUNT, **{field: declared})


@pytest.mark.parametrize("release", [1, 2, 3])
def test_a_chain(release: int) -> None:
    """From any version, the state ends in the newest. The stored state is not changed."""
    kind = replace(ACCOUNT, upcasters=TO_3)
    before = stored(release)
    assert kind.current(before).state == STATES[3]
    assert kind.current(before).schema_version == 3
    assert before.state == STATES[release]


def test_nothing_to_do() -> None:
    """A head in the present shape is passed on as it is."""
    present = stored(3, events=[PRESENT_EVENT])
    assert replace(ACCOUNT, upcasters=TO_3, event_upcasters={"AccountOpened": TO_2}).current(present) is present


def test_events() -> None:
    """Each event has the version of its own type."""
    kind = replace(ACCOUNT, event_upcasters={"AccountOpened": TO_2})
    other = {"type": "MoneyDeposited", "data": {"amount": 1}}
    assert list(kind.current(stored(1, events=[OLD_EVENT, other])).events) == [PRESENT_EVENT, other]
    with pytest.raises(NewerSchema, match="the event MoneyDeposited of account A has schema version 2"):
        kind.current(stored(1, events=[{**other, "schema_version": 2}]))


@pytest.mark.parametrize(
    ("version", "upcaster", "why"),
    [
        (0, dict, "the first version is 1"),
        (1, lambda _: None, "returned NoneType, not dict"),
        (1, list, "not dict"),
    ],
)
def test_what_fails(version: int, upcaster: Any, why: str) -> None:
    """An unknown version fails, and so does an upcaster that returns something else."""
    kind = replace(ACCOUNT, upcasters={1: upcaster})
    with pytest.raises(UpcasterFailed, match=why):
        kind.current(stored(1, schema_version=version))


def test_no_memory() -> None:
    """A lack of the process is not the fault of the data."""

    def exhausted(_state: dict[str, Any]) -> dict[str, Any]:
        raise MemoryError

    with pytest.raises(MemoryError):
        replace(ACCOUNT, upcasters={1: exhausted}).current(stored(1))


def test_erasure() -> None:
    """Events of an earlier version are converted first. If that fails, all their data are erased."""
    kind = replace(ACCOUNT, event_upcasters={"AccountOpened": TO_2})
    newer = {**OLD_EVENT, "schema_version": 9}
    erased, unknown = kind.erased_events([OLD_EVENT, newer])
    assert erased == {**PRESENT_EVENT, "data": {"owner": "usr_1", "name": ERASED, "at": "2026-01-01T00:00:00.000Z"}}
    assert unknown == {**newer, "data": {"holder": ERASED, "name": ERASED, "at": ERASED}}
