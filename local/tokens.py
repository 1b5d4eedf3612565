"""Tokens of the local stack for its console: the person at this machine chooses a role. It ships nowhere.

GET  /local/tokens -> {"roles": [{"role": "clerk", "needs_subject": false}]}
POST /local/tokens {"role": "clerk", "subject": ""} -> {"token": "..."}
"""

import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from chalicelib.core.composition_root import composition_root
from chalicelib.core.errors import Fault, Forbidden, Invalid, MethodNotAllowed, UnsupportedMediaType
from chalicelib.core.faults import faults_of
from chalicelib.core.http.json_text import decode_json
from chalicelib.core.http.validation import check_body
from local import keys

PATH = "/local/tokens"


class TokenRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who is to be signed in."""

    role: str
    subject: str = ""


def answer(method: str, headers: dict[str, list[str]], body: bytes) -> dict[str, Any]:
    """What the route answers.

    Raises:
        Forbidden: a page of another site asks.
        UnsupportedMediaType, MethodNotAllowed, Malformed, Invalid: the request is none for a token.
    """
    _require_own_page(headers)
    if method == "GET":
        permissions = composition_root().PERMISSIONS
        return {
            "roles": [{"role": role, "needs_subject": permissions.needs_subject(role)} for role in permissions.roles]
        }
    if method != "POST":
        raise MethodNotAllowed(f"{method} is not for {PATH}; it takes GET, POST.", headers={"Allow": "GET, POST"})
    # No page of another site can send this type without asking first, and nobody answers it.
    if headers.get("content-type", [""])[-1].partition(";")[0].strip() != "application/json":
        raise UnsupportedMediaType("Send 'Content-Type: application/json'.")
    return {"token": _token(check_body(decode_json(body), TokenRequest))}


def _token(asked: TokenRequest) -> str:
    permissions = composition_root().PERMISSIONS
    if asked.role not in permissions.roles:
        raise _invalid("/role", f"must be one of {', '.join(permissions.roles)}")
    if permissions.needs_subject(asked.role) and not asked.subject:
        raise _invalid("/subject", f"missing: a {asked.role} sees only what is its own, so its token needs an id")
    if asked.subject and (faults := faults_of(asked.subject, permissions.roles[asked.role])):
        raise _invalid("/subject", faults[0].detail)
    return keys.issue(Path(os.environ["LOCAL_STATE"]) / "keys", asked.role, asked.subject)


def _invalid(pointer: str, detail: str) -> Invalid:
    return Invalid(f"{pointer}: {detail}.", faults=[Fault(detail, pointer=pointer)])


def _require_own_page(headers: dict[str, list[str]]) -> None:
    """Refuse a page of another site; programs name no origin."""
    own = headers.get("host", [""])[-1].lower()
    for origin in headers.get("origin", []):
        if urlsplit(origin).netloc.lower() != own:
            raise Forbidden("Only the console of this stack is given tokens.")
