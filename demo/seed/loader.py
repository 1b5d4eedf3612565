"""A run of the loader: survey, customers, products, stock receipts, orders, and the wait for their confirmation."""

import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

from demo.http import CommandClient
from demo.seed.orders import invoices
from demo.seed.placing import Answers, Placing
from demo.seed.rules import CURRENCY, Sale, sale_of
from demo.seed.survey import Survey, SurveyedProduct, survey
from demo.seed.table import RetailFile
from demo.seed.tally import SeedKind, SeedTally
from demo.seed.workers import Workers
from ops.progress import Line, one_line

Item = TypeVar("Item")
_MOST_IN_A_RECEIPT = 1_000_000


@dataclass(frozen=True)
class SeedOptions:
    """The options of a run.

    Attributes:
        file: the CSV file.
        url: the API's address.
        token: an admin's JWT, since orders are back-dated.
        wait: whether to wait until the orders are confirmed.
        workers: the number of concurrent requests.
        patience: the seconds for which a request is tried again.
    """

    file: Path
    url: str
    token: str
    wait: bool = True
    workers: int = 8
    patience: float = 120.0


class Run:
    """A run of the loader. It keeps no state between runs: the API says what exists already.

    Attributes:
        survey: the result of the first pass; empty before it.
        tally: the outcomes so far, also after an interruption.
    """

    def __init__(self, options: SeedOptions) -> None:
        self._options = options
        self._table = RetailFile(options.file)
        self._customer_ids: dict[str, str] = {}
        self.survey = Survey()
        self.tally = SeedTally()

    def run(self) -> None:
        """Load everything.

        Raises:
            BadFile: the file cannot be read.
            CannotGoOn: the API stays away or refuses the token.
        """
        with one_line("reading the file") as line:
            self.survey = survey(self._table, line.advance)
            self._load(line)

    def _load(self, line: Line) -> None:
        stopping = threading.Event()
        make_client = partial(CommandClient, self._options.url, self._options.token, self._options.patience, stopping)
        with Workers(self._options.workers, make_client, stopping) as workers:
            found = self.survey
            before = len(found.customers) + len(found.products) + len(found.quantities) + len(found.invoices)

            def each(what: str, items: Iterable[Item], work: Callable[[CommandClient, Item], None]) -> None:
                # An invoice counts twice: when it is placed, and when it is confirmed.
                line.begin(what, before + len(found.invoices) * self._options.wait)
                workers.each(items, partial(_advancing, line, work))

            each("customers", found.customers.items(), self._customer)
            each("products", found.products.items(), self._product)
            each("stock receipts", found.quantities.items(), self._receipts)
            placing = Placing(self._customer_ids, self.tally)
            each("invoices", invoices(self._sales(), found.invoices), placing.place)
            if self._options.wait:
                # A large invoice is several orders, and there is no wait for those that existed already.
                line.begin("confirmed", before + len(placing.placed))
                answers = Answers(placing.placed, self.tally, self._options.patience)
                answers.wait(make_client(), found.first, found.last, line.advance)

    def _sales(self) -> Iterator[Sale]:
        return (sale for line in self._table.lines() if isinstance(sale := sale_of(line), Sale))

    def _customer(self, client: CommandClient, item: tuple[str, str]) -> None:
        number, country = item
        body = {"name": f"Customer {number}", "email": f"customer-{number}@online-retail.example"}
        answer = client.post("/customers", body | ({"country": country} if country else {}))
        if self.tally.count(SeedKind.CUSTOMERS, answer, f"customer {number}"):
            self._customer_ids[number] = answer.subject

    def _product(self, client: CommandClient, item: tuple[str, SurveyedProduct]) -> None:
        sku, product = item
        body = {"sku": sku, "name": product.name, "price": product.price, "currency": CURRENCY}
        self.tally.count(SeedKind.PRODUCTS, client.post("/products", body), f"product {sku}")

    def _receipts(self, client: CommandClient, item: tuple[str, int]) -> None:
        sku, quantity = item
        reference = f"seed-{self.survey.digest[:16]}"
        for part, start in enumerate(range(0, quantity, _MOST_IN_A_RECEIPT), start=1):
            pieces = min(_MOST_IN_A_RECEIPT, quantity - start)
            body = {"quantity": pieces, "reference": reference if part == 1 else f"{reference}/{part}"}
            answer = client.post(f"/stock/{quote(sku, safe='')}/receipts", body)
            self.tally.count(SeedKind.RECEIPTS, answer, f"receipt {body['reference']} of {sku}")


def _advancing(line: Line, work: Callable[[CommandClient, Item], None], client: CommandClient, item: Item) -> None:
    work(client, item)
    line.advance()
