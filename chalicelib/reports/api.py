"""The routes of reports. They read the rows of all services."""

from chalicelib.core.http.chalice_adapter import Api
from chalicelib.core.http.endpoint import Call
from chalicelib.core.http.hints import Chart, Display
from chalicelib.core.queries.limit import QueryCursor
from chalicelib.core.queries.listing import Page
from chalicelib.reports.queries import LowStockItem, LowStockParameters, SalesItem, SalesParameters, low_stock, sales

api = Api("reports")


@api.query(
    "/reports/sales",
    "reports.sales",
    parameters=SalesParameters,
    answer=SalesItem,
    is_list=True,
    display=Display(chart=Chart(x="day", y="amount", series="currency")),
)
def sales_(call: Call[SalesParameters], cursor: QueryCursor) -> Page[SalesItem]:
    """Report sales by day, product or customer."""
    return sales(cursor, call.body, call.runtime.signer, call.request.now.date())


@api.query("/reports/low-stock", "reports.low-stock", parameters=LowStockParameters, answer=LowStockItem, is_list=True)
def low_stock_(call: Call[LowStockParameters], cursor: QueryCursor) -> Page[LowStockItem]:
    """List products that are running out, the scarcest first."""
    return low_stock(cursor, call.body, call.runtime.signer)
