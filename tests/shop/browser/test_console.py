"""The shop in its console: an order from placing to delivery, as a person does it. The README has pictures of it."""

import os
import re
from pathlib import Path
from typing import Any

import pytest

from tests.shop.http.things import answered, customer, email, product, stocked
from tests.support.accessibility import serious_findings
from tests.support.browser import fill, rows, send, sign_in
from tests.support.stack import Stack
from tests.support.waiting import eventually

OTHERS = [("JAM-12", "Jam jar with pink lid", 85), ("BOTTLE-3", "Hot water bottle, tea and sympathy", 395)]


@pytest.fixture
def console(page: Any, stack: Stack) -> Any:
    """Return the console, signed in as an admin."""
    return sign_in(page, stack, "admin")


def picture(page: Any, name: str) -> None:
    """Save a picture of the page for the README, if SCREENSHOTS names a folder."""
    if folder := os.environ.get("SCREENSHOTS"):
        page.mouse.move(0, 0)
        page.locator(".notice.shown").wait_for(state="detached")
        page.set_viewport_size({"width": 1360, "height": page.evaluate("document.body.scrollHeight")})
        page.screenshot(path=Path(folder) / f"{name}.png")


def everywhere(page: Any) -> list[str]:
    """Return axe-core's serious findings about the page, light and dark, in desktop and phone size."""
    findings = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        for width in (1360, 390):
            page.set_viewport_size({"width": width, "height": 860})
            findings += [f"{scheme}, {width}: {finding}" for finding in serious_findings(page)]
    return findings


def test_an_order_from_placing_to_delivered(console: Any, stack: Stack) -> None:
    """Product, stock, customer and order are made in forms. The saga confirms the order, which is then delivered."""
    number, name = "LANTERN-3", "White metal lantern"  # LANTERN-1 is the tour's, which may share the stack
    others = [stocked(stack.client("admin"), 60, price, name, code) for code, name, price in OTHERS]
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
    for line, (code, quantity) in enumerate(zip([number, *others], ("2", "6", "12"), strict=True)):
        if line:
            console.get_by_role("button", name="Add another").click()
        fill(console, **{f"lines__{line}__sku": code, f"lines__{line}__quantity": quantity})
    fill(console, customer_id=customer)
    send(console)
    console.wait_for_url(re.compile("#/orders/ord_"))
    order = re.findall(r"ord_\w+", console.url)[0]
    status = console.locator(".facts .tag")
    console.locator(".journey .step", has_text="Reserve").wait_for()
    console.locator(".facts .tag", has_text="Confirmed").wait_for()
    for label, reached in (("Ship", "Shipped"), ("Deliver", "Delivered")):
        console.get_by_role("button", name=label, exact=True).click()
        send(console)
        console.locator(".facts .tag", has_text=reached).wait_for()
    # The commands Place, Ship and Deliver, the newest first, each with what followed.
    assert [text.split()[0] for text in console.locator(".journey-head").all_inner_texts()] == [
        "Deliver",
        "Ship",
        "Place",
    ]
    console.locator(".journey", has_text="Ship").locator(".step", has_text="inventory").first.wait_for()
    place = console.locator(".journey", has_text="Place")
    assert [text.split()[0] for text in place.locator(".step").all_inner_texts()] == ["Place", "Reserve", "Confirm"]
    assert place.locator(".bar").count() == 3
    picture(console, "console-order")
    assert status.inner_text() == "Delivered"
    assert stack.client("admin").get(f"/orders/{order}").json["status"] == "delivered"
    console.locator("aside nav").get_by_role("link", name="Orders").click()
    console.locator("main tbody tr").first.wait_for()
    console.get_by_role("link", name="Ada Lovelace").first.click()
    console.locator("section .table th a").first.wait_for()
    assert console.locator("section .table td", has_text="£59.28").count()


def test_a_wrong_state_is_told(console: Any, stack: Stack) -> None:
    """A command that does not fit the state is refused in the form, in the API's words."""
    number = product(stack.client("admin"))
    console.goto(f"{stack.url}/#/products?~do=catalog.add")
    fill(console, sku=number, name="Lamp", price="1", currency="GBP")
    send(console)
    console.locator("dialog .refusal", has_text=number).wait_for()


BUYERS = (
    "Grace Hopper",
    "Ada Lovelace",
    "Mary Somerville",
    "Emmy Noether",
    "Sofia Kovalevskaya",
    "Hypatia",
    "Ruth Moufang",
)


def test_the_list_and_the_board(console: Any, stack: Stack) -> None:
    """A list has names from several services. A hint in its declaration also shows it as a board."""
    api = stack.client("admin")
    code = stocked(api, 20, 2450, "Station clock")
    for pieces, name in enumerate(BUYERS, 2):
        body = {"customer_id": customer(api, name), "lines": [{"sku": code, "quantity": pieces}]}
        made = api.post("/orders", {**body, "placed_at": f"2026-05-{pieces:02}T09:{pieces * 7:02}:00Z"})
        assert answered(api, made.json["id"])["status"] in ("confirmed", "rejected")  # 20 pieces are too few for all
    console.goto(f"{stack.url}/#/orders?placed_to=2026-06-01T00:00:00.000Z&placed_from=2026-05-01T00:00:00.000Z")
    console.wait_for_function(f"() => document.querySelectorAll('main tbody tr').length === {len(BUYERS)}")
    assert {row[2] for row in rows(console)} == set(BUYERS)
    picture(console, "console-orders")
    console.goto(f"{stack.url}/#/orders")
    console.get_by_role("link", name="Board").click()
    columns = [text.split()[0] for text in console.locator(".board h2").all_inner_texts()]
    assert columns == ["Placed", "Confirmed", "Rejected", "Cancelled", "Shipped", "Delivered"]
    console.locator(".board .card").first.wait_for()
    assert everywhere(console) == []


def test_the_sales_chart(console: Any, stack: Stack) -> None:
    """Another hint shows the sales as a chart, with a point for each day, above the table of the same days."""
    api = stack.client("admin")
    buyer, code = customer(api), stocked(api, 100_000, 995)
    for day, pieces in enumerate((31, 44, 38, 52, 47, 73, 66, 58, 81, 77, 64, 92, 88, 105), 1):
        lines = [{"sku": code, "quantity": pieces}]
        body = {"customer_id": buyer, "lines": lines, "placed_at": f"2026-03-{day:02}T12:00:00Z"}
        assert api.post("/orders", body).status == 201
    console.goto(f"{stack.url}/#/reports/sales?from=2026-03-01&to=2026-03-14")
    assert eventually(lambda: len(api.get("/reports/sales?from=2026-03-01&to=2026-03-14").json["items"]) == 14)
    console.reload()
    console.get_by_role("button", name="Admin", exact=True).click()
    console.locator(".chart canvas").wait_for()
    assert console.locator(".chart figcaption").inner_text() == "Amount by day"
    assert console.locator("main tbody tr").count() == 14
    assert console.locator("main tbody td", has_text="£1,044.75").count() == 1
    picture(console, "console-sales")
    assert everywhere(console) == []


def test_a_report_of_an_empty_range(console: Any, stack: Stack) -> None:
    """The page says which days it shows if nobody has chosen any."""
    console.goto(f"{stack.url}/#/reports/sales?by=product")
    console.locator("main h1", has_text="Sales").wait_for()
    assert console.locator(".filters select").first.input_value() == "product"
