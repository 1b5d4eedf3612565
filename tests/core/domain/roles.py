"""Who there is: a member sees and changes its own, a clerk all, a chief may do what is risky as well."""

from chalicelib.core.access.authentication import Roles
from chalicelib.core.fields import Subject
from tests.core.domain.fields import Owner

MEMBER, CLERK, CHIEF = "member", "clerk", "chief"
ROLES: Roles = {MEMBER: Owner, CLERK: Subject, CHIEF: Subject}
