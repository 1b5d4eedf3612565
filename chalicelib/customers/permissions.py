"""Who may run which command and which query of customers."""

from chalicelib.core.access.permissions import ALL, OWN, PermissionRows

PERMISSIONS: PermissionRows = {
    "customers.register": {"customer": OWN, "staff": ALL, "admin": ALL},
    "customers.change": {"customer": OWN, "staff": ALL, "admin": ALL},
    "customers.delete": {"customer": OWN, "staff": ALL, "admin": ALL},
    "customers.list": {"staff": ALL, "admin": ALL},
    "customers.get": {"customer": OWN, "staff": ALL, "admin": ALL},
    "customers.timeline": {"customer": OWN, "staff": ALL, "admin": ALL},
    "customers.timeline:entries.actor": {"staff": ALL, "admin": ALL},
}
