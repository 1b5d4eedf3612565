"""The settings: the environment, read once and validated."""

import os
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Literal

import msgspec

# API Gateway gives up after 29 s, a connection after 30 s. Before a query runs, it may have waited 10 s for its token.
MOST_QUERY_SECONDS = 15
MOST_KEYS_SECONDS = 3600

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_DEADLINE = re.compile(r"([a-z_]+\.[a-z_-]+)=([1-9][0-9]{0,4})([smhd])")
_DEADLINES = re.compile(rf"(?:{_DEADLINE.pattern}(?:,{_DEADLINE.pattern})*)?")


class BadSettings(Exception):
    """Environment variables are missing or have unusable values. The message names each."""


class Settings(msgspec.Struct, frozen=True):
    """The settings of a deployment. Each attribute names its environment variable.

    Attributes:
        table_prefix: TABLE_PREFIX. A service's table is `<prefix><service>`, such as "tributary-transfers".
        dead_letter_table: DEAD_LETTER_TABLE, by default `<prefix>dead-letters`.
        dead_letter_bucket: DEAD_LETTER_BUCKET, for images that are too large for a DynamoDB item; may be empty.
        database_url: DATABASE_URL, the writer: mysql://user:password@host:port/database[?ssl-ca=path].
        read_database_url: READ_DATABASE_URL, the readers; by default DATABASE_URL.
        token_secret: TOKEN_SECRET, at least 32 characters. It signs consistency tokens and cursors.
        token_secret_arn: TOKEN_SECRET_ARN, a secret that holds it, if the environment cannot (`chalice deploy`).
        jwt_issuer, jwt_audience: JWT_ISSUER, JWT_AUDIENCE. Every token must name both.
        jwt_jwks: JWT_JWKS, a JWK set (RFC 7517): an https URL (http only on loopback), a file's path, or JSON.
        jwt_keys_seconds: JWT_KEYS_SECONDS, how long a fetched key set is kept. A withdrawn key stays valid that long.
        jwt_role_claim, jwt_subject_claim: JWT_ROLE_CLAIM, JWT_SUBJECT_CLAIM; by default "role" and "sub".
        oidc_client_id: OIDC_CLIENT_ID, with which the console signs in at jwt_issuer (OpenID Connect with PKCE).
        oidc_scope: OIDC_SCOPE, the scopes that the console asks the issuer for.
        oidc_token: OIDC_TOKEN, which token of the issuer the API accepts: "access_token" or "id_token".
        oidc_origins: OIDC_ORIGINS, further origins of the issuer, separated by blanks: "https://login.example".
        local_tokens: LOCAL_TOKENS, the path at which the local stack issues tokens; empty everywhere else.
        partial_batch: PARTIAL_BATCH=1 if the event source mapping reports batch item failures.
        writer_secret, reader_secret: WRITER_SECRET, READER_SECRET, ARNs of secrets with the names and passwords of
            the read model's users. Only the function that migrates reads them, since it creates these users.
        query_seconds: QUERY_SECONDS, how long the read model's server works on one query before it ends it.
        deadlines: DEADLINES, such as "transfers.expire=30m": how long aggregates may wait, by the deadline's name.
        tracing: TRACING=1 sends traces to X-Ray. Only then is its SDK imported.
    """

    table_prefix: str = "tributary-"
    dead_letter_table: str = "tributary-dead-letters"
    dead_letter_bucket: str = ""
    database_url: str = ""
    read_database_url: str = ""
    token_secret: str = ""
    token_secret_arn: str = ""
    jwt_issuer: str = ""
    jwt_audience: str = ""
    jwt_jwks: str = ""
    jwt_keys_seconds: int = 300
    jwt_role_claim: str = "role"
    jwt_subject_claim: str = "sub"
    oidc_client_id: str = ""
    oidc_scope: str = "openid"
    oidc_token: str = "access_token"  # noqa: S105 - a name
    oidc_origins: str = ""
    local_tokens: str = ""
    partial_batch: bool = False
    writer_secret: str = ""
    reader_secret: str = ""
    query_seconds: float = 2.0
    deadlines: Mapping[str, timedelta] = msgspec.field(default_factory=dict)
    tracing: bool = False

    def __repr__(self) -> str:
        """The settings without their values, since URLs hold passwords."""
        return f"Settings of {self.table_prefix}"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """The same for rich, which would show all fields of a struct."""
        return [("table_prefix", self.table_prefix)]

    @classmethod
    def from_env(cls, env: Mapping[str, str] = os.environ) -> "Settings":
        """Read and check the environment.

        Raises:
            BadSettings: variables are unusable. The message names each. A variable that only some functions need
                (DATABASE_URL) is checked by `need` when it is used.
        """
        prefix = env.get("TABLE_PREFIX", "tributary-")
        faults = [
            f"{name} must be 0 or 1, not {env[name]!r}"
            for name in ("PARTIAL_BATCH", "TRACING")
            if env.get(name, "0") not in ("0", "1")
        ]
        secret = env.get("TOKEN_SECRET", "")
        if secret and len(secret) < 32:
            faults.append("TOKEN_SECRET must have at least 32 characters; make one with `openssl rand -hex 32`")
        seconds = env.get("QUERY_SECONDS", "2")
        if not re.fullmatch(r"\d{1,2}(\.\d{1,3})?", seconds) or not 0.1 <= float(seconds) <= MOST_QUERY_SECONDS:
            faults.append(f"QUERY_SECONDS must be a number from 0.1 to {MOST_QUERY_SECONDS}, not {seconds!r}")
        key_age = env.get("JWT_KEYS_SECONDS", "300")
        if not re.fullmatch(r"[0-9]{1,5}", key_age) or not 1 <= int(key_age) <= MOST_KEYS_SECONDS:
            faults.append(f"JWT_KEYS_SECONDS must be a whole number from 1 to {MOST_KEYS_SECONDS}, not {key_age!r}")
        deadlines = env.get("DEADLINES", "")
        if not _DEADLINES.fullmatch(deadlines):
            faults.append(
                "DEADLINES must be names with durations in s, m, h or d, such as"
                f" transfers.expire=30m,accounts.remind=14d, not {deadlines!r}"
            )
        names = [name for name, _, _ in _DEADLINE.findall(deadlines)]
        faults += [f"DEADLINES names {name} twice" for name in {*names} if names.count(name) > 1]
        token = env.get("OIDC_TOKEN") or "access_token"
        if token not in ("access_token", "id_token"):
            faults.append(f"OIDC_TOKEN must be access_token or id_token, not {token!r}")
        # They are written into a Content-Security-Policy.
        origins = env.get("OIDC_ORIGINS", "")
        if not all(re.fullmatch(r"https?://[A-Za-z0-9.:-]+", origin) for origin in origins.split()):
            faults.append(f"OIDC_ORIGINS must be origins such as https://login.example, not {origins!r}")
        if env.get("OIDC_CLIENT_ID") and not env.get("JWT_ISSUER"):
            faults.append("OIDC_CLIENT_ID needs JWT_ISSUER, where the console has a person sign in")
        if faults:
            raise BadSettings("; ".join(faults))
        return cls(
            table_prefix=prefix,
            dead_letter_table=env.get("DEAD_LETTER_TABLE", f"{prefix}dead-letters"),
            dead_letter_bucket=env.get("DEAD_LETTER_BUCKET", ""),
            database_url=env.get("DATABASE_URL", ""),
            read_database_url=env.get("READ_DATABASE_URL") or env.get("DATABASE_URL", ""),
            token_secret=secret,
            token_secret_arn=env.get("TOKEN_SECRET_ARN", ""),
            jwt_issuer=env.get("JWT_ISSUER", ""),
            jwt_audience=env.get("JWT_AUDIENCE", ""),
            jwt_jwks=env.get("JWT_JWKS", ""),
            jwt_keys_seconds=int(key_age),
            jwt_role_claim=env.get("JWT_ROLE_CLAIM", "role"),
            jwt_subject_claim=env.get("JWT_SUBJECT_CLAIM", "sub"),
            oidc_client_id=env.get("OIDC_CLIENT_ID", ""),
            oidc_scope=env.get("OIDC_SCOPE") or "openid",
            oidc_token=token,
            oidc_origins=env.get("OIDC_ORIGINS", ""),
            local_tokens=env.get("LOCAL_TOKENS", ""),
            partial_batch=env.get("PARTIAL_BATCH") == "1",
            writer_secret=env.get("WRITER_SECRET", ""),
            reader_secret=env.get("READER_SECRET", ""),
            query_seconds=float(seconds),
            deadlines={
                name: timedelta(**{_UNITS[unit]: int(number)}) for name, number, unit in _DEADLINE.findall(deadlines)
            },
            tracing=env.get("TRACING") == "1",
        )

    def need(self, name: str) -> str:
        """The value of a setting that the function cannot work without.

        Raises:
            BadSettings: the setting is empty.
        """
        value = getattr(self, name)
        if not value:
            raise BadSettings(f"{name.upper()} is not set; docs/reference/settings.md says what it holds")
        return str(value)

    def table(self, service: str) -> str:
        """The DynamoDB table of a service."""
        return f"{self.table_prefix}{service}"


class Setting(msgspec.Struct, frozen=True):
    """An environment variable that a service declares in its folder's settings.py.

    `make generate` makes a parameter of template.yaml from it, and sets the variable of the functions that read it.

    Attributes:
        name: the variable's name, such as "DAYS_KEPT". The parameter is then DaysKept.
        default: the value if the deployment sets none.
        pattern: a regular expression that the whole value must match, in Python and in CloudFormation (Java).
        description: its purpose, shown in the template.
        functions: the functions that read it.

    Raises:
        ValueError: the name is not valid, or the default does not match the pattern.
    """

    name: str
    default: str
    pattern: str
    description: str
    functions: tuple[Literal["commands", "queries", "projector", "reactor"], ...]

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)*", self.name):
            raise ValueError(f"{self.name!r} cannot be a setting: use capitals and digits, with _ between words")
        if self.name in _OF_THE_ENGINE or _RESERVED.match(self.name):
            raise ValueError(f"{self.name} is a variable of the engine, Lambda or the tests: choose another name")
        if not re.fullmatch(self.pattern, self.default):
            raise ValueError(f"{self.name}: the default {self.default!r} does not match {self.pattern!r}")

    def value(self, env: Mapping[str, str] = os.environ) -> str:
        """The value that the deployment sets, or the default.

        Raises:
            BadSettings: the value does not match the pattern.
        """
        value = env.get(self.name, self.default)
        if not re.fullmatch(self.pattern, value):
            raise BadSettings(f"{self.name} must match {self.pattern!r}, not {value!r}. {self.description}")
        return value


_OF_THE_ENGINE = {name.upper() for name in Settings.__struct_fields__} | {"CORS_ORIGIN"}
_RESERVED = re.compile(r"(AWS|LAMBDA|TEST|LOCAL|MINISTACK|MYSQL|API)_|_HANDLER|.*_STREAM_ARN\Z")
