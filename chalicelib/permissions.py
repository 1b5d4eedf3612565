"""Who may run which command and which query, all in one place.

A row a command, a query or a privilege. OWN lets a customer at what belongs to the customer id that is
its token's subject. The roles are those that a token's role claim may name. A test holds this table against
the routes, both ways.
"""

from chalicelib.core.access.permissions import Access, Permissions

_ALL, _OWN = Access.ALL, Access.OWN

PERMISSIONS = Permissions(
    roles=("customer", "staff", "admin"),
    table={
        # commands
        "customers.register": {"customer": _OWN, "staff": _ALL, "admin": _ALL},
        "customers.change": {"customer": _OWN, "staff": _ALL, "admin": _ALL},
        "customers.delete": {"customer": _OWN, "staff": _ALL, "admin": _ALL},
        "catalog.add": {"staff": _ALL, "admin": _ALL},
        "catalog.change": {"staff": _ALL, "admin": _ALL},
        "catalog.discontinue": {"staff": _ALL, "admin": _ALL},
        "inventory.receive": {"staff": _ALL, "admin": _ALL},
        "inventory.adjust": {"staff": _ALL, "admin": _ALL},
        "orders.place": {"customer": _OWN, "staff": _ALL, "admin": _ALL},
        "orders.cancel": {"customer": _OWN, "staff": _ALL, "admin": _ALL},
        "orders.ship": {"staff": _ALL, "admin": _ALL},
        "orders.deliver": {"staff": _ALL, "admin": _ALL},
        # privileges inside a command
        "orders.place:state-prices": {"staff": _ALL, "admin": _ALL},
        "orders.place:reference": {"staff": _ALL, "admin": _ALL},  # it is unique among all orders
        "orders.place:back-date": {"admin": _ALL},
        # queries
        "customers.list": {"staff": _ALL, "admin": _ALL},
        "customers.get": {"customer": _OWN, "staff": _ALL, "admin": _ALL},
        "customers.orders": {"customer": _OWN, "staff": _ALL, "admin": _ALL},
        "catalog.list": {"customer": _ALL, "staff": _ALL, "admin": _ALL},
        "catalog.get": {"customer": _ALL, "staff": _ALL, "admin": _ALL},
        "orders.list": {"customer": _OWN, "staff": _ALL, "admin": _ALL},
        "orders.get": {"customer": _OWN, "staff": _ALL, "admin": _ALL},
        "orders.timeline": {"customer": _OWN, "staff": _ALL, "admin": _ALL},
        "reports.sales": {"staff": _ALL, "admin": _ALL},
        "reports.low-stock": {"staff": _ALL, "admin": _ALL},
        "operations.status": {"staff": _ALL, "admin": _ALL},
    },
)
