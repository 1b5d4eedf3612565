"""The roles: a member sees and changes its own items, a clerk sees and changes all, a chief also does what is risky."""

from chalicelib.core.access.authentication import Roles
from chalicelib.core.fields import Subject
from tests.core.domain.fields import Owner

MEMBER, CLERK, CHIEF = "member", "clerk", "chief"
ROLES: Roles = {MEMBER: Owner, CLERK: Subject, CHIEF: Subject}
