"""A day in the shop, told by requests; tests/support/stories.py says what for."""

from tests.support.functions import Functions


def story(functions: Functions) -> None:
    """Every command, some twice under a key, and the order saga with all its ends."""
    ask = functions.request
    ada = ask("POST", "/customers", {"name": "Ada", "email": "ada@example.com"}, Idempotency_Key="k1")["id"]
    ask("PATCH", f"/customers/{ada}", {"name": "Ada"}, Idempotency_Key="k2")  # decides nothing
    for sku in ("A-1", "B-1"):
        ask("POST", "/products", {"sku": sku, "name": "Lamp", "price": 5, "currency": "GBP"})
        ask("POST", f"/stock/{sku}/receipts", {"quantity": 5, "reference": sku})
    ask("PATCH", "/products/A-1", {"price": 5}, Idempotency_Key="k3")
    ask("POST", "/stock/A-1/receipts", {"quantity": 5})
    ask("POST", "/stock/A-1/adjustments", {"change": 0, "reason": "counted"}, Idempotency_Key="k4")  # decides nothing
    lines = [{"sku": "A-1", "quantity": 2}, {"sku": "B-1", "quantity": 1}]
    shipped, cancelled, short = (
        ask("POST", "/orders", {"customer_id": ada, "lines": wanted, "reference": reference})["id"]
        for wanted, reference in ((lines, "r1"), (lines, "r2"), ([{"sku": "A-1", "quantity": 99}], "r3"))
    )
    functions.fail("TransactWriteItems", 3)  # the reactor looks what became of its reservation
    functions.settle()
    ask("POST", f"/orders/{shipped}/ship")
    ask("POST", f"/orders/{shipped}/deliver")
    for key in ("k5", "k6"):
        ask("POST", f"/orders/{cancelled}/cancel", {}, Idempotency_Key=key)
    functions.settle()
    assert ask("GET", f"/orders/{short}")["status"] == "rejected"
    waiting = {"customer_id": ada, "lines": [{"sku": "A-1", "quantity": 1}], "placed_at": "2020-01-01T00:00:00Z"}
    expired = ask("POST", "/orders", waiting)["id"]
    functions.settle()
    assert ask("GET", "/products/A-1")["reserved"] == 1
    functions.keep_deadlines()
    functions.settle()
    assert ask("GET", f"/orders/{expired}")["status"] == "cancelled"
    assert ask("GET", "/products/A-1")["reserved"] == 0
    ask("DELETE", "/products/B-1")
    ask("DELETE", f"/customers/{ada}")
    ask("GET", "/orders")
