"""Tokens against key sets: from a file, from the issuer's URL, from the setting itself; RS256 and ES256."""

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Annotated, Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from msgspec import Meta

from chalicelib.core.access.authentication import BadToken, Principal, principal_of, verify_token
from chalicelib.core.access.permissions import Access, Permissions, require_own
from chalicelib.core.errors import Forbidden, NotFound, Unauthenticated
from chalicelib.core.fields import Subject
from chalicelib.core.settings import BadSettings, Settings

Own = Annotated[str, Meta(pattern=r"^usr_[0-9]{1,9}\Z")]
ROLES = {"member": Own, "clerk": Subject, "chief": Subject}
KEYS: dict[str, Any] = {
    "RS256": rsa.generate_private_key(public_exponent=65537, key_size=2048),
    "ES256": ec.generate_private_key(ec.SECP256R1()),
}


def key_set() -> str:
    """Return both public keys as a JWK set. A key's id is its algorithm."""
    makers = {"RS256": jwt.algorithms.RSAAlgorithm, "ES256": jwt.algorithms.ECAlgorithm}
    keys = [json.loads(makers[name].to_jwk(key.public_key())) | {"kid": name} for name, key in KEYS.items()]
    return json.dumps({"keys": keys})


def token(algorithm: str, **changes: Any) -> str:
    """Return an Authorization header of a clerk."""
    claims = {"iss": "issuer", "aud": "tributary", "sub": "ada", "role": "clerk", "exp": int(time.time()) + 60}
    return "Bearer " + jwt.encode(claims | changes, KEYS[algorithm], algorithm, headers={"kid": algorithm})


def settings(jwks: str, **changes: Any) -> Settings:
    """Return settings that trust that key set."""
    return Settings(jwt_issuer="issuer", jwt_audience="tributary", jwt_jwks=jwks, **changes)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """An issuer's server."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(key_set().encode())

        def log_message(self, *_: Any) -> None:
            """Log nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/jwks.json"
    server.shutdown()
    server.server_close()


@pytest.fixture(params=["url", "file", "itself"])
def jwks(request: pytest.FixtureRequest, url: str, tmp_path: Path) -> str:
    """Return the setting in each of its forms."""
    path = tmp_path / "jwks.json"
    path.write_text(key_set())
    return {"url": url, "file": str(path), "itself": key_set()}[request.param]


@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
def test_good(jwks: str, algorithm: str) -> None:
    """A token with either algorithm is accepted, wherever the keys are."""
    assert verify_token(token(algorithm), settings(jwks), ROLES) == Principal("ada", "clerk")


@pytest.mark.parametrize(
    "changes",
    [{"exp": 1}, {"aud": "x"}, {"iss": "x"}, {"role": "root"}, {"role": ["clerk"]}, {"sub": "x" * 129}, {"sub": 7}],
)
def test_bad(jwks: str, changes: dict[str, Any]) -> None:
    """A token with a wrong claim is refused, wherever the keys are."""
    with pytest.raises(BadToken):
        verify_token(token("ES256", **changes), settings(jwks), ROLES)


def test_other_claims_for_role_and_subject() -> None:
    """If an issuer cannot set `role` and `sub`, the settings name other claims."""
    own = settings(key_set(), jwt_role_claim="custom:role", jwt_subject_claim="custom:member")
    claims = {"custom:role": "member", "custom:member": "usr_1"}
    assert verify_token(token("ES256", **claims), own, ROLES) == ("usr_1", "member")


@pytest.mark.parametrize(
    "subject", ["usr_1 ", " usr_1", "usr_1\n", "usr_1\x00", "USR_1", "usr_", "ada", "\ud800", ["usr_1"]]
)
def test_subjects_of_a_role(subject: Any) -> None:
    """A subject has its role's type to the last character, since SQL compares "usr_1 " and "usr_1" as equal."""
    claims = {"sub": "usr_1", "role": "member"}
    assert verify_token(token("ES256", **claims), settings(key_set()), ROLES) == ("usr_1", "member")
    odd = settings(key_set(), jwt_subject_claim="odd")  # PyJWT itself checks the type of `sub`
    with pytest.raises(BadToken, match="subject"):
        verify_token(token("ES256", **claims, odd=subject), odd, ROLES)
    with pytest.raises(Unauthenticated):
        principal_of({"subject": subject, "role": "member"}, ROLES)


@pytest.mark.parametrize("context", [{}, {"role": "clerk"}, {"subject": "ada"}, {"subject": "ada", "role": "root"}])
def test_context_of_another_authorizer(context: dict[str, Any]) -> None:
    """The authorizer's context is checked again, since a team may use another authorizer."""
    with pytest.raises(Unauthenticated):
        principal_of(context, ROLES)


def test_the_roles_are_the_caller_s() -> None:
    """A token may name only the application's roles."""
    assert verify_token(token("ES256", role="auditor"), settings(key_set()), {"auditor": Subject}).role == "auditor"
    with pytest.raises(BadToken, match="must be one of auditor"):
        verify_token(token("ES256"), settings(key_set()), {"auditor": Subject})


def test_permissions_name_roles_that_exist() -> None:
    """A misspelt role is an error when the table is made, and not a role that nobody has."""
    with pytest.raises(ValueError, match="change: editr"):
        Permissions(roles={"editor": Subject}, table={"documents.change": {"editr": Access.ALL}})


def test_what_a_role_may() -> None:
    """A row allows its roles what it says. All others are refused by name."""
    table = Permissions({"editor": Subject, "guest": Subject}, {"documents.change": {"editor": Access.ALL}})
    assert table.access("documents.change", Principal("ada", "editor")) is Access.ALL
    with pytest.raises(Forbidden, match="is for editor, and this token's role is guest"):
        table.access("documents.change", Principal("bob", "guest"))


def test_own_passes_for_the_owner_alone() -> None:
    """OWN refuses another's item and an item without an owner. ALL refuses nothing."""
    require_own(Access.OWN, "ada", "ada")
    require_own(Access.ALL, "ada", "bob")
    for other in ("bob", None):
        with pytest.raises(NotFound, match="owns nothing with this id"):
            require_own(Access.OWN, "ada", other)


def test_issuer_out_of_reach() -> None:
    """The issuer's failure is not the token's fault, and so no 401."""
    with pytest.raises(jwt.PyJWKClientConnectionError):
        verify_token(token("ES256"), settings("http://127.0.0.1:9/jwks.json"), ROLES)


@pytest.mark.parametrize(
    "address",
    ["http://issuer.example/jwks.json", "HTTP://issuer.example/", "http://10.0.0.7:8080/jwks.json",
     "http://localhost.evil.example/", "http://127.0.0.1@evil.example/", "http://127.0.0.1.nip.io/", "http://"],
)  # fmt: skip
def test_keys_over_plain_http(address: str) -> None:
    """Keys that somebody on the way could replace are a fault of the settings, before anything is fetched."""
    with pytest.raises(BadSettings, match="https"):
        verify_token(token("ES256"), settings(address), ROLES)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "127.8.8.8"])
def test_keys_from_this_machine(host: str) -> None:
    """Plain http within the machine is accepted, since nobody is on the way."""
    with pytest.raises(jwt.PyJWKClientConnectionError):
        verify_token(token("ES256"), settings(f"http://{host}:9/jwks.json"), ROLES)
