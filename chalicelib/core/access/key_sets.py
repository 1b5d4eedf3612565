"""The keys that sign tokens, by their ids: from the issuer's URL, a file, or the setting itself (RFC 7517).

Keys rotate without a restart. A fetched set is kept for JWT_KEYS_SECONDS (300), so a key that the issuer has withdrawn
is accepted for up to that time. An unknown key id makes the set be fetched again, but at most every 30 s, so that
made-up ids cause no load. A file is read again when it has changed. A token can only name one of these keys:
headers that bring a key or an address along (jwk, jku, x5c, x5u) are ignored.
"""

import json
from functools import lru_cache
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from chalicelib.core.settings import BadSettings, Settings

if TYPE_CHECKING:
    from jwt import PyJWK, PyJWKClient

FETCH_TIMEOUT_SECONDS = 3
UNKNOWN_KEY_SECONDS = 30


def signing_key(key_id: str, settings: Settings) -> "PyJWK":
    """The key with this id.

    Raises:
        jwt.InvalidKeyError, jwt.PyJWKClientError: there is no such key.
        jwt.PyJWKClientConnectionError: the issuer cannot be reached.
        BadSettings: there is no usable key set, or it would be fetched over plain http from another machine.
    """
    import jwt

    jwks = settings.need("jwt_jwks")
    if urlsplit(jwks).scheme.lower() in ("https", "http"):
        return _client(jwks, settings.jwt_keys_seconds).get_signing_key(key_id)
    keys = _keys(jwks) if jwks.startswith("{") else _keys_of_file(jwks, *_version(Path(jwks)))
    if key_id not in keys:
        raise jwt.InvalidKeyError("the key set has no key of the token's key id")
    return keys[key_id]


@lru_cache(maxsize=1)
def _client(url: str, seconds: int) -> "PyJWKClient":
    """A client that keeps the key set.

    Raises:
        BadSettings: the URL is plain http to another machine. Anyone on the network could replace the keys.
    """
    import jwt

    address = urlsplit(url)
    if address.scheme.lower() != "https" and not _is_loopback(address.hostname or ""):
        raise BadSettings("JWT_JWKS must be an https URL; http is taken only from this machine (localhost, 127.0.0.1)")
    cooldown = min(UNKNOWN_KEY_SECONDS, seconds)
    return jwt.PyJWKClient(url, lifespan=seconds, timeout=FETCH_TIMEOUT_SECONDS, cooldown_duration=cooldown)


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _version(file: Path) -> tuple[int, int, int]:
    """A value that changes whenever a file is written or replaced."""
    found = file.stat()
    return found.st_ino, found.st_mtime_ns, found.st_size


@lru_cache(maxsize=1)
def _keys_of_file(path: str, *_version: int) -> dict[str, "PyJWK"]:
    return _keys(Path(path).read_text())


@lru_cache(maxsize=1)
def _keys(jwks: str) -> dict[str, "PyJWK"]:
    """The signing keys of a set.

    Raises:
        BadSettings: the value is no key set.
    """
    import jwt

    try:
        keys = jwt.PyJWKSet.from_dict(json.loads(jwks)).keys
    except (ValueError, AttributeError, jwt.PyJWTError) as error:
        raise BadSettings("JWT_JWKS holds no JWK set (RFC 7517)") from error
    return {key.key_id: key for key in keys if key.key_id and key.public_key_use in ("sig", None)}
