"""The objects that all endpoints and handlers of one process share. They are made on first use and kept.

Nothing is made at import, because Chalice imports app.py for each of its commands, without the functions' environment.
"""

import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from chalicelib.core.access.permissions import Permissions
from chalicelib.core.commands.store import WriteStore
from chalicelib.core.secrets_manager import secret_text
from chalicelib.core.service import Service
from chalicelib.core.settings import Settings
from chalicelib.core.telemetry import log, tracing
from chalicelib.core.tokens import Signer

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client

    from chalicelib.core.mysql.connections import Pool, Readers

T = TypeVar("T")

CLIENT_CONFIG: Mapping[str, Any] = {
    # A command makes up to five calls. It has to answer before API Gateway's 29 s are over, even if the outcome is
    # unknown. A healthy DynamoDB answers in milliseconds.
    "connect_timeout": 1,
    "read_timeout": 2,
    "retries": {"mode": "standard", "total_max_attempts": 3},
    "max_pool_connections": 64,
    # botocore's check of each request costs a fifth of a put's CPU, and DynamoDB checks every request anyway.
    "parameter_validation": False,
}


class Runtime:
    """The objects of one process.

    Args:
        settings: the settings from the environment.
        services: the services by name.
        permissions: which roles may run what.
        make_ports: runtime -> the ports that services publish to each other's command side, by name.
    """

    def __init__(
        self,
        settings: Settings,
        services: Mapping[str, Service],
        permissions: Permissions,
        make_ports: "Callable[[Runtime], Mapping[str, Any]]",
    ) -> None:
        self.settings = settings
        self.services = services
        self.permissions = permissions
        self._make_ports = make_ports
        self._made: dict[str, Any] = {}
        self._lock = threading.RLock()

    @classmethod
    def from_env(
        cls,
        services: Mapping[str, Service],
        permissions: Permissions,
        make_ports: "Callable[[Runtime], Mapping[str, Any]]",
    ) -> "Runtime":
        """The runtime for the present environment. It also sets up logs and traces.

        Raises:
            BadSettings: the environment is unusable.
        """
        log.set_up()
        settings = Settings.from_env()
        tracing.set_up(settings.tracing)
        return cls(settings, services, permissions, make_ports)

    @property
    def dynamodb(self) -> "DynamoDBClient":
        """The DynamoDB client of the command side and of the dead letters."""
        return self.once("dynamodb", dynamodb_client)

    @property
    def s3(self) -> "S3Client":
        """The S3 client, for dead letters that are too large for an item."""
        return self.once("s3", _s3)

    @property
    def ports(self) -> Mapping[str, Any]:
        """The ports that services publish to each other, by name. Annotate one with the published type."""
        return self.once("ports", lambda: self._make_ports(self))

    @property
    def signer(self) -> Signer:
        """The signer of consistency tokens and bookmarks."""
        return self.once("signer", lambda: Signer(_token_secret(self.settings)))

    @property
    def readers(self) -> "Readers":
        """Connections to the read replicas."""
        return self.once("readers", lambda: _readers(self.settings.need("read_database_url")))

    @property
    def writers(self) -> "Pool":
        """Connections to the read model's writer, for the scheduled check. The projector has its own, in writer.py."""
        return self.once("writers", lambda: _writers(self.settings.need("database_url")))

    def store(self, service: str) -> WriteStore:
        """The write store of a service."""
        from chalicelib.core.dynamodb.store import DynamoStore

        return DynamoStore(self.dynamodb, self.settings.table(service), self.services[service])

    def once(self, name: str, make: Callable[[], T]) -> T:
        """Call `make` on the first use of this name, in one thread only, and keep its result."""
        if name not in self._made:
            with self._lock:
                if name not in self._made:
                    self._made[name] = make()
        return cast(T, self._made[name])


def _token_secret(settings: Settings) -> str:
    if settings.token_secret or not settings.token_secret_arn:
        return settings.need("token_secret")
    return secret_text(settings.token_secret_arn)


def dynamodb_client(**config: Any) -> "DynamoDBClient":
    """A DynamoDB client that refuses responses which were cut short, and reads items quickly.

    Args:
        config: botocore's configuration. It is added to CLIENT_CONFIG, and takes precedence.
    """
    # Imported here, because boto3 costs 0.2 s of cold start and a query function never needs it.
    import boto3
    from botocore.config import Config

    from chalicelib.core.dynamodb.cut_answers import refuse_cut_answers
    from chalicelib.core.dynamodb.plain_answers import read_items_plainly

    tracing.watch_boto()
    client = boto3.client("dynamodb", config=Config(**{**CLIENT_CONFIG, **config}))
    refuse_cut_answers(client)
    read_items_plainly(client)
    return client


def _s3() -> "S3Client":
    import boto3

    tracing.watch_boto()
    return boto3.client("s3")


def _readers(url: str) -> "Readers":
    from chalicelib.core.mysql.connections import Readers

    return Readers(url)


def _writers(url: str) -> "Pool":
    from chalicelib.core.mysql.connections import Pool

    return Pool(url)
