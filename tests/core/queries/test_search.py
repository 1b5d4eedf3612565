"""Search on the neutral domain: a list finds the same in every way, page by page."""

from functools import partial
from typing import Any

import msgspec
import pytest

from chalicelib.core.errors import Invalid
from chalicelib.core.queries import search
from chalicelib.core.queries.listing import Page
from tests.core.domain.accounts.queries import AccountFilters, list_accounts
from tests.core.histories import account_state, head
from tests.core.queries.world import World, ids

pytestmark = pytest.mark.database

NAMES = (
    "Ada Lovelace",
    "ada byron",
    "Grace Hopper",
    "Adá King",
    "東京の口座",
    "Hopper's own",
    "Alan Turing",
    "Anna Ardent",
)
WAYS: dict[str, dict[str, Any]] = {"driven": {}, "walked": {"MOST_SORTED": 0}}


@pytest.mark.parametrize("way", WAYS)
def test_every_way_finds_the_same(world: World, way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A search that begins with the words, or reads along the list, finds the same, both ways, with other filters."""
    for name, value in WAYS[way].items():
        monkeypatch.setattr(search, name, value)
    world.project("accounts", *(head(f"A{n}", 1, account_state(name=name)) for n, name in enumerate(NAMES)))
    for q, expected in (
        ("ada", [0, 1, 3]),
        ("ADA kin", [3]),
        ("hop", [2, 5]),
        ("京の", [4]),
        ("口座", [4]),
        ("a", [0, 1, 3, 6, 7]),  # the last only once, although two of its words begin like this
        ("an", [7]),
        ("ada turing", []),
        ("ovelace", []),
    ):
        wanted = AccountFilters(q=q, limit=2)
        assert ids(world.all_pages(partial(_page, world, wanted))) == [f"A{n}" for n in expected], q
    assert ids(world.ask(list_accounts, AccountFilters(q="hopper", owner="usr_2"), world.signer).items) == []
    for sort in ("name", "-name"):
        found = ids(world.ask(list_accounts, AccountFilters(q="hopper", sort=sort), world.signer).items)
        assert sorted(found) == ["A2", "A5"]


def _page(world: World, filters: AccountFilters, cursor: Any, following: str | None) -> Page[Any]:
    return list_accounts(cursor, msgspec.structs.replace(filters, bookmark=following), world.signer)


def test_words_follow_the_name(world: World) -> None:
    """A change removes words that are gone. A row that is only its key may be written again."""
    world.project("accounts", head("A", 1, account_state(name="Red lantern")))
    world.project("accounts", head("A", 2, account_state(name="Red mug")))
    world.project("accounts", head("A", 2, account_state(name="Red mug")))
    found = {
        q: ids(world.ask(list_accounts, AccountFilters(q=q), world.signer).items) for q in ("red", "mug", "lantern")
    }
    assert found == {"red": ["A"], "mug": ["A"], "lantern": []}


def test_nothing_to_search_for(world: World) -> None:
    """It is a 422 that names the parameter."""
    with pytest.raises(Invalid) as caught:
        world.ask(list_accounts, AccountFilters(q="-- ++"), world.signer)
    assert [fault.parameter for fault in caught.value.faults] == ["q"]
