"""One record of 1,000 is poison, of each kind: 999 are visible, one is a dead letter, and the fix brings it back."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.core.service import Head
from tests.core.histories import fold
from tests.core.ops.world import World, transfer
from tests.core.reading import base_tables, summaries

pytestmark = pytest.mark.slow

BAD = "tra_0500"


def batch(bad: tuple[str, Head] | None = None) -> list[tuple[str, Head]]:
    """Return a thousand transfers, the one in the middle replaced."""
    made = [transfer(f"tra_{number:04}") for number in range(1000)]
    return [commit if commit[1].id != BAD or bad is None else bad for commit in made]


def letters(world: World) -> dict[str, str]:
    """Return the errors of the dead letters, by id."""
    found = world.ops("dead-letters", "list", "--json").json["dead_letters"]
    return {letter["id"]: letter["error"] for letter in found}


def right(world: World, commits: list[tuple[str, Head]]) -> None:
    """Check that the rows equal the fold, and the summaries the sums. The timeline may also have what was set aside."""
    tables, expected = base_tables(world.url), fold(commits)
    assert tables | {"timeline": expected["timeline"]} == expected
    assert expected["timeline"] <= tables["timeline"]
    kept, sums = summaries(world.url)
    assert kept == sums


@contextmanager
def altered(world: World, *change: str, back: str) -> Iterator[Callable[[], None]]:
    """Change the table of transfers. `mend` undoes the change, and so does the end."""
    mended: list[bool] = []

    def mend() -> None:
        if not mended:
            mended.append(True)
            world.sql(back)

    for statement in change:
        world.sql(statement)
    try:
        yield mend
    finally:
        world.sql("DELETE FROM transfers WHERE LENGTH(reason) > 5")
        mend()


def short_column(world: World) -> Any:
    """Make a column too short for what the domain allows: the mistake of a migration."""
    narrow, wide = (f"ALTER TABLE transfers MODIFY reason VARCHAR({size}) NULL" for size in (5, 500))
    return altered(world, narrow, back=wide)


def constraint(world: World) -> Any:
    """Add a constraint that forbids what the domain allows."""
    made = "ALTER TABLE transfers ADD CONSTRAINT no_reasons CHECK (reason IS NULL OR reason = 'none')"
    return altered(world, made, back="ALTER TABLE transfers DROP CONSTRAINT no_reasons")


KINDS = {"a column too short": (short_column, "reason"), "a broken constraint": (constraint, "no_reasons")}


@pytest.mark.parametrize(("fault", "named"), KINDS.values(), ids=KINDS)
def test_among_a_thousand(world: World, fault: Callable[[World], Any], named: str) -> None:
    """999 are visible, and one is set aside with its error. Later versions follow. The fix completes the timeline."""
    bad, later = transfer(BAD, 1, "requested", reason="changed my mind"), transfer(BAD, 2, "accepted")
    with fault(world) as mend:
        world.commit(*batch(bad))
        assert world.sql("SELECT COUNT(*) FROM transfers") == ((999,),)
        right(world, [commit for commit in batch() if commit[1].id != BAD])
        (error,) = letters(world).values()
        assert named in error
        assert list(letters(world)) == [f"transfers#{BAD}#1"]

        world.commit(later)
        right(world, batch(later))
        mend()
        assert world.ops("dead-letters", "redrive", "--all").code == 0
    assert letters(world) == {}
    right(world, [*batch(bad), later])
    assert world.verify()[1] == []


def test_undecodable_among_a_thousand(world: World) -> None:
    """A state that no code can read is set aside too. No fix brings it back: it is discarded, and the next is shown."""
    bad = ("transfers", replace(transfer(BAD)[1], state={"status": "requested"}))
    world.commit(*batch(bad))
    assert world.sql("SELECT COUNT(*) FROM transfers") == ((999,),)
    assert list(letters(world)) == [f"transfers#{BAD}#1"]
    world.commit(transfer(BAD, 2))
    right(world, batch(transfer(BAD, 2)))
    refused = world.ops("dead-letters", "redrive", "--all", "--json")
    assert (refused.code, [outcome["id"] for outcome in refused.json["refused"]]) == (1, [f"transfers#{BAD}#1"])
    assert world.ops("dead-letters", "discard", "--all", "--yes", "--reason", "no code can read it").code == 0
    assert world.verify()[1] == []


def test_redriven_in_the_right_order(world: World) -> None:
    """Versions 5 and 7 are good; 6, 8 and 9 are poison. First 7 is shown, and after the fix 9, in any order."""
    word = "because of rain"
    statuses = {5: "requested", 6: "accepted", 7: "accepted", 8: "settled", 9: "cancelled"}
    good = {version: transfer(BAD, version, statuses[version]) for version in (5, 7)}
    poison = {version: transfer(BAD, version, statuses[version], reason=word) for version in (6, 8, 9)}
    others = [commit for commit in batch() if commit[1].id != BAD]
    with short_column(world) as mend:
        world.commit(*others[:500], good[5], poison[6], *others[500:])
        right(world, [*others, good[5]])
        world.commit(good[7], poison[8])
        world.commit(poison[9])
        right(world, [*others, good[5], good[7]])
        assert sorted(letters(world)) == [f"transfers#{BAD}#{version}" for version in sorted(poison)]
        mend()
        # The last comes first, and the earlier ones after it must not overwrite it.
        assert world.ops("dead-letters", "redrive", f"transfers#{BAD}#9").code == 0
        right(world, [*others, good[5], good[7], poison[9]])
        assert world.ops("dead-letters", "redrive", "--all").code == 0
        right(world, [*others, *good.values(), *poison.values()])
        assert world.sql(f"SELECT version, status FROM transfers WHERE id = '{BAD}'") == ((9, "cancelled"),)
        assert world.sql("SELECT COUNT(*) FROM timeline") == ((999 + 5,),)
        assert world.verify()[1] == []
