"""The run itself: survey, customers, products, stock receipts, orders."""

import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

from ops.seed.client import Answer, Client
from ops.seed.orders import Order, invoices, orders_of
from ops.seed.progress import phase
from ops.seed.rules import CURRENCY, Sale, sale_of
from ops.seed.survey import Product, Survey, survey
from ops.seed.table import Table
from ops.seed.tally import Kind, Tally
from ops.seed.workers import Workers

Item = TypeVar("Item")
_MOST_IN_A_RECEIPT = 1_000_000


@dataclass(frozen=True)
class Options:
    """What a run is told.

    Attributes:
        file: the CSV file.
        url: of the API.
        token: an admin's JWT, since orders are back-dated.
        confirm: whether orders are confirmed once they are placed.
        workers: how many requests are under way at once.
        patience: seconds for which one request is tried again.
    """

    file: Path
    url: str
    token: str
    confirm: bool = True
    workers: int = 8
    patience: float = 120.0


class Run:
    """One run of the loader. It remembers nothing: what is there already, the API says.

    Attributes:
        survey: what the first pass found; empty before.
        tally: what happened so far, also after an interruption.
    """

    def __init__(self, options: Options) -> None:
        self._options = options
        self._table = Table(options.file)
        self._customer_ids: dict[str, str] = {}
        self.survey = Survey()
        self.tally = Tally()

    def run(self) -> None:
        """Load everything.

        Raises:
            BadFile: the file cannot be read.
            CannotGoOn: the API stays away or refuses the token.
        """
        with phase("lines", None) as advance:
            self.survey = survey(self._table, advance)
        stopping = threading.Event()
        make_client = partial(Client, self._options.url, self._options.token, self._options.patience, stopping)
        with Workers(self._options.workers, make_client, stopping) as workers:
            found = self.survey
            self._each(workers, "customers", found.customers.items(), len(found.customers), self._customer)
            self._each(workers, "products", found.products.items(), len(found.products), self._product)
            self._each(workers, "stock receipts", found.quantities.items(), len(found.quantities), self._receipts)
            self._each(workers, "invoices", invoices(self._sales(), found.invoices), len(found.invoices), self._invoice)

    def _each(
        self,
        workers: Workers,
        what: str,
        items: Iterable[Item],
        total: int,
        work: Callable[[Client, Item], None],
    ) -> None:
        with phase(what, total) as advance:

            def one(client: Client, item: Item) -> None:
                work(client, item)
                advance()

            workers.each(items, one)

    def _sales(self) -> Iterator[Sale]:
        return (sale for line in self._table.lines() if isinstance(sale := sale_of(line), Sale))

    def _customer(self, client: Client, item: tuple[str, str]) -> None:
        number, country = item
        body = {"name": f"Customer {number}", "email": f"customer-{number}@online-retail.example"}
        answer = client.post("/customers", body | ({"country": country} if country else {}))
        if self._counted(Kind.CUSTOMERS, answer, f"customer {number}"):
            self._customer_ids[number] = _id(answer)

    def _product(self, client: Client, item: tuple[str, Product]) -> None:
        sku, product = item
        body = {"sku": sku, "name": product.name, "price": product.price, "currency": CURRENCY}
        self._counted(Kind.PRODUCTS, client.post("/products", body), f"product {sku}")

    def _receipts(self, client: Client, item: tuple[str, int]) -> None:
        sku, quantity = item
        reference = f"seed-{self.survey.digest[:16]}"
        for part, start in enumerate(range(0, quantity, _MOST_IN_A_RECEIPT), start=1):
            pieces = min(_MOST_IN_A_RECEIPT, quantity - start)
            body = {"quantity": pieces, "reference": reference if part == 1 else f"{reference}/{part}"}
            answer = client.post(f"/stock/{quote(sku, safe='')}/receipts", body)
            self._counted(Kind.RECEIPTS, answer, f"receipt {body['reference']} of {sku}")

    def _invoice(self, client: Client, sales: list[Sale]) -> None:
        for order in orders_of(sales):
            self._order(client, order)

    def _order(self, client: Client, order: Order) -> None:
        what = f"order {order.reference}"
        customer_id = self._customer_ids.get(order.customer)
        if customer_id is None:
            self.tally.fail(Kind.ORDERS, f"{what}: its customer {order.customer} could not be loaded", order.total)
            return
        body = {
            "customer_id": customer_id,
            "reference": order.reference,
            "placed_at": order.placed_at,
            "lines": [line._asdict() for line in order.lines],
        }
        answer = client.post("/orders", body)
        if self._counted(Kind.ORDERS, answer, what, order.total) and self._options.confirm:
            self._confirm(client, _id(answer), order)

    def _confirm(self, client: Client, id: str, order: Order) -> None:
        """Confirm an order, whether this run placed it or found it; confirming again changes nothing."""
        answer = client.post(f"/orders/{id}/confirm", keyed=False)
        total = answer.body.get("total")
        if answer.status == 200 and total == order.total:
            self.tally.confirm()
        elif answer.status == 200:
            self.tally.not_confirmed(
                f"order {order.reference}: {id} has that reference and a total of {total} pence, not {order.total}"
            )
        elif answer.body.get("status_now") == "cancelled":
            self.tally.leave_cancelled()
        else:
            self.tally.not_confirmed(_told(f"confirming order {order.reference}", answer))

    def _counted(self, kind: Kind, answer: Answer, what: str, pence: int = 0) -> bool:
        """Count an answer; whether the thing is there now."""
        if answer.status in (200, 201):
            self.tally.load(kind, pence)
        elif answer.code == "duplicate" and answer.body.get("existing"):
            self.tally.exist(kind, pence)
        else:
            self.tally.fail(kind, _told(what, answer), pence)
            return False
        return True


def _id(answer: Answer) -> str:
    """Of what was made, or of what was there before."""
    return str(answer.body.get("id") or answer.body["existing"])


def _told(what: str, answer: Answer) -> str:
    """A refusal as a sentence, with the faults that the API names."""
    faults = "; ".join(f"{fault.get('pointer', '')}: {fault.get('detail')}" for fault in answer.body.get("errors", []))
    return f"{what}: {answer.status} {answer.body.get('detail', '')} {faults}".rstrip()
