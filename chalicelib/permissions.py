"""The roles, and who may use the engine's own routes.

The rows of a service are in its folder's permissions.py: one for each command, query and privilege inside a command.
With OWN, a customer may use what belongs to the customer id that is its token's subject. The roles are those that a
token's role claim may name, each with the type of the subject of its tokens. A test compares all rows with the routes,
in both directions.
"""

from chalicelib.core.access.permissions import ALL, Permissions
from chalicelib.core.fields import Subject
from chalicelib.vocabulary import CustomerId

PERMISSIONS = Permissions(
    roles={"customer": CustomerId, "staff": Subject, "admin": Subject},
    table={
        "operations.status": {"staff": ALL, "admin": ALL},
        "operations.dead-letters": {"admin": ALL},
        "operations.dead-letter": {"admin": ALL},
        "operations.redrive": {"admin": ALL},
        "operations.discard": {"admin": ALL},
        "operations.redrive-matching": {"admin": ALL},
        "operations.discard-matching": {"admin": ALL},
    },
)
