"""Who may run which command and which query of transfers."""

from chalicelib.core.access.permissions import ALL, OWN, PermissionRows
from tests.core.domain.roles import CHIEF, CLERK, MEMBER

PERMISSIONS: PermissionRows = {
    "transfers.request": {MEMBER: OWN, CLERK: ALL, CHIEF: ALL},
    "transfers.cancel": {MEMBER: OWN, CLERK: ALL, CHIEF: ALL},
    "transfers.settle": {CLERK: ALL, CHIEF: ALL},
    "transfers.list": {MEMBER: OWN, CLERK: ALL, CHIEF: ALL},
    "transfers.get": {MEMBER: OWN, CLERK: ALL, CHIEF: ALL},
    "transfers.timeline": {MEMBER: OWN, CLERK: ALL, CHIEF: ALL},
    "transfers.timeline:entries.actor": {CLERK: ALL, CHIEF: ALL},
    "transfers.request:reference": {CLERK: ALL, CHIEF: ALL},
    "transfers.request:back-date": {CHIEF: ALL},
    "transfers.list:reference": {CLERK: ALL, CHIEF: ALL},
    "transfers.get:legs.name": {CLERK: ALL, CHIEF: ALL},
}
