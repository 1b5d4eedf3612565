"""The configuration of the local stack, from environment variables."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from chalicelib.core.composition_root import DEFAULT, VARIABLE
from local import ROOT, LocalError


@dataclass(frozen=True)
class Config:
    """The configuration. Each attribute names its environment variable.

    Attributes:
        api_port: API_PORT, the port of the API.
        ministack_port: MINISTACK_PORT, the port of the embedded AWS.
        mysql_port: MYSQL_PORT, the port of the private mariadbd.
        database_url: DATABASE_URL of another MySQL server to use instead of mariadbd; "" for none.
        read_database_url: READ_DATABASE_URL, for queries; "" for the same as database_url.
        folder: LOCAL_STATE, the folder of everything that is kept between runs.
        table_prefix: TABLE_PREFIX of the tables in the embedded AWS.
        template: TEMPLATE_FILE, the SAM template with the tables, functions and mappings.
        composition_root: COMPOSITION_ROOT, the module that names the services.
    """

    api_port: int = 8000
    ministack_port: int = 4566
    mysql_port: int = 3307
    database_url: str = ""
    read_database_url: str = ""
    folder: Path = ROOT / ".local"
    table_prefix: str = "tributary-"
    template: Path = ROOT / "template.yaml"
    composition_root: str = DEFAULT

    @classmethod
    def from_env(cls, env: Mapping[str, str] = os.environ) -> "Config":
        """Read the environment. An empty variable counts as not set.

        Raises:
            LocalError: a port is not a number from 1 to 65535, or two are the same.
        """
        config = cls(
            api_port=_port(env, "API_PORT", cls.api_port),
            ministack_port=_port(env, "MINISTACK_PORT", cls.ministack_port),
            mysql_port=_port(env, "MYSQL_PORT", cls.mysql_port),
            database_url=env.get("DATABASE_URL", ""),
            read_database_url=env.get("READ_DATABASE_URL", ""),
            folder=Path(env.get("LOCAL_STATE") or cls.folder).absolute(),
            table_prefix=env.get("TABLE_PREFIX") or cls.table_prefix,
            template=Path(env.get("TEMPLATE_FILE") or cls.template).absolute(),
            composition_root=env.get(VARIABLE) or cls.composition_root,
        )
        if len({config.api_port, config.ministack_port, config.mysql_port}) < 3:
            raise LocalError("API_PORT, MINISTACK_PORT and MYSQL_PORT must be three different ports.")
        return config

    @property
    def endpoint(self) -> str:
        """The URL of the embedded AWS."""
        return f"http://127.0.0.1:{self.ministack_port}"

    @property
    def keys(self) -> Path:
        """The folder of the local stack's secrets."""
        return self.folder / "keys"

    @property
    def logs(self) -> Path:
        """The folder of the child processes' logs."""
        return self.folder / "logs"


def _port(env: Mapping[str, str], name: str, default: int) -> int:
    text = env.get(name) or str(default)
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise LocalError(f"{name} must be a port, 1 to 65535, not {text!r}.")
    return int(text)
