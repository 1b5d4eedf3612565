"""Who may run which command and which query of the inventory."""

from chalicelib.core.access.permissions import ALL, PermissionRows

PERMISSIONS: PermissionRows = {
    "inventory.receive": {"staff": ALL, "admin": ALL},
    "inventory.adjust": {"staff": ALL, "admin": ALL},
    "inventory.get": {"staff": ALL, "admin": ALL},
    "inventory.timeline": {"staff": ALL, "admin": ALL},
}
