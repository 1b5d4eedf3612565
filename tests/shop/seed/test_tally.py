"""The last line."""

from collections import Counter
from decimal import Decimal

from demo.seed.rules import Reason
from demo.seed.survey import Skips, Survey
from demo.seed.tally import SeedKind, SeedTally, summary


def test_the_last_line_tells_everything() -> None:
    """Loaded, already there, confirmed, skipped and why, changed stock codes, failed."""
    found = Survey(lines=1_010, renamed=Counter({("BANK CHARGES", "BANK-CHARGES"): 11}))
    found.skips = Skips(
        Counter({Reason.PENCE: 1, Reason.NO_CUSTOMER: 9}),
        {Reason.PENCE: Decimal("0.001"), Reason.NO_CUSTOMER: Decimal("1234.50")},
    )
    tally = SeedTally()
    tally.load(SeedKind.CUSTOMERS)
    tally.load(SeedKind.ORDERS, 1_234_567)
    tally.exist(SeedKind.ORDERS, 5)
    tally.confirm()
    tally.leave_cancelled()
    tally.fail(SeedKind.ORDERS, "order 7: 422", 100)
    assert summary(found, tally, waited=True) == (
        "loaded: 1 customers, 1 orders worth 12,345.67 GBP; already there: 1 orders worth 0.05 GBP; "
        "confirmed: 1 orders, 1 were cancelled since; "
        "skipped: 10 of 1,010 lines, 9 without a customer (1,234.50 GBP), 1 not priced in whole pence (0.001 GBP); "
        "stock codes that cannot be SKUs: 'BANK CHARGES' is BANK-CHARGES (11 lines); "
        "failed: 1 orders worth 1.00 GBP"
    )


def test_the_last_line_of_a_run_that_found_all_done() -> None:
    """Nothing is said in words, not left out."""
    tally = SeedTally()
    tally.exist(SeedKind.PRODUCTS)
    assert summary(Survey(lines=3), tally, waited=False) == (
        "loaded: nothing; already there: 1 products; not waited for, as told; skipped: none of 3 lines; failed: nothing"
    )


def test_an_order_that_could_not_be_confirmed_is_a_failure() -> None:
    """Although it is loaded."""
    tally = SeedTally()
    tally.load(SeedKind.ORDERS, 100)
    tally.not_confirmed("confirming order 7: 409")
    assert tally.failures == 1
    assert "0 orders, 1 were not" in summary(Survey(), tally, waited=True)


def test_a_flood_of_failures_keeps_the_first_messages() -> None:
    """All are counted."""
    tally = SeedTally()
    for number in range(1_000):
        tally.fail(SeedKind.PRODUCTS, f"product {number}")
    assert tally.failures == 1_000
    assert tally.messages == [f"product {number}" for number in range(20)]
