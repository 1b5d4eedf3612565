"""Who may run which command and which query; the rows are in the services' folders, in permissions.py."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from chalicelib.core.access.authentication import Principal, Roles
from chalicelib.core.errors import Forbidden


class Access(Enum):
    """How far a role may go: ALL, or OWN: only what belongs to the token's subject."""

    ALL = "all"
    OWN = "own"


ALL, OWN = Access.ALL, Access.OWN

Rows = Mapping[str, Mapping[str, Access]]
"""By command, query or privilege ("documents.change"): the roles that may, and how far."""


@dataclass(frozen=True)
class Permissions:
    """The roles that there are, and what each may do.

    Attributes:
        roles: all that a token may name, each with the type of its tokens' subject.
        table: the rows of all services.

    Raises:
        ValueError: the table names a role that is not one of the roles.
    """

    roles: Roles
    table: Rows

    def __post_init__(self) -> None:
        unknown = sorted({f"{name}: {role}" for name, row in self.table.items() for role in row.keys() - {*self.roles}})
        if unknown:
            raise ValueError(f"the table of permissions names roles that do not exist: {', '.join(unknown)}")

    def access(self, name: str, principal: Principal) -> Access:
        """How far the principal may go with a command, a query or a privilege.

        Raises:
            Forbidden: not at all.
        """
        found = self.table[name].get(principal.role)
        if found is None:
            allowed = ", ".join(self.table[name])
            raise Forbidden(f"{name} is for {allowed}, and this token's role is {principal.role}.")
        return found

    def needs_subject(self, role: str) -> bool:
        """Whether it matters for a role who the token's subject is: some row gives it OWN."""
        return any(row.get(role) is Access.OWN for row in self.table.values())


def require_own(granted: Access, subject: str, owner: str | None) -> None:
    """Let OWN pass for the owner alone.

    Raises:
        Forbidden: it belongs to somebody else, or to nobody.
    """
    if granted is Access.OWN and owner != subject:
        raise Forbidden("With this token's role, its subject may see and change only what is its own.")
