"""Who may run which command and which query of the reports."""

from chalicelib.core.access.permissions import ALL, PermissionRows

PERMISSIONS: PermissionRows = {
    "reports.sales": {"staff": ALL, "admin": ALL},
    "reports.low-stock": {"staff": ALL, "admin": ALL},
}
