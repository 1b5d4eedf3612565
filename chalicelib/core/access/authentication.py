"""Who is asking: a JWT (RFC 7519) becomes a Principal, in Chalice's built-in authorizer.

The authorizer verifies; API Gateway hands what it returns to the functions behind it as the request's
authorizer context. PyJWT and cryptography are imported here alone and on first use, so that no other
function pays for them at a cold start.
"""

import json
from collections.abc import Mapping
from functools import lru_cache
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from chalicelib.core.errors import Unauthenticated
from chalicelib.core.faults import faults_of
from chalicelib.core.settings import BadSettings, Settings

if TYPE_CHECKING:
    from jwt import PyJWK, PyJWKClient, PyJWKSet

Roles = Mapping[str, Any]
"""The roles that a token may name, each with the type of the subject of its tokens: {"clerk": Subject}."""

ALGORITHMS = ["RS256", "ES256"]
LEEWAY_SECONDS = 10


class Principal(NamedTuple):
    """Whoever the token was issued to.

    Attributes:
        subject: the token's `sub`, of the type that its role has; where a role may see its own only, the id of the
            owner. It is compared with keys in SQL, where "ada" and "ada " may be the same.
        role: one of the roles of the table of permissions.
    """

    subject: str
    role: str


class BadToken(Exception):
    """The token is missing, expired, forged or made for somebody else; the message says which."""


def verify(authorization: str, settings: Settings, roles: Roles) -> Principal:
    """The principal of an Authorization header: "Bearer <JWT>".

    Args:
        authorization: the header.
        settings: the issuer, the audience, the keys and the names of the claims.
        roles: those that a token may name.

    Raises:
        BadToken: saying why.
        BadSettings: issuer, audience or keys are not set, or the keys would come over plain http.
    """
    import jwt

    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise BadToken("the Authorization header is not 'Bearer <token>'")
    try:
        claims = jwt.decode(
            token.strip(),
            key=_key(token.strip(), settings.need("jwt_jwks")),
            algorithms=ALGORITHMS,
            issuer=settings.need("jwt_issuer"),
            audience=settings.need("jwt_audience"),
            leeway=LEEWAY_SECONDS,
            options={"require": ["exp", "iss", "aud"]},
        )
    except jwt.PyJWKClientConnectionError:
        raise  # the issuer's trouble is not the token's fault: API Gateway answers 500, not 401
    except jwt.PyJWTError as error:
        raise BadToken(str(error)) from error
    return _principal(claims, settings, roles)


def _principal(claims: Mapping[str, Any], settings: Settings, roles: Roles) -> Principal:
    subject, role = claims.get(settings.jwt_subject_claim), claims.get(settings.jwt_role_claim)
    try:
        return _checked(subject, role, roles)
    except BadToken as error:
        names = f"claims {settings.jwt_subject_claim!r} and {settings.jwt_role_claim!r}"
        raise BadToken(f"{names}: {error}") from error


def _checked(subject: Any, role: Any, roles: Roles) -> Principal:
    """The principal of a subject and a role.

    Raises:
        BadToken: there is no such role, or its tokens have other subjects.
    """
    if not isinstance(role, str) or role not in roles:
        raise BadToken(f"the role must be one of {', '.join(roles)}")
    if faults := faults_of(subject, roles[role]):
        raise BadToken(f"the subject of a token for {role}: {faults[0].detail}")
    return Principal(subject, role)


def _key(token: str, jwks: str) -> "PyJWK":
    """The key that signed the token, by its `kid`, from a URL, a file or the setting itself."""
    import jwt

    if urlsplit(jwks).scheme.lower() in ("https", "http"):
        return _client(jwks).get_signing_key_from_jwt(token)
    kid = jwt.get_unverified_header(token).get("kid")
    for key in _given_keys(jwks).keys:
        if key.key_id == kid:
            return key
    raise jwt.InvalidKeyError(f"no key {kid!r} in the key set")


@lru_cache(maxsize=1)
def _client(url: str) -> "PyJWKClient":
    """A client that caches the key set, so that one container asks the issuer every 5 minutes at most.

    Raises:
        BadSettings: plain http to another machine: whoever is on the way could put in keys of their own.
    """
    import jwt

    address = urlsplit(url)
    if address.scheme.lower() != "https" and not _is_loopback(address.hostname or ""):
        raise BadSettings("JWT_JWKS must be an https URL; http is taken only from this machine (localhost, 127.0.0.1)")
    return jwt.PyJWKClient(url, lifespan=300, timeout=3)


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


@lru_cache(maxsize=1)
def _given_keys(jwks: str) -> "PyJWKSet":
    import jwt

    return jwt.PyJWKSet.from_dict(json.loads(jwks if jwks.startswith("{") else Path(jwks).read_text()))


def principal_of(authorizer: Mapping[str, Any], roles: Roles) -> Principal:
    """The principal in what the authorizer returned.

    Args:
        authorizer: its context, as API Gateway hands it on; {} where none ran.
        roles: those that a token may name.

    Raises:
        Unauthenticated: no authorizer ran, or one that lets other subjects and roles through.
    """
    if "subject" not in authorizer:
        raise Unauthenticated("Send 'Authorization: Bearer <token>'.")
    try:
        return _checked(authorizer["subject"], authorizer.get("role"), roles)
    except BadToken as error:
        raise Unauthenticated(f"The token cannot be used here: {error}.") from error
