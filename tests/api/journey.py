"""An order's journey with the generated client: run by .venv-api's Python, with the client's folder, URL and token.

Not a test itself; test_clients.py runs it. Every answer has to be of the type that the description promises.
"""

import importlib
import sys
from typing import Any


def main(folder: str, url: str, token: str) -> None:
    """Register, add, receive, place, read, list, change under a condition, and be refused."""
    sys.path.insert(0, folder)
    from tributary_client import AuthenticatedClient, models

    client = AuthenticatedClient(base_url=url, token=token, raise_on_unexpected_status=True)

    def call(operation: str, **arguments: Any) -> Any:
        tag, _, name = operation.partition(".")
        module = importlib.import_module(f"tributary_client.api.{tag}.{tag}_{name}")
        return module.sync_detailed(client=client, **arguments)

    made = call("customers.register", body=models.NewCustomer(name="Ada", email=f"{token[-12:]}@example.com".lower()))
    assert isinstance(made.parsed, models.CustomerAnswer), made
    sku = f"G{token[-12:]}".replace("_", "-").strip("-")
    product = models.NewProduct(sku=sku, name="Lantern", price=339, currency="GBP")
    assert isinstance(call("catalog.add", body=product).parsed, models.ProductAnswer)
    assert call("inventory.receive", sku=product.sku, body=models.Receipt(quantity=9)).parsed.on_hand == 9
    lines = [models.NewLine(sku=product.sku, quantity=2)]
    placed = call("orders.place", body=models.NewOrder(lines=lines, customer_id=made.parsed.id), idempotency_key="g-1")
    assert isinstance(placed.parsed, models.OrderAnswer), placed
    assert placed.parsed.total == 678
    again = call("orders.place", body=models.NewOrder(lines=lines, customer_id=made.parsed.id), idempotency_key="g-1")
    assert again.parsed.id == placed.parsed.id
    seen = {"consistency_token": placed.headers["Consistency-Token"], "prefer": "wait=10"}
    order = call("orders.get", id=placed.parsed.id, **seen).parsed
    assert isinstance(order, models.OrderDetail), order
    assert [line.amount for line in order.lines] == [678]
    page = call("orders.list", customer=made.parsed.id, limit=1, sort=models.OrdersListSort.VALUE_1, **seen).parsed
    assert [item.id for item in page.items] == [placed.parsed.id]
    shown = call("catalog.get", sku=product.sku)
    assert isinstance(shown.parsed, models.ProductDetail)
    assert isinstance(shown.parsed.sales, list)  # empty until the saga has confirmed the order
    stale = call("catalog.change", sku=product.sku, body=models.ProductChange(price=1), if_match='"7"')
    assert (stale.status_code, type(stale.parsed)) == (412, models.ProblemDocument)
    refused = call("customers.register", body=models.NewCustomer(name="", email="x"))
    assert {fault.pointer for fault in refused.parsed.errors} == {"/name", "/email"}
    missing = call("orders.get", id="ord_none")
    assert (missing.status_code, missing.parsed.status) == (404, 404)


if __name__ == "__main__":
    main(*sys.argv[1:])
