"""A table of attacks on tokens. Each is refused as a bad token, and costs little."""

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256, SHA384
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from chalicelib.core.access.authentication import MAX_TOKEN, BadToken, verify_token
from chalicelib.core.fields import Subject
from chalicelib.core.settings import BadSettings, Settings
from tests.support.waiting import PATIENT_SECONDS

ROLES = {"clerk": Subject}
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC = ec.generate_private_key(ec.SECP256R1())
STRANGER = ec.generate_private_key(ec.SECP256R1())
FAR = 253402300800  # the year 10000


def segment(value: bytes | Any) -> str:
    """Return a segment of a token: base64url without padding."""
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def claims(**changes: Any) -> dict[str, Any]:
    """Return good claims with these changes. None removes a claim."""
    good = {"iss": "issuer", "aud": "tributary", "sub": "ada", "role": "clerk", "exp": int(time.time()) + 60}
    return {name: value for name, value in (good | changes).items() if value is not None}


def signed(header: Any, payload: Any, key: Any = EC) -> str:
    """Return a token of any header and payload, with a good ES256 signature."""
    body = f"{segment(header)}.{segment(payload)}"
    return f"{body}.{segment(jwt.algorithms.ECAlgorithm(SHA256).sign(body.encode(), key))}"


def es256(payload: Any = None, key: Any = EC, **header: Any) -> str:
    """Return a token with the usual header and further members."""
    return signed({"alg": "ES256", "typ": "JWT", "kid": "ec", **header}, payload or claims(), key)


def hs256(secret: bytes, **header: Any) -> str:
    """Return a token whose signature is an HMAC."""
    body = f"{segment({'alg': 'HS256', 'kid': 'rsa', **header})}.{segment(claims())}"
    return f"{body}.{segment(hmac.digest(secret, body.encode(), hashlib.sha256))}"


def rs(algorithm: str, kid: str, **_: Any) -> str:
    """Return a token that is signed with the RSA key."""
    return jwt.encode(claims(), RSA, algorithm, headers={"kid": kid})


def pem(key: Any = RSA) -> bytes:
    """Return the public key as its issuer would publish it."""
    return bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))


def public_jwk(key: Any) -> dict[str, Any]:
    """Return the public half as a JWK."""
    maker = jwt.algorithms.RSAAlgorithm if isinstance(key, rsa.RSAPrivateKey) else jwt.algorithms.ECAlgorithm
    return dict(json.loads(maker.to_jwk(key.public_key())))


def of_es384() -> str:
    """Return a token that is signed with the right key and another digest."""
    body = f"{segment({'alg': 'ES384', 'kid': 'ec'})}.{segment(claims())}"
    return f"{body}.{segment(EC.sign(body.encode(), ec.ECDSA(SHA384())))}"


def der_signature() -> str:
    """Return a token with a signature in X.509's form, instead of JWS's."""
    body = f"{segment({'alg': 'ES256', 'kid': 'ec'})}.{segment(claims())}"
    return f"{body}.{segment(EC.sign(body.encode(), ec.ECDSA(SHA256())))}"


def pss() -> str:
    """Return a token of RS256's key with PS256's padding."""
    body = f"{segment({'alg': 'RS256', 'kid': 'rsa'})}.{segment(claims())}"
    return f"{body}.{segment(RSA.sign(body.encode(), padding.PSS(padding.MGF1(SHA256()), 32), SHA256()))}"


def unsigned(algorithm: Any, signature: str = "") -> str:
    """Return a token with an algorithm that signs nothing."""
    return f"{segment({'alg': algorithm, 'typ': 'JWT', 'kid': 'ec'})}.{segment(claims())}.{signature}"


def respelled(token: str) -> str:
    """Return a token with the same bytes in another spelling: four bits of the last character mean nothing."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return token[:-1] + letters[letters.index(token[-1]) ^ 1]


def deep(levels: int) -> bytes:
    """Return deeply nested JSON."""
    return b'{"alg":"ES256","kid":"ec","x":' + b"[" * levels + b"]" * levels + b"}"


GOOD = es256()
BODY, _, SIGNATURE = GOOD.rpartition(".")

ATTACKS: dict[str, Callable[[str], str]] = {
    # algorithms
    **{
        f"algorithm {name!r}": (lambda _, name=name: unsigned(name))
        for name in ("none", "None", "nOnE", "", None, [], 0)
    },
    "algorithm none, with a signature": lambda _: unsigned("none", SIGNATURE),
    "no algorithm": lambda _: signed({"kid": "ec"}, claims()),
    "HS256 with the public key": lambda _: hs256(pem()),
    "HS256 with the public key, stripped": lambda _: hs256(pem().strip()),
    "HS256 with the key set": lambda jwks: hs256(jwks.encode()),
    "HS256 with the modulus": lambda _: hs256(public_jwk(RSA)["n"].encode()),
    "HS256 with nothing": lambda _: hs256(b""),
    "HS256 under the key of ES256": lambda _: hs256(pem(EC), kid="ec"),
    "RS512": lambda _: rs("RS512", "rsa"),
    "PS256": lambda _: rs("PS256", "rsa"),
    "PS256 called RS256": lambda _: pss(),
    "RS256 under the key of ES256": lambda _: rs("RS256", "ec"),
    "ES256 under the key of RS256": lambda _: es256(kid="rsa"),
    "ES384": lambda _: of_es384(),
    # signatures
    "no signature": lambda _: f"{BODY}.",
    "no third segment": lambda _: BODY,
    "a signature of zeros": lambda _: f"{BODY}.{segment(bytes(64))}",
    "a signature of the order": lambda _: f"{BODY}.{segment(bytes.fromhex('ff' * 64))}",
    "a signature in DER": lambda _: der_signature(),
    "half a signature": lambda _: f"{BODY}.{SIGNATURE[:43]}",
    "a signature and more": lambda _: f"{GOOD}AAAA",
    "a fourth segment": lambda _: f"{GOOD}.x",
    "five segments": lambda _: "a.b.c.d.e",
    "another's payload": lambda _: f"{segment({'alg': 'ES256', 'kid': 'ec'})}.{segment(claims(sub='eve'))}.{SIGNATURE}",
    "a stranger's key": lambda _: es256(key=STRANGER),
    # other spellings of a good token, each of which the firewall would count separately
    "a padded signature": lambda _: f"{GOOD}==",
    "a stray character": lambda _: f"{BODY}.{SIGNATURE[:40]}!!!!{SIGNATURE[40:]}",
    "a blank before": lambda _: f" {GOOD}",
    "blanks behind": lambda _: f"{GOOD}    ",
    "a line's end behind": lambda _: f"{GOOD}\n",
    "other bits behind the signature": lambda _: respelled(GOOD),
    # key ids
    **{
        f"key id {name}": (lambda _, kid=kid: es256(kid=kid))
        for name, kid in {
            "as a path": "../../../../../../dev/null",
            "as SQL": "x' UNION SELECT 'AAAA' -- ",
            "as a command": "|| curl evil.example",
            "as a URL": "https://evil.example/jwks.json",
            "with NUL": "ec\x00",
            "with a blank": "ec ",
            "that is empty": "",
            "that is a number": 1,
            "that is a list": ["ec"],
            "that is null": None,
            "that is a surrogate": "\ud800",
            "that is long": "e" * 5000,
        }.items()
    },
    "no key id": lambda _: signed({"alg": "ES256"}, claims()),
    # headers that bring their own key
    "jwk": lambda _: es256(key=STRANGER, jwk=public_jwk(STRANGER)),
    "jwk of the same id": lambda _: es256(key=STRANGER, jwk=public_jwk(STRANGER) | {"kid": "ec"}),
    "jku": lambda url: es256(key=STRANGER, jku=url, kid="stranger"),
    "x5u": lambda url: es256(key=STRANGER, x5u=url, kid="stranger"),
    "x5c": lambda _: es256(key=STRANGER, x5c=[base64.b64encode(pem(STRANGER)).decode()]),
    "a critical extension": lambda _: es256(crit=["exp"], exp=FAR),
    "b64": lambda _: es256(crit=["b64"], b64=False),
    # times
    "expired": lambda _: es256(claims(exp=int(time.time()) - 60)),
    "expired long ago": lambda _: es256(claims(exp=-1)),
    "no expiry": lambda _: es256(claims(exp=None)),
    "an expiry that is no number": lambda _: es256(claims(exp="tomorrow")),
    "an expiry that is a list": lambda _: es256(claims(exp=[FAR])),
    "an expiry that is true": lambda _: es256(claims(exp=True)),
    "an infinite expiry": lambda _: signed(
        {"alg": "ES256", "kid": "ec"}, json.dumps(claims(exp=float("inf"))).encode()
    ),
    "an expiry of 5,000 digits": lambda _: signed(
        {"alg": "ES256", "kid": "ec"}, json.dumps(claims(exp=0)).encode().replace(b'"exp": 0', b'"exp": ' + b"9" * 5000)
    ),
    "not yet": lambda _: es256(claims(nbf=FAR)),
    "issued in the future": lambda _: es256(claims(iat=FAR)),
    # audiences and issuers
    "another audience": lambda _: es256(claims(aud="tributary2")),
    "a list of other audiences": lambda _: es256(claims(aud=["a", "b"])),
    "no audience": lambda _: es256(claims(aud=None)),
    "an empty audience": lambda _: es256(claims(aud=[])),
    "an audience that is no text": lambda _: es256(claims(aud={"tributary": 1})),
    "another issuer": lambda _: es256(claims(iss="issuer.evil.example")),
    "an issuer with a blank": lambda _: es256(claims(iss="issuer ")),
    "a list of issuers": lambda _: es256(claims(iss=["issuer"])),
    "no issuer": lambda _: es256(claims(iss=None)),
    # roles and subjects
    "a role that there is not": lambda _: es256(claims(role="admin")),
    "a role with a blank": lambda _: es256(claims(role="clerk ")),
    "a list of roles": lambda _: es256(claims(role=["clerk"])),
    "no role": lambda _: es256(claims(role=None)),
    "no subject": lambda _: es256(claims(sub=None)),
    "a subject that is a surrogate": lambda _: es256(claims(sub="\ud800")),
    "a subject with NUL": lambda _: es256(claims(sub="ada\x00")),
    "a subject with a blank": lambda _: es256(claims(sub="ada ")),
    "a subject that is long": lambda _: es256(claims(sub="a" * 129)),
    # forms
    "nothing": lambda _: "",
    "dots": lambda _: "..",
    "no base64": lambda _: "\u00e9.\u00e9.\u00e9",
    "a surrogate": lambda _: f"{BODY}.\ud800",
    "a header that is a list": lambda _: signed([], claims()),
    "a header that is no JSON": lambda _: signed(b"{", claims()),
    "a header that is not UTF-8": lambda _: signed(b"\xff\xfe", claims()),
    "a header that nests": lambda _: signed(deep(2500), claims()),
    "a payload that is a list": lambda _: signed({"alg": "ES256", "kid": "ec"}, [claims()]),
    "a payload that is text": lambda _: signed({"alg": "ES256", "kid": "ec"}, "x"),
    "a payload that nests": lambda _: signed({"alg": "ES256", "kid": "ec"}, deep(2500)),
    "oversized": lambda _: es256(claims(padding="x" * MAX_TOKEN)),
    "oversized and not signed": lambda _: "x" * 1_000_000,
    "dots alone, a million": lambda _: "." * 1_000_000,
}


class Issuer:
    """A server of a key set. It counts its requests."""

    def __init__(self) -> None:
        self.keys: dict[str, Any] = {"rsa": RSA, "ec": EC}
        self.asked = 0
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                issuer.asked += 1
                self.send_response(200)
                self.end_headers()
                self.wfile.write(issuer.jwks.encode())

            def log_message(self, *_: Any) -> None:
                """Log nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/jwks.json"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def jwks(self) -> str:
        """Return the key set, as JSON."""
        return json.dumps({"keys": [public_jwk(key) | {"kid": kid} for kid, key in self.keys.items()]})

    def close(self) -> None:
        """Stop serving."""
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    """Yield an issuer for this test."""
    made = Issuer()
    yield made
    made.close()


@pytest.fixture(scope="module")
def trusted() -> Iterator[Issuer]:
    """Return the issuer that the attacked app trusts."""
    made = Issuer()
    yield made
    made.close()


@pytest.fixture(scope="module")
def stranger() -> Iterator[Issuer]:
    """Return an issuer that the app does not know."""
    made = Issuer()
    yield made
    made.close()


def settings(jwks: str, **changes: Any) -> Settings:
    """Return settings that trust that key set."""
    return Settings(jwt_issuer="issuer", jwt_audience="tributary", jwt_jwks=jwks, **changes)


def refused(token: str, jwks: str, **changes: Any) -> bool:
    """Return whether a token is refused as bad, for a reason that does not show the whole token."""
    try:
        verify_token(f"Bearer {token}", settings(jwks, **changes), ROLES)
    except BadToken as error:
        return len(str(error)) < 400
    return False


@pytest.mark.parametrize("attack", ATTACKS)
def test_attacks(trusted: Issuer, stranger: Issuer, attack: str) -> None:
    """Attacks are refused, with given and with fetched keys. A good token passes. No other host is asked for keys."""
    for jwks in (trusted.jwks, trusted.url):
        assert not refused(es256(), jwks)
        assert refused(ATTACKS[attack](stranger.url), jwks)
    assert stranger.asked == 0


@pytest.mark.parametrize("jwks", ["{", "{}", '{"keys": 7}', '{"keys": []}', '{"keys": [{"kty": "x"}]}'])
def test_a_key_set_that_is_none(jwks: str) -> None:
    """If the settings are wrong, the error is not reported as a bad token."""
    with pytest.raises(BadSettings, match="JWT_JWKS"):
        verify_token(f"Bearer {es256()}", settings(jwks), ROLES)


def test_audiences_of_a_list(issuer: Issuer) -> None:
    """A token may be for several audiences, including ours."""
    assert not refused(es256(claims(aud=["other", "tributary"])), issuer.jwks)


def test_unknown_keys_do_not_ask_the_issuer_each_time(issuer: Issuer) -> None:
    """Made-up key ids do not make the app ask the issuer as often as an attacker likes."""
    for number in range(50):
        assert refused(es256(kid=f"unknown-{number}"), issuer.url)
    assert issuer.asked == 1


def rotate(sign: Callable[[str], str], replace: Callable[[], None], jwks: str) -> None:
    """The new key becomes valid and the old one invalid in a running process, within the time of the setting."""
    assert not refused(sign("old"), jwks, jwt_keys_seconds=1)
    assert refused(sign("new"), jwks, jwt_keys_seconds=1)
    replace()
    deadline = time.monotonic() + PATIENT_SECONDS
    while refused(sign("new"), jwks, jwt_keys_seconds=1) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not refused(sign("new"), jwks, jwt_keys_seconds=1)
    while not refused(sign("old"), jwks, jwt_keys_seconds=1) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert refused(sign("old"), jwks, jwt_keys_seconds=1)


PAIR = {"old": EC, "new": STRANGER}


def test_keys_rotate_at_the_issuer(issuer: Issuer) -> None:
    """Fetched keys are fetched again without a restart."""
    issuer.keys = {"old": EC}

    def replace() -> None:
        issuer.keys = {"new": STRANGER}

    rotate(lambda kid: es256(key=PAIR[kid], kid=kid), replace, issuer.url)


def test_keys_rotate_under_one_id(issuer: Issuer) -> None:
    """A key that is replaced under its own id counts from the next fetch on."""
    issuer.keys = {"ec": EC}

    def replace() -> None:
        issuer.keys = {"ec": STRANGER}

    rotate(lambda kid: es256(key=PAIR[kid]), replace, issuer.url)


def test_keys_rotate_in_a_file(issuer: Issuer, tmp_path: Path) -> None:
    """A file is read again when it has changed."""
    path = tmp_path / "jwks.json"
    issuer.keys = {"old": EC}
    path.write_text(issuer.jwks)

    def replace() -> None:
        issuer.keys = {"new": STRANGER}
        fresh = tmp_path / "fresh.json"
        fresh.write_text(issuer.jwks)
        fresh.replace(path)

    rotate(lambda kid: es256(key=PAIR[kid], kid=kid), replace, str(path))


def test_keys_for_encryption_sign_nothing(tmp_path: Path) -> None:
    """A key of the set that is for encryption does not verify signatures."""
    jwk = public_jwk(EC) | {"kid": "ec"}
    assert not refused(es256(), json.dumps({"keys": [jwk | {"use": "sig"}]}))
    assert refused(es256(), json.dumps({"keys": [jwk | {"use": "enc"}]}))
