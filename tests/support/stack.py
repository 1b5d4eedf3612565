"""The whole of Tributary for tests over HTTP: the API and the pump, on stores that the test brings."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from local import aws, keys
from local.child import Child
from local.config import Config
from local.description import describe
from local.env import app_env, dead_letter_bucket
from local.ports import answers, free_port
from local.stack import module_child
from ops.running_stack import published
from tests.support.client import Client
from tests.support.stores import Tables

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey


@dataclass(frozen=True)
class Stack:
    """The API over HTTP, the pump, a set of tables and a database.

    Attributes:
        url: the URL of the API.
        tables: the tables to which the API writes.
        database_url: the database into which the pump projects.
        env: the environment of both processes.
        api, pump: the processes; a test that stops one starts it again.
    """

    url: str
    tables: Tables
    database_url: str
    env: Mapping[str, str]
    api: Child
    pump: Child
    folder: Path

    def token(self, role: str, sub: str = "") -> str:
        """Return a JWT that the API accepts."""
        return keys.issue(self.folder / "keys", role, sub)

    def client(self, role: str, sub: str = "") -> Client:
        """Return a client with such a token."""
        return Client(self.url, self.token(role, sub))

    def signing_key(self) -> "EllipticCurvePrivateKey":
        """Return the key that signs such tokens, for tests of tokens that are almost right."""
        return keys.private_key(self.folder / "keys")


@contextmanager
def started(tables: Tables, database_url: str, folder: Path, **env: str) -> Iterator[Stack]:
    """Yield the API and the pump on those stores. Stop them at the end. `env` replaces their variables."""
    config = Config(
        api_port=free_port(),
        ministack_port=int(tables.endpoint.rpartition(":")[2]),
        folder=folder,
        table_prefix=tables.prefix,
        template=tables.domain.template,
        composition_root=tables.domain.composition_root,
    )
    aws.create_bucket(tables.endpoint, dead_letter_bucket(config))
    env = app_env(config, database_url) | env
    description = describe(config, database_url, tables.domain.permissions)._replace(environment=env)
    api, pump = module_child("API", "local.server", config, env), module_child("pump", "local.pump", config, env)
    api.start()
    pump.start()
    try:
        api.await_ready(lambda: answers(config.api_port))
        with published(folder, description):
            yield Stack(f"http://127.0.0.1:{config.api_port}", tables, database_url, env, api, pump, folder)
    finally:
        api.stop()
        pump.stop()
