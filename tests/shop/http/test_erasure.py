"""An erased customer is in no store, log or answer any more, and every figure stays."""

from tests.shop.http.things import answered, email, stocked
from tests.support import commands
from tests.support.client import Client
from tests.support.everywhere import places_of
from tests.support.stack import Stack
from tests.support.waiting import eventually

NAME, WORDS = "Zenobia Quackenbush", ("zenobia", "quackenbush")


def test_a_customer_who_is_erased(stack: Stack, staff: Client) -> None:
    """Name and address are gone from customers, orders, timeline, reports, search and logs. The rest is printed."""
    address, code = f"quackenbush-{email()}", stocked(staff)
    key = {"Idempotency_Key": "erase-1"}
    id = staff.post("/customers", {"name": "Zenobia", "email": address, "country": "Quackenbushland"}, **key).json["id"]
    assert staff.patch(f"/customers/{id}", {"name": NAME}).status == 200
    bought, called_off = (
        staff.post("/orders", {"customer_id": id, "lines": [{"sku": code, "quantity": 1}]}).json["id"] for _ in range(2)
    )
    answered(staff, bought)
    answered(staff, called_off)
    assert staff.post(f"/orders/{called_off}/cancel", {"reason": f"{NAME} changed her mind"}).status == 200

    refused = commands.run("erase", id, "--yes", env=stack.env)
    assert refused.code == 3
    assert f"{id} of customers is not deleted." in refused.err
    assert "Delete it by its own command first" in refused.err

    left = staff.delete(f"/customers/{id}")
    assert left.status == 200
    shown = {"Consistency_Token": left.headers["consistency-token"]}
    before = _figures(staff, shown)
    assert any(place.startswith("customers: cus_") for place in _places(stack))

    done = commands.run("erase", id, "--yes", env=stack.env)
    assert done.code == 0, done.err
    assert "Aggregates: 1 of customers, 2 of orders; 2 erased now." in done.out
    assert "1 kept responses (idempotency keys)" in done.out
    assert [place for place in _places(stack) if not place.startswith("customers: claim#key#")] == []
    assert _figures(staff, shown) == before
    assert staff.get(f"/orders/{bought}").json["customer"] == {"id": id, "name": "(erased)"}
    assert "(erased)" in str(staff.get(f"/orders/{called_off}/timeline").json)
    assert staff.get("/orders?q=quackenbush").json["items"] == staff.get("/customers?q=zenobia").json["items"] == []
    assert staff.post("/customers", {"name": "Somebody", "email": address}).status == 201
    assert eventually(lambda: commands.run("verify", "--json", env=stack.env).code == 0)


def _places(stack: Stack) -> list[str]:
    """Return the places where the customer is stored or logged."""
    bucket = stack.env["DEAD_LETTER_BUCKET"]
    logs = [
        f"log: {file.name}"
        for file in (stack.folder / "logs").glob("*")
        if any(word in file.read_text(errors="replace").casefold() for word in WORDS)
    ]
    return [*places_of(WORDS, stack.tables, stack.database_url, bucket), *logs]


def _figures(staff: Client, shown: dict[str, str]) -> list[object]:
    """Return the sales reports without their names."""
    reports = [
        staff.get(f"/reports/sales?by={by}&limit=200", **shown).json["items"] for by in ("day", "product", "customer")
    ]
    return [{**item, "name": None} for report in reports for item in report]
