"""Signs JWTs as the local stack's identity provider would."""

import time
from pathlib import Path

import jwt

KEY_ID = "local"
HOURS_VALID = 12


def sign_token(key: Path, issuer: str, audience: str, role: str, subject: str = "") -> str:
    """A signed JWT, valid for HOURS_VALID.

    Args:
        key: file of the private key, in PEM.
        issuer: `iss`.
        audience: `aud`.
        role: the claim `role`.
        subject: `sub`. Default: "local-<role>".
    """
    now = int(time.time())
    claims = {
        "iss": issuer,
        "aud": audience,
        "sub": subject or f"local-{role}",
        "role": role,
        "iat": now,
        "exp": now + HOURS_VALID * 3600,
    }
    return jwt.encode(claims, key.read_bytes(), algorithm="ES256", headers={"kid": KEY_ID})
