"""Compare the sales reports with the expected sales, to the penny, through the API.

    python -m tests.shop.seed.sales_from_csv FILE | python -m demo.check_sales

Reads every page of GET /reports/sales by day, product and customer over the range of the expected sales, and
runs the expected searches through GET /orders?q=. Prints each difference, and exits with 1 if there is any.
"""

import argparse
import json
import sys
import threading
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from demo.http import CommandClient
from demo.lists import pages
from demo.local_access import access
from local.load.client import CannotGoOn
from ops.failing import OpsError

# The member of a report's item that is the key of its group.
_KEYS = {"day": "day", "product": "sku", "customer": "name"}
_SHOWN = 20


def check(expected: Mapping[str, Any], client: CommandClient) -> tuple[list[str], list[str]]:
    """Compare the reports and the searches.

    Args:
        expected: the output of tests/shop/seed/sales_from_csv.py.
        client: a client of the API, as staff or admin.

    Returns:
        Two lists of sentences: what was compared, and the differences.

    Raises:
        CannotGoOn: the API does not answer.
    """
    compared, differences = [], []
    for by in _KEYS:
        items, found = _report(expected, client, by)
        wrong = _differences(by, expected[by], found)
        total = sum((row["amount"] for row in found.values()), Decimal())
        if items != len(found):
            wrong.append(f"by {by}: {items} items with {len(found)} different keys")
        compared.append(f"by {by}: {items:,} items, {total:,} GBP, {len(wrong)} differences")
        differences += wrong
    for search in expected["searches"]:
        differences += _search(search["q"], search["finds"], client)
    compared.append(f"searches: {len(expected['searches'])}")
    return compared, differences


def _report(expected: Mapping[str, Any], client: CommandClient, by: str) -> tuple[int, dict[str, dict[str, Any]]]:
    """Return the number of a report's items, and their figures by key, with amounts in decimal pounds."""
    range_ = {"from": expected["from"], "to": expected["to"], "currency": expected["currency"]}
    found, items = {}, 0
    for item in pages(client, f"/reports/sales?{urlencode({'by': by, 'limit': '200', **range_})}"):
        items += 1
        amount = Decimal(item["amount"]).scaleb(-2)
        found[str(item[_KEYS[by]])] = {"orders": item["orders"], "quantity": item["quantity"], "amount": amount}
    return items, found


def _differences(by: str, expected: Mapping[str, Any], found: Mapping[str, Any]) -> list[str]:
    wrong = []
    for key in sorted({*expected, *found}):
        should = expected.get(key) and {**expected[key], "amount": Decimal(expected[key]["amount"])}
        if should != found.get(key):
            wrong.append(f"by {by}, {key}: expected {_told(should)}, reported {_told(found.get(key))}")
    return wrong


def _told(row: Mapping[str, Any] | None) -> str:
    return "{orders} orders, {quantity} pieces, {amount} GBP".format(**row) if row else "nothing"


def _search(text: str, expected: Mapping[str, str], client: CommandClient) -> list[str]:
    """Return the differences between the orders that a search finds and the expected ones."""
    found = {
        str(order["reference"]): Decimal(order["total"]).scaleb(-2)
        for order in pages(client, f"/orders?{urlencode({'q': text, 'limit': '200'})}")
        if order["reference"] is not None
    }
    should = {reference: Decimal(total) for reference, total in expected.items()}
    if found == should:
        return []
    missing, extra = sorted(should.keys() - found.keys()), sorted(found.keys() - should.keys())
    return [f"q={text!r}: {len(should)} expected, {len(found)} found; missing {missing[:5]}, not expected {extra[:5]}"]


def main(arguments: list[str] | None = None) -> int:
    """Run the check. Return 0 if all is equal, else 1."""
    parser = argparse.ArgumentParser(prog="python -m demo.check_sales", description=__doc__.partition("\n")[0])
    parser.add_argument("expected", nargs="?", type=Path, help="what sales_from_csv printed (default: standard input)")
    parser.add_argument("--url", help="of the API (default: the local stack's)")
    parser.add_argument("--token", help="a JWT of staff or admin (default: $TRIBUTARY_TOKEN, else the local stack's)")
    given = parser.parse_args(arguments)
    expected = json.loads(given.expected.read_text() if given.expected else sys.stdin.read())
    try:
        compared, differences = check(expected, CommandClient(*access(given.url, given.token), 30, threading.Event()))
    except OpsError as error:
        print(error.told, file=sys.stderr)
        return 1
    except CannotGoOn as error:
        print(error, file=sys.stderr)
        return 1
    for difference in differences[:_SHOWN]:
        print(difference, file=sys.stderr)
    verdict = f"{len(differences)} DIFFERENCES" if differences else "all equal"
    print(f"{'; '.join(compared)}; left out of the expected sales: {len(expected['left_out'])} lines; {verdict}")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
