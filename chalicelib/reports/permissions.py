"""Who may run which command and which query of the reports."""

from chalicelib.core.access.permissions import ALL, Rows

PERMISSIONS: Rows = {
    "reports.sales": {"staff": ALL, "admin": ALL},
    "reports.low-stock": {"staff": ALL, "admin": ALL},
}
