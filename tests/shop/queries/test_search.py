"""Search on real rows: the results, their order, every way of searching, and the cost."""

import itertools
import random
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from functools import cache, partial
from typing import Any
from unicodedata import normalize

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.bootstrap import SERVICES
from chalicelib.catalog.queries import ProductFilters, get_product, list_products
from chalicelib.core.errors import Invalid, TooCostly
from chalicelib.core.mysql.connections import Readers, connect
from chalicelib.core.queries import search
from chalicelib.core.queries.listing import Page
from chalicelib.core.queries.snapshot import snapshot
from chalicelib.core.words import beginnings
from chalicelib.customers.queries import CustomerFilters, list_customers
from chalicelib.orders import queries
from chalicelib.orders.answers import OrderFilters
from chalicelib.orders.queries import list_orders
from tests.core.queries.limits import running
from tests.core.unit.test_words import FORMS, NAMES, WORDY
from tests.shop.histories import START, iso
from tests.shop.queries import bulk
from tests.shop.queries.world import World, ids
from tests.support.hostile import asked_without_end
from tests.support.stores import fresh_database
from tests.support.waiting import COMMAND_SECONDS, eventually

pytestmark = [pytest.mark.database, pytest.mark.slow]


def find(world: World, q: str, **filters: Any) -> list[str]:
    """Return the ids of the orders found, oldest first."""
    wanted = OrderFilters(q=q, **{"sort": "placed_at", **filters})
    return ids(world.ask(list_orders, wanted, world.signer).items)


def find_products(world: World, q: str) -> list[str]:
    """Return the SKUs of the products found."""
    return [item.sku for item in world.ask(list_products, ProductFilters(q=q, limit=200), world.signer).items]


def find_customers(world: World, q: str) -> list[str]:
    """Return the ids of the customers found."""
    return ids(world.ask(list_customers, CustomerFilters(q=q, limit=200), world.signer, "GBP").items)


def test_an_order_is_found_by_all_that_people_know_of_it(world: World) -> None:
    """An order is found by reference, customer's name and address, SKU, products' names, and beginnings, any case."""
    world.customer("cus_1", name="Grace O'Hopper", email="grace@navy.example")
    world.customer("cus_2", name="Alan Turing")
    world.product("85123A", name="WHITE HANGING T-LIGHT HOLDER")
    world.product("REX-90", name="Crème brûlée dish")
    world.order("ord_1", reference="INV-536365", lines=[("85123A", 1, 255), ("REX-90", 1, 100)])
    world.order("ord_2", reference="INV-777", customer_id="cus_2")
    for q in (
        "536365",
        "5363",
        "inv-536",
        "INV-536365",
        "grace",
        "hopper Grace",
        "grace@navy.example",
        "85123a",
        "8512",
        "rex-90",
        "hanging holder",
        "T-LIGHT",
        "creme BRULEE",
        "Brûlée",
        "grace 90 inv white",
    ):
        assert find(world, q) == ["ord_1"], q
    assert find(world, "inv") == ["ord_1", "ord_2"]
    for q in ("hanging turing", "36365", "olders", "inv nothing"):
        assert find(world, q) == [], q


def test_every_word_is_asked_for(world: World) -> None:
    """Every word has to match, even a short or common one."""
    world.product("A", name="SET OF 6 T-LIGHTS IN THE BOX")
    assert find_products(world, "set of 6 t-lights in the box") == ["A"]
    assert find_products(world, "the box o") == ["A"]
    assert find_products(world, "the box from 6") == []


def test_present_names_count(world: World) -> None:
    """The present names of customers and products count, not those of the order's time. A tombstone keeps its name."""
    world.customer(name="Ada Byron")
    world.product("A", name="Lantern")
    world.order()
    world.customer(version=2, name="Ada Lovelace")
    world.product("A", 2, name="Lamp")
    assert find(world, "lovelace lamp") == ["ord_1"]
    assert find(world, "byron") == find(world, "lantern") == []
    world.customer(version=3, name="Ada Lovelace", deleted=True)
    assert find(world, "lovelace") == ["ord_1"]
    assert find_customers(world, "lovelace") == []


def test_an_order_before_its_product_and_its_customer(world: World) -> None:
    """An order is found by its reference at once, and by the other items' words once these exist."""
    world.order(reference="R-7")
    assert find(world, "r-7") == ["ord_1"]
    assert find(world, "product") == find(world, "ada") == []
    world.product("A")
    world.customer()
    assert find(world, "r-7 product ada") == ["ord_1"]


def test_nothing_to_search_for_is_said(world: World) -> None:
    """A text without any word is a 422 that names the parameter, since an empty list would be misleading."""
    for listed in (find, find_products, find_customers):
        for q in (" ", "-+*", "😀😀", "\u0301", "\ud800"):
            with pytest.raises(Invalid) as caught:
                listed(world, q)
            assert [fault.parameter for fault in caught.value.faults] == ["q"]


def test_names_in_every_script_find_their_things(world: World) -> None:
    """Project a customer, a product and an order for each name, in every normal form."""
    for number, name in enumerate(NAMES):
        world.customer(f"cus_{number}", name=name)
        world.product(f"SKU{number}", name=name)
        world.order(f"ord_{number}", customer_id="cus_none", lines=[(f"SKU{number}", 1, 1)])
        world.order(f"ord_c{number}", customer_id=f"cus_{number}", lines=[("none", 1, 1)])
    for number, name in enumerate(NAMES):
        for form in FORMS:
            typed = normalize(form, name)
            assert f"cus_{number}" in find_customers(world, typed), name
            assert f"SKU{number}" in find_products(world, typed), name
            assert {f"ord_{number}", f"ord_c{number}"} <= set(find(world, typed, limit=200)), name


@settings(max_examples=15)
@given(st.lists(WORDY.map(lambda text: text[:60].strip() or "x"), min_size=1, max_size=12))
def test_any_name_finds_its_product_or_is_refused(world: World, names: list[str]) -> None:
    """An item is found by its own name, or the answer is 422, on the server as in Python."""
    version = next(_versions)
    for number, name in enumerate(names):
        world.product(f"P{number}", version, name=name)
    for number, name in enumerate(names):
        if beginnings(name):
            assert f"P{number}" in find_products(world, name)
        else:
            with pytest.raises(Invalid):
                find_products(world, name)


_versions = iter(range(1, 10_000))


@given(q=st.text(st.characters(codec=None), max_size=40) | st.text("ab +-*\"()~@<>%'\\\x00_thé😀\u0301", max_size=40))
def test_no_text_upsets_the_server(shared_world: World, q: str) -> None:
    """Every text gets an answer or a refusal of ours, and never an SQL error."""
    try:
        found = find(shared_world, q)
    except Invalid:
        return
    assert found in ([], ["ord_1"])


# All ways give the same answer: Python's own search, and the lists, page by page.


_CUSTOMERS = ("Ada Lovelace", "Grace Hopper", "Ada Hopper", "Alan Turing")
_PRODUCTS = ("Red lantern", "White lantern", "Red mug", "東京の鞄", "Hopper of mugs")


@pytest.fixture(scope="module")
def shop(mysql_server: str) -> Iterator[World]:
    """Project sixty orders of a few customers and products whose names share words."""
    with fresh_database(mysql_server) as url:
        world = World(url)
        for number, name in enumerate(_CUSTOMERS):
            world.customer(f"cus_{number}", name=name, email=f"c{number}@example.com")
        for number, name in enumerate(_PRODUCTS):
            world.product(f"S{number}", name=name)
        world.orders({f"ord_{n:02}": _order(n) for n in range(60)})
        yield world
        world.close()


def _order(n: int) -> dict[str, Any]:
    return {
        "customer_id": f"cus_{n % 4}",
        "placed_at": iso(START - timedelta(hours=n * 7 % 10)),
        "status": ("confirmed", "placed", "shipped")[n % 3],
        "reference": f"R-{n}" if n % 2 else None,
        "lines": [(f"S{n % 5}", 1, 100 * (n % 6)), (f"S{n * 3 % 5}", 2, 50), (f"S{n % 5}", 1, 10)],
        "currency": ("GBP", "GBP", "EUR")[n % 3],
    }


def _text(id: str) -> str:
    """Return all texts by which such an order is found, in lower case."""
    n = int(id.removeprefix("ord_"))
    products = " ".join(f"S{line % 5} {_PRODUCTS[line % 5]}" for line in (n, n * 3))
    return f"{f'R {n}' if n % 2 else ''} {_CUSTOMERS[n % 4]} c{n % 4} example com {products}".lower()


WAYS: dict[str, dict[str, Any]] = {
    "driven": {},
    "by few of the first keys": {"_ROUNDS": (1, 3)},
    "walked": {"MOST_SORTED": 0, "MOST_ORDERED": 0},
    "driven, also of one customer": {"FEW_OF_A_CUSTOMER": 0},
}
QUESTIONS = ("lantern", "red", "ada lantern", "hopper", "hopper mug", "r", "r-1", "京", "ada red lan r s0", "turing 5x")
FILTERS: tuple[dict[str, Any], ...] = (
    {},
    {"status": "placed"},
    {"customer": "cus_2"},
    {"sku": "S1"},
    {"reference": "R-21"},
    {"currency": "EUR", "min_total": 150},
    {"placed_from": START - timedelta(hours=5), "placed_to": START - timedelta(hours=1)},
    {"sku": "S2", "status": "confirmed", "max_total": 500},
)

PAIRS = tuple(itertools.product(range(len(QUESTIONS)), range(len(FILTERS))))


@cache
def listed(world: World, sort: Any, number: int) -> list[str]:
    """Return the ids that those filters list, without words."""
    wanted = OrderFilters(sort=sort, limit=200, **FILTERS[number])
    return ids(world.ask(list_orders, wanted, world.signer).items)


def by_hand(world: World, q: str, sort: Any, number: int) -> list[str]:
    """Return the ids in the order of the list, asking for the words one by one."""
    asked = beginnings(q)
    texts = {id: _text(id).split() for id in listed(world, sort, number)}
    return [id for id, words in texts.items() if all(any(has(word, one) for word in words) for one in asked)]


def has(word: str, beginning: str) -> bool:
    """Return whether a word begins like this, or contains it in Chinese or Japanese."""
    return beginning in word if beginning > "\u3000" else word.startswith(beginning)


@pytest.mark.parametrize("sort", ["placed_at", "-placed_at", "total", "-total"])
@pytest.mark.parametrize("way", WAYS)
def test_every_way_finds_the_same(shop: World, way: str, sort: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each filter is combined with each question, for every way of searching, in small and in larger pages."""
    some = 0
    expected = {pair: by_hand(shop, QUESTIONS[pair[0]], sort, pair[1]) for pair in PAIRS}
    for name, value in WAYS[way].items():
        monkeypatch.setattr(queries if hasattr(queries, name) else search, name, value)
    for (question, number), found in expected.items():
        some += bool(found)
        limit = (2, 7)[(question + number) % 2]
        wanted = OrderFilters(q=QUESTIONS[question], sort=sort, limit=limit, **FILTERS[number])
        assert ids(shop.all_pages(partial(_page, shop, wanted))) == found, wanted
    assert some > len(PAIRS) / 3


def _page(world: World, filters: OrderFilters, cursor: Any, following: str | None) -> Page[Any]:
    return list_orders(cursor, msgspec.structs.replace(filters, bookmark=following), world.signer)


# The cost: nobody's question takes the server's time from the others.

HOSTILE = (
    "cus cust custo custom custome customer thi thin thing sku",
    "customer thing sku example com r buyer ada",
    "a b c d e f g h i j k l m n o p q r s t u v w x y z 0 1 2 3 4 5 6 7 8 9",
    "thing nevermet customer",
    "r5 r6 r7 r8",
    "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27",
    " ".join(f"{letter}{digit}" for letter in "rs" for digit in range(30)),
    "東" * 200,
)


@pytest.fixture(scope="module")
def many(mysql_server: str) -> Iterator[str]:
    """Yield a read model of 20,000 orders."""
    with fresh_database(mysql_server) as url:
        connection = connect(url, read_timeout=COMMAND_SECONDS)
        bulk.fill(connection, 20_000, 1_000)
        connection.close()
        yield url


ROLES: dict[str, Any] = {
    "staff, orders": lambda q, sort: (list_orders, OrderFilters(q=q, sort=sort)),
    "a customer, its orders": lambda q, sort: (list_orders, OrderFilters(q=q, sort=sort, customer=bulk.BUSY_CUSTOMER)),
    "staff, orders of a SKU": lambda q, sort: (list_orders, OrderFilters(q=q, sort=sort, sku=bulk.POPULAR_SKU)),
    "staff, customers": lambda q, sort: (list_customers, CustomerFilters(q=q, sort="-spend")),
    "anybody, products": lambda q, sort: (list_products, ProductFilters(q=q, sort="price")),
}


@pytest.mark.parametrize("role", ROLES)
def test_no_question_costs_more_than_the_limit(many: str, role: str) -> None:
    """Each question is answered, or ended by the server. Nothing of it runs on afterwards."""
    world = World(many)
    for q in HOSTILE:
        for sort in ("-placed_at", "total"):
            query, filters = ROLES[role](q, sort)
            more = ("GBP",) if query is list_customers else ()
            with suppress(TooCostly), snapshot(world.pool, [], 0, SERVICES, limit_seconds=0.3) as cursor:
                query(cursor, filters, world.signer, *more)
            assert eventually(lambda: running(many) == [])
    world.close()


def test_others_are_served_meanwhile(many: str) -> None:
    """Others are served while hostile questions are asked without a pause, more of them than there are processors."""
    pool, signer = Readers(many, size=16), World(many).signer

    def ask(choose: random.Random) -> None:
        query, filters = ROLES["staff, orders"](choose.choice(HOSTILE), choose.choice(("placed_at", "-total")))
        with snapshot(pool, [], 0, SERVICES, limit_seconds=0.5) as cursor:
            query(cursor, filters, signer)

    with asked_without_end(ask):
        for number in range(100):
            with snapshot(pool, [], 0, SERVICES) as cursor:
                assert get_product(cursor, f"SKU-{number}") or number % 50 == 49
    pool.close()
