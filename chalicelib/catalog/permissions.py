"""Who may run which command and which query of the catalog."""

from chalicelib.core.access.permissions import ALL, PermissionRows

PERMISSIONS: PermissionRows = {
    "catalog.add": {"staff": ALL, "admin": ALL},
    "catalog.change": {"staff": ALL, "admin": ALL},
    "catalog.discontinue": {"staff": ALL, "admin": ALL},
    "catalog.list": {"customer": ALL, "staff": ALL, "admin": ALL},
    "catalog.get": {"customer": ALL, "staff": ALL, "admin": ALL},
    "catalog.timeline": {"staff": ALL, "admin": ALL},
    # members of answers
    "catalog.list:on_hand": {"staff": ALL, "admin": ALL},
    "catalog.get:on_hand": {"staff": ALL, "admin": ALL},
    "catalog.get:reserved": {"staff": ALL, "admin": ALL},
    "catalog.get:sales": {"staff": ALL, "admin": ALL},
}
