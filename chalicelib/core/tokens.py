"""Signed texts that a client sends back: consistency tokens and cursors. They are opaque, but not secret.

A text is `<payload>.<mac>`: base64url of a JSON document, and of the first half of an HMAC-SHA256 (RFC 2104,
section 5 allows the half) over its purpose and the payload's characters. Because of the purpose, a cursor is not
accepted as a token. The characters themselves are compared, so a valid text has only one spelling.
"""

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable
from typing import Any, NamedTuple

import msgspec

from chalicelib.core.errors import Fault, Malformed

CONSISTENCY_HEADER = "Consistency-Token"
MAX_TOKENS = 20
"""The most tokens in one header. Each costs a look-up, and a client needs only the newest of each aggregate."""

_MAC_BYTES = 16


class Token(NamedTuple):
    """A commit that a query must have seen: a version (1, 2, 3 ...) of an aggregate of a service."""

    service: str
    id: str
    version: int


class BadSignature(ValueError):
    """The text was not signed with this secret for this purpose, or was changed afterwards."""


class Signer:
    """Signs and reads texts with one secret, which all functions of a deployment share.

    Args:
        secret: the TOKEN_SECRET, at least 32 characters.
    """

    def __init__(self, secret: str) -> None:
        # A copy of it costs a third of an HMAC that begins with the secret: OpenSSL looks up the digest each time.
        self._begun = hmac.new(secret.encode(), digestmod=hashlib.sha256)

    def sign(self, purpose: str, payload: Any) -> str:
        """Sign a JSON value for a purpose. The text consists of letters, digits, '-', '_' and one '.'."""
        body = _encode(msgspec.json.encode(payload))
        return f"{body}.{self._mac(purpose, body)}"

    def read(self, purpose: str, text: str) -> Any:
        """The JSON value in a text that `sign` made.

        Raises:
            BadSignature: `sign` did not make this text for this purpose.
        """
        body, _, mac = text.partition(".")
        if not hmac.compare_digest(_bytes(self._mac(purpose, body)), _bytes(mac)):
            raise BadSignature("not a text that was signed here for this purpose")
        return msgspec.json.decode(urlsafe_b64decode(body + "=" * (-len(body) % 4)))

    def consistency_token(self, service: str, id: str, version: int) -> str:
        """The token for a commit, as a command's answer carries it."""
        return self.sign("consistency", [service, id, version])

    def read_token(self, text: str) -> Token:
        """The commit that a token names.

        Raises:
            Malformed: the token was not issued here.
        """
        try:
            return Token(*self.read("consistency", text))
        except BadSignature as error:
            detail = "not a token that this API issued. Send the token from a command's answer unchanged"
            fault = Fault(detail, parameter=CONSISTENCY_HEADER)
            raise Malformed(f"The {CONSISTENCY_HEADER} header is {detail}.", faults=[fault]) from error

    def read_tokens(self, headers: Iterable[str]) -> tuple[Token, ...]:
        """The commits that Consistency-Token headers name, the newest of each aggregate.

        Args:
            headers: each header's value: one token or several, separated by commas.

        Raises:
            Malformed: a header has no token, a token was not issued here, or there are more than MAX_TOKENS.
        """
        texts: list[str] = []
        for header in headers:
            found = [text for part in header.split(",") if (text := part.strip())]
            texts += found or [""]  # which is no token: a client that lost its token must not read what is older
        if len(texts) > MAX_TOKENS:
            detail = f"{len(texts)} tokens; the limit is {MAX_TOKENS}. Send the newest token of each aggregate"
            fault = Fault(detail, parameter=CONSISTENCY_HEADER)
            raise Malformed(f"The {CONSISTENCY_HEADER} header has {detail}.", faults=[fault])
        newest: dict[tuple[str, str], Token] = {}
        for token in map(self.read_token, texts):
            newest[token[:2]] = max(token, newest.get(token[:2], token))
        return tuple(newest.values())

    def _mac(self, purpose: str, body: str) -> str:
        mac = self._begun.copy()
        mac.update(_bytes(f"tributary:{purpose}:{body}"))
        return _encode(mac.digest()[:_MAC_BYTES])


def _encode(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    """A text as bytes, including lone surrogates from a badly decoded header."""
    return text.encode("utf-8", "surrogatepass")
