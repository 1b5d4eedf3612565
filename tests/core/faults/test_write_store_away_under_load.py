"""The write store is unreachable again and again under load: 503 meanwhile, and in the end everything agrees."""

import random
import time
from collections.abc import Callable

import pytest

from local.ministack import MiniStack
from tests.core.faults.form import form
from tests.core.faults.store_away import FAULTS, SECONDS, away, whole
from tests.core.faults.whole import NOT_YET, Load, agree
from tests.core.things import account
from tests.support.proxy import Proxy
from tests.support.stack import Stack

pytestmark = [pytest.mark.end_to_end, pytest.mark.slow]

OUTAGES = form(1, 60)


def test_away_again_and_again_under_load(
    distant: Stack, store_proxy: Proxy, write_store: MiniStack, record_property: Callable[[str, object], None]
) -> None:
    """Commands answer 503 and nothing worse. No promise is broken, and in the end everything agrees."""
    chief, chance = distant.client("chief"), random.Random(13)
    number = account(chief)
    with Load(distant, "--queries", "20", rate=60) as loading:
        loading.begun()
        for outage in range(OUTAGES):
            fault = FAULTS[outage % len(FAULTS)]
            time.sleep(chance.uniform(0.5, 3))
            with away(fault, store_proxy, write_store):
                time.sleep(chance.uniform(*SECONDS[fault]))
                refused = chief.patch(f"/accounts/{number}", {"note": f"{outage}"})
                assert refused.problem in {"unavailable", "outcome-unknown"}, refused
        report = loading.report(record_property)
    assert set(report["errors"]["commands"]) <= {"unavailable", "outcome-unknown", "conflict", "wrong-state"}
    assert set(report["errors"]["queries"]) <= NOT_YET
    whole(distant.tables)
    agree(distant)
