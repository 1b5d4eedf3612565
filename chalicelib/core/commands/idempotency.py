"""Idempotency keys: a repeated request gets the same response, for 24 hours.

After the IETF draft "The Idempotency-Key HTTP Header Field" (draft-ietf-httpapi-idempotency-key-header).
The response is kept in the transaction of the change itself, so a crash leaves both or neither.
"""

import hashlib
import re
import time
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import quote

import msgspec

from chalicelib.core.commands.store import KeptResponse, WriteStore
from chalicelib.core.errors import Fault, Invalid, Malformed
from chalicelib.core.service import CLAIM_PREFIX

KEPT_SECONDS = 24 * 3600
_KEY = re.compile(r"[\x21-\x7e]{1,255}")


class CommandResponse(NamedTuple):
    """A response as plain data, and whether it is an earlier one."""

    response: Mapping[str, Any]
    replayed: bool


class IdempotencyKey(msgspec.Struct, frozen=True):
    """One request's idempotency key.

    Attributes:
        claim_id: the partition key of the item that keeps the response.
        fingerprint: digest of the request: route, parameters, role and body.
    """

    claim_id: str
    fingerprint: str

    @classmethod
    def of(cls, header: str, principal: str, request: bytes) -> "IdempotencyKey":
        """The key of a request.

        Args:
            header: the Idempotency-Key.
            principal: who sent it; others may use the same key.
            request: all that makes it this request, body included.

        Raises:
            Malformed: the header is not 1 to 255 visible ASCII characters.
        """
        if not _KEY.fullmatch(header):
            detail = "must be 1 to 255 visible ASCII characters"
            raise Malformed(f"Idempotency-Key {detail}.", faults=[Fault(detail, parameter="Idempotency-Key")])
        # Quoted, so that no principal's "#" can reach into another's keys.
        claim_id = f"{CLAIM_PREFIX}key#{quote(principal, safe='')}#{header}"
        return cls(claim_id, hashlib.sha256(request).hexdigest())

    def keep(self, response: Mapping[str, Any]) -> KeptResponse:
        """The record to write together with the change."""
        return KeptResponse(self.claim_id, self.fingerprint, response, int(time.time()) + KEPT_SECONDS)

    def replay(self, store: WriteStore) -> CommandResponse | None:
        """The earlier response under this key, if there is one.

        Raises:
            Invalid: the key was used for another request.
        """
        kept = store.kept_response(self.claim_id, int(time.time()))
        if kept is None:
            return None
        if kept.fingerprint != self.fingerprint:
            raise Invalid(
                "This Idempotency-Key was used for another request. Use a new one.",
                code="idempotency-key-reused",
                faults=[Fault("used for another request", parameter="Idempotency-Key")],
            )
        return CommandResponse(kept.response, replayed=True)
