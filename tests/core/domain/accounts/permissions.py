"""Who may run which command and which query of accounts."""

from chalicelib.core.access.permissions import ALL, OWN, PermissionRows
from tests.core.domain.roles import CHIEF, CLERK, MEMBER

PERMISSIONS: PermissionRows = {
    "accounts.open": {MEMBER: OWN, CLERK: ALL, CHIEF: ALL},
    "accounts.change": {MEMBER: OWN, CLERK: ALL, CHIEF: ALL},
    "accounts.deposit": {CLERK: ALL, CHIEF: ALL},
    "accounts.close": {MEMBER: OWN, CLERK: ALL, CHIEF: ALL},
    "accounts.list": {MEMBER: OWN, CLERK: ALL, CHIEF: ALL},
    "accounts.get": {MEMBER: OWN, CLERK: ALL, CHIEF: ALL},
    "accounts.timeline": {MEMBER: OWN, CLERK: ALL, CHIEF: ALL},
    "accounts.timeline:entries.actor": {CLERK: ALL, CHIEF: ALL},
    "accounts.get:turnover": {CLERK: ALL, CHIEF: ALL},
}
