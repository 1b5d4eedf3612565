"""Who may run which command and which query of the inventory."""

from chalicelib.core.access.permissions import ALL, Rows

PERMISSIONS: Rows = {
    "inventory.receive": {"staff": ALL, "admin": ALL},
    "inventory.adjust": {"staff": ALL, "admin": ALL},
}
