"""No filter, sort or search scans a table: EXPLAIN and the number of rows read prove it.

The tests try every declared filter with several values, and each pair of filters, with every declared sort.
"""

import itertools
import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import Any, get_args, get_type_hints

import msgspec
import pytest

from chalicelib.core.errors import TooCostly
from chalicelib.core.http.endpoint import QueryEndpoint
from chalicelib.core.mysql.connections import Readers, connect
from chalicelib.core.queries.listing import ListParameters, Page
from chalicelib.core.queries.snapshot import snapshot
from chalicelib.core.queries.timeline import TimelineParameters, read_timeline
from chalicelib.core.tokens import Signer
from tests.core.bootstrap import SERVICES
from tests.core.domain.accounts.queries import AccountFilters, get_account, list_accounts
from tests.core.domain.transfers.queries import TransferFilters, get_transfer, list_transfers
from tests.core.queries import bulk
from tests.core.queries.limits import running
from tests.support.domain import NEUTRAL
from tests.support.hostile import asked_without_end
from tests.support.routes import routes
from tests.support.waiting import COMMAND_SECONDS, eventually
from tests.support.watching import Watch

pytestmark = [pytest.mark.database, pytest.mark.slow]

SIGNER = Signer("a secret of at least thirty-two characters")
FEW = 1_500
"""Rows that a page of 50 may read: 1.5 % of the transfers."""
EACH = 6
"""Or so many for each row that the narrowest of its filters leaves, where all of those are read and sorted."""
ALWAYS_READ = "account"
"""The filter whose rows are read in any case, as `list_transfers` says."""
MOST_READ = 5_000
"""Rows that a filter leaves, from which on it does not count as narrow."""
SEARCHED = 3 * bulk.ACCOUNTS
"""Rows that a search may read, mostly of an index alone: to learn how many accounts have a word, or along the list."""
_MIDDLE = datetime(2025, 1, 1, tzinfo=UTC)

Values = Mapping[str, Any]
# For each list, the values of each filter and the number of rows that they leave.
FILTERS: Mapping[str, Mapping[str, Mapping[Any, int]]] = {
    "/transfers": {
        "status": {bulk.RARE_STATUS: 40, "requested": 10_000, "settled": 70_000},
        "owner": {"usr_7": 60, bulk.BUSY_OWNER: 2_100, "usr_NOBODY": 0},
        "account": {"N-77": 20, bulk.POPULAR_ACCOUNT: 2_100, bulk.RARE_ACCOUNT: 30, "N-NONE": 0},
        "reference": {"R5": 1},
        "requested_from": {_MIDDLE: 50_000, datetime(2025, 11, 25, tzinfo=UTC): 200},
        "requested_to": {_MIDDLE: 50_000, datetime(2024, 1, 3, tzinfo=UTC): 300},
        "min_volume": {50_000: 50_000, 99_950: 60},
        "max_volume": {50_000: 50_000, 40: 60},
    },
    "/accounts": {
        "owner": {"usr_7": 20, "usr_NOBODY": 0},
        "min_balance": {5_000: 10_000, 9_990: 40},
    },
}
SEARCHES = ("red", bulk.COMMON_WORD, f"{bulk.RARE_WORD} a", f"{bulk.COMMON_WORD} gold 1", "nowhere", "r re red")
LISTS: Mapping[str, tuple[Callable[..., Page[Any]], type[ListParameters]]] = {
    "/transfers": (list_transfers, TransferFilters),
    "/accounts": (list_accounts, AccountFilters),
}


@pytest.fixture(scope="module")
def many(module_database: str) -> str:
    """Yield a read model of 100,000 transfers."""
    connection = connect(module_database, read_timeout=COMMAND_SECONDS)
    bulk.fill(connection)
    connection.close()
    return module_database


@pytest.fixture(scope="module")
def watch(many: str) -> Iterator[Watch]:
    """Return a watch on the queries of that read model."""
    made = Watch(many)
    yield made
    made.close()


def sorts(path: str) -> tuple[str, ...]:
    """Return the sorts that a list declares."""
    return get_args(get_type_hints(LISTS[path][1])["sort"])


def read(watch: Watch, path: str, sort: str, given: Values) -> int:
    """Return the most rows that the server reads for one of the first two pages."""
    query, parameters = LISTS[path]
    wanted: Any = parameters(sort=sort, **given)  # type: ignore[call-arg]
    return watch.two_pages(
        lambda cursor, following: query(cursor, msgspec.structs.replace(wanted, bookmark=following), SIGNER)
    )


def cases(path: str) -> Iterator[tuple[Values, int]]:
    """Yield no filter, each filter value, and each pair of those, with the rows that a page may read."""
    single = [(name, value, rows) for name, values in FILTERS[path].items() for value, rows in values.items()]
    yield {}, FEW
    for one, other in itertools.combinations_with_replacement(single, 2):
        if one == other or one[0] != other[0]:
            yield {one[0]: one[1], other[0]: other[1]}, allowed({one[0]: one[2], other[0]: other[2]})


def allowed(left: Mapping[str, int]) -> int:
    """Return the rows that a page may read, by the rows that each of its filters leaves."""
    least = left.get(ALWAYS_READ, min(left.values()))
    return FEW + EACH * least if least <= MOST_READ else FEW


def test_every_declared_filter_is_tried() -> None:
    """Every declared list and filter has values above."""
    lists = {route.path: route for route in routes(NEUTRAL) if isinstance(route, QueryEndpoint) and route.is_list}
    assert lists.keys() == LISTS.keys()
    for path, (_, parameters) in LISTS.items():
        declared = {*parameters.__struct_fields__} - {*ListParameters.__struct_fields__, "sort", "q"}
        assert declared == FILTERS[path].keys()


@pytest.mark.parametrize(("path", "sort"), [(path, sort) for path in LISTS for sort in sorts(path)])
def test_filters(watch: Watch, path: str, sort: str) -> None:
    """A page reads few rows, also for rare values and far from the list's begin."""
    costly = [
        f"{given}: {rows:,} rows, {most:,} allowed"
        for given, most in cases(path)
        if (rows := read(watch, path, sort, given)) > most
    ]
    assert not costly, "\n".join(costly)


@pytest.mark.parametrize("sort", sorts("/accounts"))
def test_searches(watch: Watch, sort: str) -> None:
    """A page of a search is read by the keys with the words, or along the list."""
    more: list[Values] = [{}, {"owner": "usr_7"}, {"min_balance": 9_990}]
    costly = [
        f"{q}, {given}: {rows:,} rows"
        for q, given in itertools.product(SEARCHES, more)
        if (rows := read(watch, "/accounts", sort, {"q": q, **given})) > SEARCHED
    ]
    assert not costly, "\n".join(costly)


@pytest.mark.parametrize(
    ("query", "id"),
    [
        (get_transfer, "tra_00050000"),
        (get_transfer, "tra_none"),
        (get_account, "N-77"),
        (get_account, bulk.RARE_ACCOUNT),
    ],
)
def test_single_items(watch: Watch, query: Callable[[Any, str], Any], id: str) -> None:
    """Single items are found by their keys."""
    _, rows = watch(partial(_asked, query, id))
    assert rows <= 500


@pytest.mark.parametrize(
    ("service", "id", "version", "parameters"),
    [
        ("transfers", "tra_00050000", 1, TimelineParameters()),
        ("accounts", bulk.POPULAR_ACCOUNT, bulk.TRANSFERS, TimelineParameters(limit=200)),
        ("accounts", bulk.POPULAR_ACCOUNT, bulk.TRANSFERS, TimelineParameters(before=50_000)),
    ],
)
def test_timelines(watch: Watch, service: str, id: str, version: int, parameters: TimelineParameters) -> None:
    """A page is read by its keys, and so are the requests' other commits, however long the history is."""
    page, rows = watch(
        lambda cursor: read_timeline(
            cursor, service, id, version, parameters, lambda _service, _id, stored: stored, [*SERVICES]
        )
    )
    assert len(page.entries) > parameters.limit or version == 1
    assert rows <= FEW


def _asked(query: Callable[[Any, str], Any], id: str, cursor: Any) -> Any:
    return query(cursor, id)


# The cost of a search: nobody's question takes the server's time from the others.

HOSTILE = (
    "acc acco accou accoun account re red whi white",
    "account red nowhere",
    "a b c d e f g h i j k l m n o p q r s t u v w x y z 0 1 2 3 4 5 6 7 8 9",
    "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27",
    " ".join(f"{letter}{digit}" for letter in "rs" for digit in range(30)),
    "東" * 200,
)


@pytest.mark.parametrize("given", [{}, {"owner": "usr_7"}, {"min_balance": 5_000}], ids=repr)
def test_no_question_costs_more_than_the_limit(many: str, given: Values) -> None:
    """Each question is answered, or ended by the server. Nothing of it runs on afterwards."""
    pool = Readers(many)
    for q, sort in itertools.product(HOSTILE, ("name", "-balance")):
        filters: Any = AccountFilters(q=q, sort=sort, **given)  # type: ignore[arg-type]
        with suppress(TooCostly), snapshot(pool, [], 0, SERVICES, limit_seconds=0.3) as cursor:
            list_accounts(cursor, filters, SIGNER)
        assert eventually(lambda: running(many) == [])
    pool.close()


def test_others_are_served_meanwhile(many: str) -> None:
    """Others are served while hostile questions are asked without a pause, more of them than there are processors."""
    pool = Readers(many, size=16)

    def ask(choose: random.Random) -> None:
        filters = AccountFilters(q=choose.choice(HOSTILE), sort=choose.choice(("name", "-balance")))
        with snapshot(pool, [], 0, SERVICES, limit_seconds=0.5) as cursor:
            list_accounts(cursor, filters, SIGNER)

    with asked_without_end(ask):
        for number in range(100):
            with snapshot(pool, [], 0, SERVICES, limit_seconds=15) as cursor:
                assert get_account(cursor, f"N-{number}") or number % 50 == 49
    pool.close()
