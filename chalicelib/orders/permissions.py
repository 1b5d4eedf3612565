"""Who may run which command and which query of orders."""

from chalicelib.core.access.permissions import ALL, OWN, PermissionRows

PERMISSIONS: PermissionRows = {
    "orders.place": {"customer": OWN, "staff": ALL, "admin": ALL},
    "orders.cancel": {"customer": OWN, "staff": ALL, "admin": ALL},
    "orders.ship": {"staff": ALL, "admin": ALL},
    "orders.deliver": {"staff": ALL, "admin": ALL},
    "orders.place:state-prices": {"staff": ALL, "admin": ALL},
    "orders.place:reference": {"staff": ALL, "admin": ALL},  # it is unique among all orders
    "orders.place:back-date": {"admin": ALL},
    "orders.list": {"customer": OWN, "staff": ALL, "admin": ALL},
    "orders.get": {"customer": OWN, "staff": ALL, "admin": ALL},
    "orders.timeline": {"customer": OWN, "staff": ALL, "admin": ALL},
    "customers.orders": {"customer": OWN, "staff": ALL, "admin": ALL},
    "orders.timeline:entries.actor": {"staff": ALL, "admin": ALL},
}
