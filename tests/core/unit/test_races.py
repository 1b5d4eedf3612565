"""Lost races are counted by the pipeline. tests/core/http/test_races.py has real races."""

from collections.abc import Sequence
from typing import Any

import pytest

from chalicelib.core.commands.pipeline import TRIES, Envelope, handle
from chalicelib.core.commands.store import Commit, KeptResponse, LostRace
from chalicelib.core.errors import Conflict
from chalicelib.core.service import Head
from chalicelib.core.telemetry import log
from tests.core.bootstrap import SERVICES
from tests.core.domain.accounts.commands import Open

AT = "2026-01-02T03:04:05.000Z"
OPEN = Envelope("accounts.open", Open(at=AT, owner="usr_1", name="Ada"), ("N-1",), "clerk", AT)


class Racing:
    """An empty write store whose first commits lose the race."""

    def __init__(self, lost: int) -> None:
        self._lost = lost

    def load(self, ids: Sequence[str]) -> dict[str, Head]:
        """See WriteStore.load."""
        return {}

    def commit(self, commit: Commit) -> None:
        """See WriteStore.commit."""
        self._lost -= 1
        if self._lost >= 0:
            raise LostRace

    def kept_response(self, claim_id: str, now: int) -> KeptResponse | None:
        """See WriteStore.kept_response."""
        return None


@pytest.mark.parametrize("lost", [0, 2])
def test_won_in_the_end(lost: int, logged: list[dict[str, Any]]) -> None:
    """Each lost race counts. A command that loses none logs nothing."""
    with log.counting("command", {"Service": "accounts"}):
        handle(SERVICES["accounts"], Racing(lost), OPEN, lambda _: {})
    assert [line["CommandConflicts"] for line in logged] == [lost] * bool(lost)


def test_lost_for_good(logged: list[dict[str, Any]]) -> None:
    """A command that gives up counts all its races."""
    with pytest.raises(Conflict), log.counting("command", {"Service": "accounts"}):
        handle(SERVICES["accounts"], Racing(TRIES), OPEN, lambda _: {})
    assert [line["CommandConflicts"] for line in logged] == [TRIES]
