"""How a table of permissions is read; the table itself is chalicelib/permissions.py."""

from collections.abc import Mapping
from enum import Enum

from chalicelib.core.access.authentication import Principal, Role
from chalicelib.core.errors import Forbidden


class Access(Enum):
    """How far a role may go: ALL, or OWN: only what belongs to the customer who asks."""

    ALL = "all"
    OWN = "own"


Permissions = Mapping[str, Mapping[Role, Access]]
"""By command, query or privilege ("orders.place"): the roles that may, and how far."""


def access(table: Permissions, name: str, principal: Principal) -> Access:
    """How far the principal may go with a command or query.

    Raises:
        Forbidden: not at all.
    """
    found = table[name].get(principal.role)
    if found is None:
        allowed = ", ".join(table[name])
        raise Forbidden(f"{name} is for {allowed}, and this token's role is {principal.role}.")
    return found


def require_own(granted: Access, principal: Principal, owner: str | None) -> None:
    """Let OWN pass for the owner alone.

    Raises:
        Forbidden: it belongs to somebody else.
    """
    if granted is Access.OWN and owner != principal.subject:
        raise Forbidden("A customer may see and change only what is its own; ask staff for the rest.")
