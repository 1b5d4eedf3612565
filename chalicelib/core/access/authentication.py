"""Authentication: a JWT (RFC 7519) becomes a Principal, in Chalice's built-in authorizer.

The authorizer verifies the token. API Gateway passes its result to the functions as the request's authorizer context.
PyJWT and cryptography are imported only here and on first use, so that no other function's cold start pays for them.
"""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from chalicelib.core.access.key_sets import signing_key
from chalicelib.core.errors import Unauthenticated
from chalicelib.core.faults import faults_of
from chalicelib.core.settings import Settings

Roles = Mapping[str, Any]
"""The roles that a token may name, each with the type of the subject of its tokens: {"clerk": Subject}."""

ALGORITHMS = ["RS256", "ES256"]
LEEWAY_SECONDS = 10
MAX_REASON = 200
"""Characters of an error about a token. The library quotes the token's header, which anybody can write."""
MAX_TOKEN = 8192
"""Characters. API Gateway accepts 10,240 bytes of headers in all."""
_COMPACT = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+){2}")
"""A signed token (RFC 7515, section 7.1). PyJWT takes a padded signature too. The firewall counts by the header's text,
so that each further spelling would have a limit of its own."""


class Principal(NamedTuple):
    """The caller: the one to whom the token was issued.

    Attributes:
        subject: the token's `sub`. It has the type that the role prescribes, because it is compared with keys in SQL,
            where "ada" and "ada " may be equal. If the role may see only its own, it is the owner's id.
        role: one of the roles of the table of permissions.
    """

    subject: str
    role: str


class BadToken(Exception):
    """The token is missing, expired, forged, or issued for another audience. The message says which."""


def verify_token(authorization: str, settings: Settings, roles: Roles) -> Principal:
    """The principal of an Authorization header: "Bearer <JWT>".

    Args:
        authorization: the header's value.
        settings: the issuer, the audience, the keys and the names of the claims.
        roles: the roles that a token may name.

    Raises:
        BadToken: the token is not accepted. The message says why.
        BadSettings: issuer, audience or keys are not set, or the keys would be fetched over plain http.
    """
    import jwt

    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise BadToken("the Authorization header is not 'Bearer <token>'")
    if len(token) > MAX_TOKEN:
        raise BadToken(f"the token has more than {MAX_TOKEN} characters")
    if not _COMPACT.fullmatch(token):
        raise BadToken("the token is not three parts in base64url without padding, with dots between them")
    try:
        key_id = str(jwt.get_unverified_header(token).get("kid", ""))
        claims = jwt.decode(
            token,
            key=signing_key(key_id, settings),
            algorithms=ALGORITHMS,
            issuer=settings.need("jwt_issuer"),
            audience=settings.need("jwt_audience"),
            leeway=LEEWAY_SECONDS,
            options={"require": ["exp", "iss", "aud"]},
        )
    except jwt.PyJWKClientConnectionError:
        raise  # the issuer's trouble is not the token's fault: API Gateway answers 500, not 401
    except (jwt.PyJWTError, RecursionError, ValueError) as error:
        raise BadToken(f"{type(error).__name__}: {str(error)[:MAX_REASON]}") from error
    return _principal(claims, settings, roles)


def _principal(claims: Mapping[str, Any], settings: Settings, roles: Roles) -> Principal:
    subject, role = claims.get(settings.jwt_subject_claim), claims.get(settings.jwt_role_claim)
    try:
        return _checked(subject, role, roles)
    except BadToken as error:
        names = f"claims {settings.jwt_subject_claim!r} and {settings.jwt_role_claim!r}"
        raise BadToken(f"{names}: {error}") from error


def _checked(subject: Any, role: Any, roles: Roles) -> Principal:
    """The principal with a subject and a role.

    Raises:
        BadToken: there is no such role, or the subject does not have the role's type.
    """
    if not isinstance(role, str) or role not in roles:
        raise BadToken(f"the role must be one of {', '.join(roles)}")
    if faults := faults_of(subject, roles[role]):
        raise BadToken(f"the subject of a token for {role}: {faults[0].detail}")
    return Principal(subject, role)


def principal_of(authorizer: Mapping[str, Any], roles: Roles) -> Principal:
    """The principal in the authorizer's context.

    Args:
        authorizer: the context that API Gateway passes on; {} if no authorizer ran.
        roles: the roles that a token may name.

    Raises:
        Unauthenticated: no authorizer ran, or its context holds another kind of subject or role.
    """
    if "subject" not in authorizer:
        raise Unauthenticated("Send 'Authorization: Bearer <token>'.")
    try:
        return _checked(authorizer["subject"], authorizer.get("role"), roles)
    except BadToken as error:
        raise Unauthenticated(f"The token cannot be used here: {error}.") from error
