"""All pages together are the whole list, in order, even if items are inserted meanwhile."""

import itertools
from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import msgspec
import pytest

from chalicelib.core.errors import Malformed
from chalicelib.core.mysql.connections import connect
from chalicelib.core.queries.listing import Bookmark, ListParameters, Page, Sort, SortKey, Where, read_page
from tests.core.domain.accounts.queries import AccountFilters, list_accounts
from tests.core.domain.transfers.queries import TransferFilters, list_transfers
from tests.core.histories import START, iso
from tests.core.queries.world import World, ids, page_of

pytestmark = pytest.mark.database

NAMES = ("Ada", "ada", "Äda", "Bob", "bob", "Carla")  # the names are equal under the collation, too
COUNT = 24


def fill(world: World) -> None:
    """Project rows with many ties in every sort: a few values each, and equal names in several spellings."""
    world.transfers(
        {
            f"tra_{n:02}": {
                "owner": f"usr_{n % 6}",
                "requested_at": iso(START - timedelta(days=n % 4)),
                "status": ("accepted", "requested", "settled")[n % 3],
                "legs": [(f"N{n % 9}", -100 * (1 + n % 2)), (f"N{n % 5}", 100 * (1 + n % 2))],
            }
            for n in range(COUNT)
        }
    )
    for n in range(12):
        world.account(f"N{n}", name=NAMES[n % 6], balance=100 * (n % 3), deleted=n == 7)


@pytest.fixture(scope="module")
def filled(module_database: str) -> Iterator[World]:
    """Return a read model that these tests only read."""
    world = World(module_database)
    fill(world)
    yield world
    world.close()


TRANSFER_SORTS: tuple[Any, ...] = ("requested_at", "-requested_at", "volume", "-volume")
ACCOUNT_SORTS: tuple[Any, ...] = ("id", "name", "-name", "balance", "-balance")
List = Callable[..., Page[Any]]
LISTS: list[tuple[List, ListParameters]] = [
    *((list_transfers, TransferFilters(sort=sort)) for sort in TRANSFER_SORTS),
    *((list_transfers, TransferFilters(sort=sort, account="N2")) for sort in TRANSFER_SORTS),
    *((list_transfers, TransferFilters(sort=sort, status="requested")) for sort in TRANSFER_SORTS),
    *((list_accounts, AccountFilters(sort=sort)) for sort in ACCOUNT_SORTS),
    *((list_accounts, AccountFilters(sort=sort, min_balance=100)) for sort in ACCOUNT_SORTS),
]


@pytest.mark.parametrize(
    ("page", "parameters"), LISTS, ids=lambda value: getattr(value, "__name__", None) or repr(value)
)
def test_all_pages_are_the_whole_list(filled: World, page: List, parameters: ListParameters) -> None:
    """Pages of any size give the same list as one large page, and the last page has no next."""
    filled.check_pages(partial(page, signer=filled.signer), parameters)


@pytest.mark.parametrize("sort", TRANSFER_SORTS)
@pytest.mark.parametrize("account", [None, "N2"])
def test_inserts_between_pages_move_nothing(world: World, sort: Any, account: str | None) -> None:
    """Every earlier item is listed once and in its place, while others are inserted before and after it."""
    fill(world)
    filters = TransferFilters(sort=sort, account=account, limit=2)
    before = world.ask(list_transfers, msgspec.structs.replace(filters, limit=200), world.signer).items
    numbers = itertools.count()

    def insert() -> None:
        n = next(numbers)
        if n < 8:
            day = iso(START - timedelta(days=n % 5))
            for amount in (50 * n + 1, 100, 1000 + n):
                state = {"requested_at": day, "legs": [("N2", -amount), ("N3", amount)]}
                world.transfers({f"tra_0{n}-{amount}x": state, f"tra_1{n}-{amount}x": state})

    read = world.all_pages(partial(page_of, partial(list_transfers, signer=world.signer), filters), between=insert)
    assert [transfer for transfer in read if not transfer.id.endswith("x")] == before
    assert any(transfer.id.endswith("x") for transfer in read)


def test_a_cursor_of_another_list_is_refused(filled: World) -> None:
    """A list's cursor with other filters or another sort, or sent to another list, is a 400."""
    cursor = filled.ask(list_transfers, TransferFilters(limit=1), filled.signer).next_bookmark
    for filters in (
        TransferFilters(bookmark=cursor, sort="requested_at"),
        TransferFilters(bookmark=cursor, owner="usr_1"),
        TransferFilters(bookmark=f"{cursor}x"),
    ):
        with pytest.raises(Malformed, match="cursor"):
            filled.ask(list_transfers, filters, filled.signer)
    with pytest.raises(Malformed, match="cursor"):
        filled.ask(list_accounts, AccountFilters(bookmark=cursor), filled.signer)


def test_ones_own_cursor_is_no_key_to_anothers_list(filled: World) -> None:
    """The owner to whom a list is limited is part of what its cursors belong to."""
    own = filled.ask(list_transfers, TransferFilters(owner="usr_1", limit=1), filled.signer).next_bookmark
    with pytest.raises(Malformed, match="cursor"):
        filled.ask(list_transfers, TransferFilters(owner="usr_2", bookmark=own), filled.signer)


def test_sums_beyond_64_bits_paginate(world: World) -> None:
    """A sum beyond 64 bits is compared exactly, and not as a float."""
    largest = 10**20
    with connect(world.url) as connection, connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO owner_activity (owner, transfers, volume) VALUES (%s, 1, %s)",
            [(f"usr_{n}", largest + n) for n in range(5)],
        )
    sort = Sort((SortKey("volume", "volume"), SortKey("owner", "owner")), descending=True)

    def page(cursor: Any, following: str | None) -> Page[int]:
        bookmark = Bookmark(world.signer, "activity", ListParameters(limit=1, bookmark=following))
        select = "SELECT owner, volume FROM owner_activity"
        return read_page(cursor, select, Where(), sort, bookmark, 1, lambda row: int(Decimal(row["volume"])))

    assert world.all_pages(page) == [largest + n for n in (4, 3, 2, 1, 0)]


def test_tombstones_are_hidden_from_lists(filled: World) -> None:
    """The row exists, but no list shows it."""
    listed = ids(filled.ask(list_accounts, AccountFilters(limit=200), filled.signer).items)
    assert "N6" in listed
    assert "N7" not in listed
