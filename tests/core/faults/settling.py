"""Waits until the saga is at rest and the read model has caught up. They last as long as there is progress."""

import time

from chalicelib.core.service import is_head
from local.ports import wait_until
from tests.core.domain.accounts.domain import hold_id
from tests.core.reading import query
from tests.core.rest import AT_REST
from tests.support.stack import Stack
from tests.support.stores import Tables
from tests.support.waiting import PATIENT_SECONDS


def come_to_rest(stack: Stack) -> None:
    """Wait until every transfer is answered, and the read model shows the newest version of every aggregate."""
    least, deadline = None, time.monotonic() + PATIENT_SECONDS
    while left := [*unanswered(stack.tables), *behind(stack)]:
        if least is None or len(left) < least:
            least, deadline = len(left), time.monotonic() + PATIENT_SECONDS
        assert time.monotonic() < deadline, f"no progress any more; {len(left)} are left, such as {left[:5]}"
        time.sleep(0.3)


def unanswered(tables: Tables) -> list[str]:
    """Return the transfers that the saga has not finished."""
    holds = _statuses(tables, "accounts")
    transfers = _statuses(tables, "transfers")
    return [id for id, status in transfers.items() if holds.get(hold_id(id)) not in AT_REST[status]]


def await_answers(url: str) -> None:
    """Wait while the number of unanswered transfers falls. The rows tell it: a scan would slow down the saga."""
    left: list[int] = []

    def count_changed() -> bool:
        ((now_left,),) = query(url, "SELECT COUNT(*) FROM transfers WHERE status = 'requested'")
        changed = not now_left or now_left not in left[-1:]
        left.append(now_left)
        return changed

    while not left or left[-1]:
        assert wait_until(count_changed, PATIENT_SECONDS, pause=1), f"{left[-1]} transfers stay without an answer"


def _statuses(tables: Tables, service: str) -> dict[str, str]:
    states = ((item["id"]["S"], item.get("state", {}).get("M", {})) for item in tables.items(service))
    return {id: state["status"]["S"] for id, state in states if "status" in state}


def behind(stack: Stack) -> list[str]:
    """Return the aggregates whose newest version the read model does not show."""
    missing = []
    for name, service in stack.tables.domain.services.items():
        root = service.projection.root
        shown = dict(query(stack.database_url, f"SELECT {root.key[0]}, version FROM {root.name}"))
        for item in stack.tables.items(name):
            id = item["id"]["S"]
            if is_head(id) and service.projects(id) and shown.get(id) != int(item["version"]["N"]):
                missing.append(id)
    return missing
