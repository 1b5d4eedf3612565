"""The shop in its console: an order from placing to delivered, by a person's hand."""

import os
import re
from pathlib import Path
from typing import Any

import pytest

from tests.shop.http.things import email, product, sku
from tests.support.browser import fill, send, sign_in
from tests.support.stack import Stack


@pytest.fixture
def console(page: Any, stack: Stack) -> Any:
    """The console, signed in as an admin."""
    return sign_in(page, stack, "admin")


def picture(page: Any, name: str) -> None:
    """Keep a picture of the page for the README, where SCREENSHOTS names a folder."""
    if folder := os.environ.get("SCREENSHOTS"):
        page.mouse.move(0, 0)
        page.wait_for_timeout(7000)  # until the notice of what was done is gone
        page.screenshot(path=Path(folder) / f"{name}.png")


def test_an_order_from_placing_to_delivered(console: Any, stack: Stack) -> None:
    """Product, stock, customer and order are made in forms; the saga confirms; the order is shipped and delivered."""
    number, name = sku(), f"White lantern {sku()}"
    console.locator("aside nav").get_by_role("link", name="Products").click()
    console.get_by_role("button", name="Add").click()
    fill(console, sku=number, name=name, price="339", currency="GBP")
    send(console)
    console.locator("main h1", has_text=name).wait_for()
    assert "£3.39" in console.locator(".facts").inner_text()
    console.get_by_role("button", name="Receive").click()
    fill(console, quantity="10")
    send(console)
    console.wait_for_function("() => /On hand\\s+10/.test(document.querySelector('.facts')?.innerText)")

    console.locator("aside nav").get_by_role("link", name="Customers").click()
    console.get_by_role("button", name="Register").click()
    fill(console, name="Ada Lovelace", email=email())
    send(console)
    console.locator("main h1", has_text="Ada Lovelace").wait_for()
    customer = re.findall(r"cus_\w+", console.url)[0]

    console.locator("aside nav").get_by_role("link", name="Orders").click()
    console.get_by_role("button", name="Place").click()
    fill(console, lines__0__sku=number, lines__0__quantity="2", customer_id=customer)
    send(console)
    console.wait_for_url(re.compile("#/orders/ord_"))
    order = re.findall(r"ord_\w+", console.url)[0]
    status = console.locator(".facts .tag")
    console.locator(".timeline li", has_text="Reserve").wait_for()
    console.locator(".facts .tag", has_text="Confirmed").wait_for()
    for label, reached in (("Ship", "Shipped"), ("Deliver", "Delivered")):
        console.get_by_role("button", name=label, exact=True).click()
        send(console)
        console.locator(".facts .tag", has_text=reached).wait_for()
    console.locator(".timeline li", has_text="Deliver").first.wait_for()
    console.get_by_text("ms from the first commit until queries showed the last").nth(2).wait_for()
    assert console.locator(".timeline > li").count() == 3  # place, ship and deliver, each with what followed
    assert console.locator(".timeline .bar").count() == 6
    picture(console, "console-order")
    assert status.inner_text() == "Delivered"
    assert stack.client("admin").get(f"/orders/{order}").json["status"] == "delivered"
    console.locator("aside nav").get_by_role("link", name="Orders").click()
    console.locator("main tbody tr").first.wait_for()
    console.get_by_role("link", name="Ada Lovelace").first.click()
    console.locator("section .table th a").first.wait_for()
    assert console.locator("section .table td", has_text="£6.78").count()


def test_a_wrong_state_is_told(console: Any, stack: Stack) -> None:
    """A command that does not fit the state is refused in the form, in the API's words."""
    number = product(stack.client("admin"))
    console.goto(f"{stack.url}/#/products?~do=catalog.add")
    fill(console, sku=number, name="Lamp", price="1", currency="GBP")
    send(console)
    console.locator("dialog .refusal", has_text=number).wait_for()


def test_the_board_and_the_sales_chart(console: Any, stack: Stack) -> None:
    """Hints in the declarations make a board of the orders and a chart of the sales."""
    console.goto(f"{stack.url}/#/orders")
    console.get_by_role("link", name="Board").click()
    columns = [text.split()[0] for text in console.locator(".board h2").all_inner_texts()]
    assert columns == ["Placed", "Confirmed", "Rejected", "Cancelled", "Shipped", "Delivered"]
    console.goto(f"{stack.url}/#/reports/sales")
    console.locator("main h1", has_text="Sales").wait_for()
    assert console.locator(".filters select").first.input_value() == "day"
