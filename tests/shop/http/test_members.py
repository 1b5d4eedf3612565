"""The members that answers show to staff and not to customers, as the second table of tests/shop/matrix.md says."""

import re
from pathlib import Path
from typing import Any

from tests.shop.asks import seen
from tests.shop.http.things import answered, customer, order, stocked
from tests.support.domain import OWN
from tests.support.matrix import read
from tests.support.stack import Stack

_MATRIX = Path(__file__).parents[1] / "matrix.md"
_TABLE = _MATRIX.read_text(encoding="utf-8")


def test_members_that_a_customer_does_not_see(stack: Stack) -> None:
    """Answers to a customer and to staff differ as the second table says, and in nothing else."""
    admin = stack.client("admin")
    buyer, code = customer(admin), stocked(admin)
    id = order(admin, buyer, code)
    assert answered(admin, id)["status"] == "confirmed"
    me, staff = stack.client("customer", buyer), stack.client("staff")
    token = seen(admin, {"sku": code}) or ""
    paths = {
        "catalog.list": "/products?limit=1",
        "catalog.get": f"/products/{code}",
        "orders.timeline": f"/orders/{id}/timeline",
        "customers.timeline": f"/customers/{buyer}/timeline",
    }
    written = dict(re.findall(r"^\| ([a-z]+\.[a-z]+) \| ([a-z_., ]+) \|$", _TABLE, re.MULTILINE))
    assert {f"{query}:{path}" for query, paths in written.items() for path in paths.split(", ")} == {
        name for name in OWN.permissions.table if ":" in name and name not in read(_MATRIX).rows
    }
    for query, path in paths.items():
        seen_by_staff, seen_by_me = (
            leaves(of_service(query, client.get(path, Consistency_Token=token).json)) for client in (staff, me)
        )
        hidden = {place for place in seen_by_staff if any(within(place, name) for name in written[query].split(", "))}
        assert hidden
        assert seen_by_me == seen_by_staff - hidden


def of_service(query: str, answer: Any) -> Any:
    """Return an answer without the entries of other services, which a timeline shows to staff."""
    if not query.endswith(".timeline"):
        return answer
    return {**answer, "entries": [entry for entry in answer["entries"] if entry["service"] == query.split(".")[0]]}


def leaves(value: Any, place: str = "") -> set[str]:
    """Return the places of all values in a document, without the indexes of list elements."""
    if isinstance(value, dict):
        return set().union(*(leaves(member, f"{place}.{name}") for name, member in value.items()))
    if isinstance(value, list):
        return set().union(*(leaves(element, place) for element in value))
    return {place.removeprefix(".").removeprefix("items.")}


def within(place: str, name: str) -> bool:
    """Return whether a place is that member or inside it."""
    return place == name or place.startswith(f"{name}.")
