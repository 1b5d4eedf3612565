"""Who may do what: a member its own, a clerk all, a chief what is risky as well."""

from chalicelib.core.access.permissions import Access, Permissions

_ALL, _OWN = Access.ALL, Access.OWN
MEMBER, CLERK, CHIEF = "member", "clerk", "chief"

PERMISSIONS = Permissions(
    roles=(MEMBER, CLERK, CHIEF),
    table={
        "accounts.open": {MEMBER: _OWN, CLERK: _ALL, CHIEF: _ALL},
        "accounts.change": {MEMBER: _OWN, CLERK: _ALL, CHIEF: _ALL},
        "accounts.deposit": {CLERK: _ALL, CHIEF: _ALL},
        "accounts.close": {MEMBER: _OWN, CLERK: _ALL, CHIEF: _ALL},
        "accounts.list": {MEMBER: _OWN, CLERK: _ALL, CHIEF: _ALL},
        "accounts.get": {MEMBER: _OWN, CLERK: _ALL, CHIEF: _ALL},
        "transfers.request": {MEMBER: _OWN, CLERK: _ALL, CHIEF: _ALL},
        "transfers.cancel": {MEMBER: _OWN, CLERK: _ALL, CHIEF: _ALL},
        "transfers.settle": {CLERK: _ALL, CHIEF: _ALL},
        "transfers.list": {MEMBER: _OWN, CLERK: _ALL, CHIEF: _ALL},
        "transfers.get": {MEMBER: _OWN, CLERK: _ALL, CHIEF: _ALL},
        # privileges inside a command
        "transfers.request:reference": {CLERK: _ALL, CHIEF: _ALL},
        "transfers.request:back-date": {CHIEF: _ALL},
        "operations.status": {CLERK: _ALL, CHIEF: _ALL},
    },
)
