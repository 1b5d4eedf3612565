"""Three releases of the accounts and two of the transfers. The newest is the domain of tests/core/domain.

An account of release 1 has `holder`, `title` and `opened`. Release 2 calls the holder `owner`. Release 3 calls the
title `name` and the time `opened_at`. The event AccountOpened changed once, from release 1 to 2. A transfer of release
1 lists its legs as pairs.
"""

from collections.abc import Mapping
from typing import Any

from msgspec import structs
from msgspec.structs import replace

from chalicelib.core.service import Head, Rows, Service, Upcasters
from tests.core.bootstrap import SERVICES

ACCOUNT, HOLD = SERVICES["accounts"].aggregates
(TRANSFER,) = SERVICES["transfers"].aggregates
OLD_EVENT = {"type": "AccountOpened", "data": {"holder": "usr_1", "name": "Ada", "at": "2026-01-01T00:00:00.000Z"}}
PRESENT_EVENT = {
    "type": "AccountOpened",
    "data": {"owner": "usr_1", "name": "Ada", "at": "2026-01-01T00:00:00.000Z"},
    "schema_version": 2,
}
STATES: Mapping[int, Mapping[str, Any]] = {
    1: {"holder": "usr_1", "title": "Ada", "opened": "2026-01-01T00:00:00.000Z", "balance": 7},
    2: {"owner": "usr_1", "title": "Ada", "opened": "2026-01-01T00:00:00.000Z", "balance": 7},
    3: {"owner": "usr_1", "name": "Ada", "opened_at": "2026-01-01T00:00:00.000Z", "balance": 7},
}
"""The same account, as each release stores it."""


def _holder_is_owner(data: dict[str, Any]) -> dict[str, Any]:
    return {**{name: value for name, value in data.items() if name != "holder"}, "owner": data["holder"]}


def _title_is_name(state: dict[str, Any]) -> dict[str, Any]:
    state["name"], state["opened_at"] = state.pop("title"), state.pop("opened")
    return state


def _legs_have_names(state: dict[str, Any]) -> dict[str, Any]:
    return {**state, "legs": [{"account": account, "amount": amount} for account, amount in state["legs"]]}


TO_2: Upcasters = {1: _holder_is_owner}
TO_3: Upcasters = {1: _holder_is_owner, 2: _title_is_name}


def accounts(upcasters: Upcasters, event_upcasters: Upcasters = TO_2) -> Service:
    """Return the accounts' service with these upcasters of its states and of AccountOpened."""
    kind = replace(ACCOUNT, upcasters=upcasters, event_upcasters={"AccountOpened": event_upcasters})
    return replace(SERVICES["accounts"], aggregates=(kind, HOLD))


def _rows_of_release_2(head: Head) -> Rows:
    return SERVICES["accounts"].projection.rows(structs.replace(head, state=_title_is_name(dict(head.state))))


RELEASE_2 = replace(accounts(TO_2), projection=replace(SERVICES["accounts"].projection, rows=_rows_of_release_2))
RELEASE_3 = accounts(TO_3)
TRANSFERS = replace(SERVICES["transfers"], aggregates=(replace(TRANSFER, upcasters={1: _legs_have_names}),))
