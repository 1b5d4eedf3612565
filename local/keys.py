"""The secrets of the local stack, made on first use: a key that signs JWTs, and the token secret.

They stand in for a team's identity provider and its secrets manager; they are worth nothing elsewhere.
"""

import json
import secrets
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

from local.files import write_private
from ops.issuing import KEY_ID
from ops.issuing import issue as sign

# Names, not addresses: they stay the same on whatever port the API listens.
ISSUER = "http://localhost:8000"
AUDIENCE = "tributary"


def jwks_path(folder: Path) -> Path:
    """The JWK set (RFC 7517) that the API verifies tokens with; made when it is not there."""
    path = folder / "jwks.json"
    public = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(private_key(folder).public_key()))
    text = json.dumps({"keys": [{**public, "kid": KEY_ID, "alg": "ES256", "use": "sig"}]})
    if not path.exists() or path.read_text() != text:
        write_private(path, text)
    return path


def token_secret(folder: Path) -> str:
    """The secret that consistency tokens and cursors are signed with; made when it is not there."""
    path = folder / "token-secret"
    if not path.exists():
        write_private(path, secrets.token_hex(32))
    return path.read_text()


def issue(folder: Path, role: str, subject: str = "") -> str:
    """A JWT that a stack with this folder of secrets accepts; see `ops.issuing.issue`."""
    return sign(private_key_path(folder), ISSUER, AUDIENCE, role, subject)


def private_key(folder: Path) -> ec.EllipticCurvePrivateKey:
    """The key that signs tokens; made when it is not there."""
    path = private_key_path(folder)
    return cast(ec.EllipticCurvePrivateKey, load_pem_private_key(path.read_bytes(), password=None))


def private_key_path(folder: Path) -> Path:
    """The file of that key, in PEM; made when it is not there."""
    path = folder / "jwt-key.pem"
    if not path.exists():
        key = ec.generate_private_key(ec.SECP256R1())
        write_private(path, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode())
    return path
