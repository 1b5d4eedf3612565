"""Full-text search: what a person may type, and what is found."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.core.errors import Invalid
from chalicelib.core.queries.search import boolean_query
from chalicelib.orders.answers import OrderFilters
from chalicelib.orders.queries import list_orders
from tests.queries.world import World, ids


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("glass holder", "+glass* +holder*"),
        ("GLASS glass GLASS", "+GLASS* +glass*"),
        ("set of 6 the T-LIGHT", "+set* +LIGHT*"),
        ("The theatre", "+theatre*"),
        ('+glass -holder* "tea" (mug) ~cup <box >bag @5 %ful', "+glass* +holder* +tea* +mug* +cup* +box* +bag* +ful*"),
        ("85123A", "+85123A*"),
        ("under_score", "+under_score*"),
        ("ada@example.com", "+ada* +example*"),
        ("O'Neill", "+Neill*"),
        ("café Straße İstanbul", "+café* +Straße* +İstanbul*"),
        ("ab😀cup\U0001d4b3\U0001d4b4\U0001d4b5", "+cup*"),
        ("नमस्ते", "+नमस्ते*"),
        ("a\x00bcd\ud800efg", "+bcd* +efg*"),
        ("x" * 85 + " mug", "+mug*"),
    ],
)
def test_words_become_required_beginnings(text: str, query: str) -> None:
    """Operators, punctuation, short, long and common words go; the rest is required."""
    assert boolean_query(text) == query


@pytest.mark.parametrize(
    "text",
    [" ", "a bc", "the of und WWW", '+-*"()~@<>%', "😀😀😀", "x" * 85, "\U0001d4b3\U0001d4b4\U0001d4b5\U0001d4b3"],
)
def test_nothing_to_search_for_is_said(text: str) -> None:
    """Where no word is left, an empty list would be a lie: it is a 422 that names the parameter."""
    with pytest.raises(Invalid) as caught:
        boolean_query(text)
    assert [fault.parameter for fault in caught.value.faults] == ["q"]


@pytest.mark.database
class TestOnTheServer:
    """The same on real rows, since each server has a parser of its own."""

    def find(self, world: World, q: str) -> list[str]:
        """The ids of the orders found, oldest first."""
        return ids(world.ask(list_orders, OrderFilters(q=q, sort="placed_at"), world.signer).items)

    def test_an_order_is_found_by_all_that_people_know_of_it(self, world: World) -> None:
        """By reference, by the customer's name, by SKU, by the products' names, by beginnings, in any case."""
        products = {"85123A": "WHITE HANGING T-LIGHT HOLDER", "REX-90": "Crème brûlée dish"}
        world.order(
            "ord_1",
            reference="INV-536365",
            customer_name="Grace O'Hopper",
            products=products,
            lines=[("85123A", 1, 255), ("REX-90", 1, 100)],
        )
        world.order("ord_2", reference="INV-777", customer_name="Alan Turing")
        for q in (
            "536365",
            "5363",
            "inv-536",
            "grace",
            "hopper Grace",
            "85123a",
            "8512",
            "rex-90",
            "hanging holder",
            "T-LIGHT",
            "creme BRULEE",
            "Brûlée",
        ):
            assert self.find(world, q) == ["ord_1"], q
        assert self.find(world, "inv") == ["ord_1", "ord_2"]
        for q in ("hanging turing", "36365", "olders"):
            assert self.find(world, q) == [], q

    def test_what_is_not_indexed_does_not_hide_what_is(self, world: World) -> None:
        """Short and common words in the question are left out rather than required."""
        world.order(products={"A": "SET OF 6 T-LIGHTS IN THE BOX"})
        assert self.find(world, "set of 6 t-lights in the box") == ["ord_1"]
        assert self.find(world, "the box from 6") == ["ord_1"]

    def test_other_scripts_and_emoji(self, world: World) -> None:
        """Letters of any script make words; an emoji separates them."""
        world.order(products={"A": "नमस्ते दुनिया 東京都庁 cup😀saucer Ελλάδα"})
        for q in ("नमस्ते", "東京都", "cup", "saucer", "cup😀saucer", "😀cup", "ελλαδα"):
            assert self.find(world, q) == ["ord_1"], q

    def test_a_change_is_searched_at_once(self, world: World) -> None:
        """The index follows the rows: new words are found and old ones are not, in the next snapshot."""
        world.order(customer_name="Ada Byron")
        world.order(version=2, customer_name="Ada Lovelace")
        assert self.find(world, "lovelace") == ["ord_1"]
        assert self.find(world, "byron") == []

    @settings(max_examples=300, deadline=None)
    @given(
        q=st.text(st.characters(codec=None), max_size=40) | st.text("ab +-*\"()~@<>%'\\\x00_thé😀\u0301", max_size=40)
    )
    def test_no_text_upsets_the_server(self, shared_world: World, q: str) -> None:
        """Whatever is asked for is answered, or refused by us: never an SQL error."""
        try:
            found = self.find(shared_world, q)
        except Invalid:
            return
        assert found in ([], ["ord_1"])
