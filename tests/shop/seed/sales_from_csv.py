"""What the sales reports ought to say, computed from the CSV file alone, with exact decimals.

    python -m tests.shop.seed.sales_from_csv online-retail.csv.gz > expected.json

Written from the rules below and nothing else: it imports nothing of the project, so that a mistake in the
loader, the services, the projector or the queries cannot repeat itself here.

 1. A sale line has a customer, a quantity above 0 and a unit price above 0, and its invoice number does not
    start with C. Its amount is quantity x unit price, in pounds.
 2. A sale line whose unit price is not a whole number of pence is left out and listed.
 3. Sales of an invoice count on the day of the time that its first sale line has; times are UTC.
 4. A product is a stock code; characters other than letters, digits, '.', '_' and '-' are read as '-'.
    Letters keep their case. Its name is the description of its first sale line without outer blanks.
 5. A customer 17850 is called "Customer 17850".
 6. Orders: an invoice is one order; before each line, in order, that would bring its hundredth product or
    be its 1,001st line, another order of that invoice begins: 536365, then 536365/2, 536365/3 ...
"""

import csv
import gzip
import io
import json
import re
import sys
from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, TextIO

Sums = dict[str, dict[str, Any]]
# Whole words of product names that a search must find in exactly these orders.
WORDS: Sequence[str] = ("lantern", "babushka", "teacup", "knitting", "doorstop")


def compute(text: TextIO, words: Sequence[str] = WORDS) -> dict[str, Any]:
    """The expected reports of a file, as plain data; amounts are decimal pounds as text."""
    orders, names, left_out = _orders(csv.DictReader(text))
    sums: dict[str, Sums] = {"day": {}, "product": {}, "customer": {}}
    for order in orders:
        day, customer = order["day"], f"Customer {order['customer']}"
        pieces = sum(quantity for _, quantity, _ in order["lines"])
        amount = sum((quantity * price for _, quantity, price in order["lines"]), Decimal())
        order["total"] = amount
        _add(sums["day"], day, pieces, amount)
        _add(sums["customer"], customer, pieces, amount)
        of_product: dict[str, list[Any]] = defaultdict(lambda: [0, Decimal()])
        for product, quantity, price in order["lines"]:
            of_product[product][0] += quantity
            of_product[product][1] += quantity * price
        for product, (quantity, amount) in of_product.items():
            _add(sums["product"], product, quantity, amount)
    days = sorted(sums["day"])
    return {
        "currency": "GBP",
        "from": days[0],
        "to": days[-1],
        "total": str(sum((row["amount"] for row in sums["day"].values()), Decimal())),
        "left_out": left_out,
        **{by: {key: {**row, "amount": str(row["amount"])} for key, row in rows.items()} for by, rows in sums.items()},
        "searches": _searches(orders, names, words),
    }


def _orders(rows: Any) -> tuple[list[dict[str, Any]], dict[str, str], list[str]]:
    """All orders in the order of the file, the products' names, and the lines left out."""
    newest: dict[str, dict[str, Any]] = {}
    days: dict[str, str] = {}
    orders: list[dict[str, Any]] = []
    names: dict[str, str] = {}
    left_out: list[str] = []
    for row in rows:
        quantity, price, invoice = int(row["quantity"]), Decimal(row["unit_price"]), row["invoice"]
        if not row["customer"] or quantity <= 0 or price <= 0 or invoice[0] == "C":
            continue
        if (price * 100) % 1 != 0:
            left_out.append(f"{invoice} {row['stock_code']} {quantity} x {price}")
            continue
        product = re.sub(r"[^A-Za-z0-9._-]", "-", row["stock_code"])
        names.setdefault(product, row["description"].strip())
        order = newest.get(invoice)
        if order is None or len(order["lines"]) == 1000 or len(order["products"] | {product}) > 99:
            part = 1 if order is None else order["part"] + 1
            days.setdefault(invoice, row["invoiced_at"][:10])
            order = {
                "reference": invoice if part == 1 else f"{invoice}/{part}",
                "part": part,
                "day": days[invoice],
                "customer": row["customer"],
                "lines": [],
                "products": set(),
            }
            newest[invoice] = order
            orders.append(order)
        order["lines"].append((product, quantity, price))
        order["products"].add(product)
    return orders, names, left_out


def _add(sums: Sums, key: str, quantity: int, amount: Decimal) -> None:
    row = sums.setdefault(key, {"orders": 0, "quantity": 0, "amount": Decimal()})
    row["orders"] += 1
    row["quantity"] += quantity
    row["amount"] += amount


def _searches(orders: list[dict[str, Any]], names: dict[str, str], words: Sequence[str]) -> list[dict[str, Any]]:
    """Texts to search orders by, and exactly the orders that each must find: reference -> total.

    A word finds what begins with it, so an invoice's number finds all orders of the invoice.
    """
    texts: dict[str, dict[str, str]] = {}
    for order in orders[:: max(1, len(orders) // 20)]:
        invoice = order["reference"].partition("/")[0]
        parts = (other for other in orders if other["reference"].partition("/")[0] == invoice)
        texts[f"Customer {order['customer']} {invoice}"] = {part["reference"]: str(part["total"]) for part in parts}
    for word in words:
        named = {product for product, name in names.items() if re.search(rf"(?<!\w){word}", name, re.IGNORECASE)}
        texts[word] = {order["reference"]: str(order["total"]) for order in orders if order["products"] & named}
    return [{"q": text, "finds": finds} for text, finds in texts.items()]


def open_text(path: str) -> TextIO:
    """The file as text, unzipped where its name ends in .gz."""
    opened = gzip.open(path, "rb") if path.endswith(".gz") else open(path, "rb")  # noqa: SIM115 - closed by the wrapper
    return io.TextIOWrapper(opened, "utf-8", newline="")


if __name__ == "__main__":
    with open_text(sys.argv[1]) as source:
        json.dump(compute(source), sys.stdout)
