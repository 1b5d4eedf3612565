"""The secrets of the local stack, made on first use: a key that signs JWTs, and the token secret.

They replace a team's identity provider and its secrets manager. They are useless elsewhere.
"""

import json
import re
import secrets
from pathlib import Path

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from local import LocalError
from local.files import write_private
from ops.issuing import KEY_ID, sign_token

# These are names, not addresses. They do not change with the API's port.
ISSUER = "http://localhost:8000"
AUDIENCE = "tributary"


def jwks_path(folder: Path) -> Path:
    """The file of the JWK set (RFC 7517) with which the API verifies tokens. It is made if it does not exist."""
    path = folder / "jwks.json"
    public = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(private_key(folder).public_key()))
    text = json.dumps({"keys": [{**public, "kid": KEY_ID, "alg": "ES256", "use": "sig"}]})
    if not path.exists() or path.read_bytes() != text.encode():
        write_private(path, text)
    return path


def token_secret(folder: Path) -> str:
    """The secret that signs consistency tokens and cursors. It is made if it does not exist.

    Raises:
        LocalError: the file holds something else.
    """
    path = folder / "token-secret"
    if not path.exists():
        write_private(path, secrets.token_hex(32))
    secret = path.read_text(encoding="utf-8", errors="replace")
    if not re.fullmatch(r"[0-9a-f]{64}", secret):
        raise LocalError(
            f"{path} does not hold the 64 hexadecimal digits that were made there. Remove it, and start again: a new"
            " one is made, and earlier consistency tokens and cursors become invalid."
        )
    return secret


def issue(folder: Path, role: str, subject: str = "") -> str:
    """A JWT that a stack with this folder of secrets accepts. See `ops.issuing.issue`."""
    return sign_token(private_key_path(folder), ISSUER, AUDIENCE, role, subject)


def private_key(folder: Path) -> ec.EllipticCurvePrivateKey:
    """The key that signs tokens. It is made if it does not exist.

    Raises:
        LocalError: the file holds something else.
    """
    path = private_key_path(folder)
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise LocalError(
            f"{path} does not hold the private key (P-256, PEM) that was made there. Remove it, and start again: a new"
            " one is made, and earlier tokens become invalid."
        )
    return key


def private_key_path(folder: Path) -> Path:
    """The file of that key, in PEM. It is made if it does not exist."""
    path = folder / "jwt-key.pem"
    if not path.exists():
        key = ec.generate_private_key(ec.SECP256R1())
        write_private(path, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode())
    return path
