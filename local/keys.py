"""The secrets of the local stack, made on first use: a key that signs JWTs, and the token secret.

They stand in for a team's identity provider and its secrets manager; they are worth nothing elsewhere.
"""

import json
import os
import secrets
import time
from pathlib import Path
from typing import cast

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from chalicelib.core.access.permissions import Permissions
from chalicelib.core.composition_root import composition_root
from local import LocalError
from local.config import Config

# Names, not addresses: they stay the same on whatever port the API listens.
ISSUER = "http://localhost:8000"
AUDIENCE = "tributary"
HOURS_VALID = 12
_KEY_ID = "local"


def jwks_path(folder: Path) -> Path:
    """The JWK set (RFC 7517) that the API verifies tokens with; made when it is not there."""
    path = folder / "jwks.json"
    public = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(private_key(folder).public_key()))
    text = json.dumps({"keys": [{**public, "kid": _KEY_ID, "alg": "ES256", "use": "sig"}]})
    if not path.exists() or path.read_text() != text:
        _write(path, text)
    return path


def token_secret(folder: Path) -> str:
    """The secret that consistency tokens and cursors are signed with; made when it is not there."""
    path = folder / "token-secret"
    if not path.exists():
        _write(path, secrets.token_hex(32))
    return path.read_text()


def local_token(role: str, subject: str = "") -> str:
    """A JWT that the local stack accepts; see `issue`."""
    return issue(Config.from_env().keys, role, subject)


def issue(folder: Path, role: str, subject: str = "", permissions: Permissions | None = None) -> str:
    """A signed JWT.

    Args:
        folder: where the key is kept.
        role: one of the roles that there are.
        subject: who it is for; with a role that may see its own only, the owner's id. Default: "local-<role>".
        permissions: which roles there are; default: those of the composition root.

    Raises:
        LocalError: there is no such role, or nobody is named for a role that may see its own only.
    """
    permissions = permissions or composition_root().PERMISSIONS
    roles = permissions.roles
    if role not in roles:
        raise LocalError(f"ROLE must be one of {', '.join(roles)}, not {role!r}: make token ROLE={roles[-1]}")
    if permissions.needs_subject(role) and not subject:
        raise LocalError(f"The role {role} needs the id of whom the token is for: make token ROLE={role} SUB=...")
    now = int(time.time())
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": subject or f"local-{role}",
        "role": role,
        "iat": now,
        "exp": now + HOURS_VALID * 3600,
    }
    return jwt.encode(claims, private_key(folder), algorithm="ES256", headers={"kid": _KEY_ID})


def private_key(folder: Path) -> ec.EllipticCurvePrivateKey:
    """The key that signs tokens; made when it is not there."""
    path = folder / "jwt-key.pem"
    if not path.exists():
        key = ec.generate_private_key(ec.SECP256R1())
        _write(path, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode())
    return cast(ec.EllipticCurvePrivateKey, load_pem_private_key(path.read_bytes(), password=None))


def _write(path: Path, text: str) -> None:
    """Write a file whole or not at all, for this user's eyes only."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    fresh.touch(mode=0o600)
    fresh.write_text(text)
    fresh.replace(path)
