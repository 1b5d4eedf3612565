"""Which roles may run which commands and queries. The rows are in the services' folders, in permissions.py."""

from collections.abc import Mapping
from enum import Enum

import msgspec

from chalicelib.core.access.authentication import Principal, Roles
from chalicelib.core.errors import Forbidden, NotFound


class Access(Enum):
    """The extent of a permission: ALL, or OWN for only what belongs to the token's subject."""

    ALL = "all"
    OWN = "own"


ALL, OWN = Access.ALL, Access.OWN

PermissionRows = Mapping[str, Mapping[str, Access]]
"""The permitted roles, and the extent of each permission, by command, query or privilege ("documents.change").

A row "documents.get:cost" is a privilege of a query: only its roles see the member `cost` of the answer.
"""


class Permissions(msgspec.Struct, frozen=True):
    """The roles, and what each may do.

    Attributes:
        roles: the roles that a token may name, each with the type of its tokens' subject.
        table: the rows of all services.

    Raises:
        ValueError: the table names a role that does not exist.
    """

    roles: Roles
    table: PermissionRows

    def __post_init__(self) -> None:
        unknown = sorted({f"{name}: {role}" for name, row in self.table.items() for role in row.keys() - {*self.roles}})
        if unknown:
            raise ValueError(f"the table of permissions names roles that do not exist: {', '.join(unknown)}")

    def access(self, name: str, principal: Principal) -> Access:
        """The extent of the principal's permission for a command, a query or a privilege.

        Raises:
            Forbidden: the principal has none.
        """
        found = self.table[name].get(principal.role)
        if found is None:
            allowed = ", ".join(self.table[name])
            raise Forbidden(f"{name} is for {allowed}, and this token's role is {principal.role}.")
        return found

    def members(self, query: str) -> dict[str, Mapping[str, Access]]:
        """The rows for restricted members of a query's answer, by path: "cost", "parts.supplier"."""
        prefix = f"{query}:"
        return {name.removeprefix(prefix): row for name, row in self.table.items() if name.startswith(prefix)}

    def unseen(self, query: str, principal: Principal) -> list[str]:
        """The paths of the members that the principal may not see."""
        return [path for path, row in self.members(query).items() if principal.role not in row]

    def needs_subject(self, role: str) -> bool:
        """Whether a role's permissions depend on the token's subject: some row gives it OWN."""
        return any(row.get(role) is Access.OWN for row in self.table.values())


def nothing_own() -> NotFound:
    """The error for a caller that may see only its own. It is the same for a foreign and for an absent aggregate."""
    return NotFound(
        "This token's subject owns nothing with this id. Check the id. If"
        " it was created just now, send its Consistency-Token"
        " with queries."
    )


def require_own(granted: Access, subject: str, owner: str | None) -> None:
    """Check that a caller with OWN is the owner.

    Raises:
        NotFound: the aggregate belongs to somebody else, or to nobody.
    """
    if granted is Access.OWN and owner != subject:
        raise nothing_own()
