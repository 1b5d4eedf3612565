"""The app's functions, called as Lambda calls them, on stores that the test brings."""

import gzip
import json
import os
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs

from chalice.app import Chalice
from msgspec.structs import replace

from chalicelib.core.http.endpoint import OperatorEndpoint
from chalicelib.core.mysql.schema import bring_up_to_date
from chalicelib.core.operations.check import check_all
from chalicelib.core.operations.deadlines import keep_deadlines
from chalicelib.core.projector.handler import project_event
from chalicelib.core.reactor.handler import react_to_event
from chalicelib.core.runtime import Runtime
from chalicelib.core.service import Service, is_head
from chalicelib.core.streams.dead_letters import DeadLetter, DynamoDeadLetters
from chalicelib.core.streams.records import as_record
from local import ROOT
from tests.support.aws_calls import Recorder
from tests.support.stores import Tables

_SCHEDULED = ROOT / "events" / "deadlines.json"
SECRET = "a secret of these tests, long enough"


def a_year(services: Mapping[str, Service]) -> str:
    """Return a value of DEADLINES with a year for each declared deadline."""
    return ",".join(f"{deadline.name}=365d" for service in services.values() for deadline in service.deadlines)


class _Context:
    function_name = "function"

    @staticmethod
    def get_remaining_time_in_millis() -> int:
        return 60_000


class Functions(ABC):
    """The functions of a set of tables, for stories that are told by requests.

    Args:
        tables: the tables to which commands write.
    """

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        root = tables.domain.root
        self._role = list(root.PERMISSIONS.roles)[-1]
        self._routes = [(e.method, e.path) for api in root.APIS for e in api.endpoints]
        operators = (e for api in root.APIS for e in api.endpoints if isinstance(e, OperatorEndpoint))
        self._operators = {(e.method, e.path) for e in operators}
        self._seen: dict[tuple[str, str], int] = {}

    @abstractmethod
    def call(self, function: str, event: Any) -> Any:
        """Return a function's answer to an event.

        Args:
            function: "commands", "queries", "operations", "projector", "reactor" or "deadlines".
            event: the event as Lambda sends it.
        """

    def fail(self, operation: str, times: int) -> None:  # noqa: B027 - not all subclasses can make a request fail
        """Answer the next requests of an operation of DynamoDB with 500, if the subclass can do that."""

    def request(self, method: str, target: str, body: Any = None, role: str = "", **headers: str) -> Any:
        """Send a request as the last role, unless another is named. Return its parsed answer. It must succeed."""
        path, _, query = target.partition("?")
        route, parameters = self._route(method, path)
        event = {
            "requestContext": {
                "httpMethod": method,
                "resourcePath": route,
                "path": path,
                "identity": {},
                "authorizer": {"subject": "somebody", "role": role or self._role},
            },
            "headers": {name.replace("_", "-"): value for name, value in headers.items()},
            "multiValueHeaders": {name.replace("_", "-"): [value] for name, value in headers.items()},
            "multiValueQueryStringParameters": parse_qs(query) or None,
            "pathParameters": parameters,
            "stageVariables": None,
            "body": json.dumps(body) if body is not None else None,
            "isBase64Encoded": False,
        }
        function = "queries" if method == "GET" else "commands"
        answer = self.call("operations" if (method, route) in self._operators else function, event)
        assert answer["statusCode"] < 300, answer
        return json.loads(answer["body"])

    def settle(self) -> None:
        """Deliver all changes to projector and reactor until nothing changes any more."""
        while any(self._deliver(service) for service in self._tables.domain.services.values()):
            pass

    def deliver(self, service: str, *items: Mapping[str, Any]) -> None:
        """Deliver stream records with those items to projector and reactor."""
        stream = f"arn:aws:dynamodb:eu-west-1:000000000000:table/{self._tables.name(service)}/stream/2026"
        event = {"Records": [as_record(item, stream) for item in items]}
        for function in ("projector", "reactor"):
            assert self.call(function, event) == {"batchItemFailures": []}

    def set_aside_what_is_good(self, service: str) -> None:
        """Put a dead letter of an aggregate that can be projected, as if the letter's cause were fixed."""
        item = next(item for item in self._tables.items(service) if is_head(item["id"]["S"]))
        stream = f"arn:aws:dynamodb:eu-west-1:000000000000:table/{self._tables.name(service)}/stream/2026"
        record, id = as_record(item, stream), item["id"]["S"]
        image, sequence = gzip.compress(json.dumps(record).encode()), record["dynamodb"]["SequenceNumber"]
        letter = DeadLetter(f"{service}#{id}#1", service, id, 1, sequence, "Test", "2026-11-23T10:00:00.000Z", image)
        DynamoDeadLetters(self._tables.client, self._tables.name("dead-letters")).put(letter)

    def keep_deadlines(self) -> None:
        """Send the commands of all deadlines, each of which is a year."""
        assert self.call("deadlines", json.loads(_SCHEDULED.read_text(encoding="utf-8"))) is None

    def _deliver(self, service: Service) -> bool:
        fresh = [item for item in self._tables.items(service.name) if self._is_fresh(service.name, item)]
        if fresh:
            self.deliver(service.name, *fresh)
        return bool(fresh)

    def _is_fresh(self, service: str, item: Mapping[str, Any]) -> bool:
        if not is_head(item["id"]["S"]):
            return False
        key, version = (service, item["id"]["S"]), int(item["version"]["N"])
        fresh = self._seen.get(key, 0) < version
        self._seen[key] = version
        return fresh

    def _route(self, method: str, path: str) -> tuple[str, dict[str, str]]:
        parts = path.split("/")
        for route in sorted(route for known, route in self._routes if known == method):
            names = route.split("/")
            if len(names) == len(parts) and all(n == p or n.startswith("{") for n, p in zip(names, parts, strict=True)):
                return route, {n[1:-1]: p for n, p in zip(names, parts, strict=True) if n.startswith("{")}
        raise LookupError(f"no route for {method} {path}")


class InProcess(Functions):
    """The functions in this process. Each call of AWS is recorded for its function.

    Args:
        runtime: the runtime that the functions share.
        recorder: records the calls.
        tables: the tables to which commands write.

    Attributes:
        recorder: the recorder.
    """

    def __init__(self, runtime: Runtime, recorder: Recorder, tables: Tables) -> None:
        super().__init__(tables)
        self._runtime = runtime
        self.recorder = recorder
        self._chalice = Chalice("functions", configure_logs=False)
        for api in tables.domain.root.APIS:
            self._chalice.register_blueprint(api.blueprint(lambda: runtime, None, tables.domain.root.INFO))

    def call(self, function: str, event: Any) -> Any:
        """Return a function's answer."""
        with self.recorder.function(function):
            match function:
                case "projector":
                    return project_event(event, _Context(), self._runtime)
                case "reactor":
                    return react_to_event(event, _Context(), self._runtime)
                case "deadlines":
                    return keep_deadlines(self._runtime, _Context.get_remaining_time_in_millis)
            return self._chalice(event, _Context())

    def fail(self, operation: str, times: int) -> None:
        """Answer the next requests of an operation with 500, so that their outcome is unknown."""
        self.recorder.fail(operation, times)

    def migrate(self, writer_secret: str, reader_secret: str) -> None:
        """Run the migrations, which create the users that the secrets name."""
        settings = replace(self._runtime.settings, writer_secret=writer_secret, reader_secret=reader_secret)
        with self.recorder.function("migrate"):
            bring_up_to_date(settings, self._tables.domain.root.MIGRATIONS)

    def check(self) -> None:
        """Run the scheduled check."""
        with self.recorder.function("check"):
            check_all(self._runtime)


@contextmanager
def running(tables: Tables, database_url: str, recorder: Recorder) -> Iterator[InProcess]:
    """Yield the functions of the tables' domain."""
    root = tables.domain.root
    before = dict(os.environ)
    os.environ |= {
        "AWS_ENDPOINT_URL": tables.endpoint,
        "TABLE_PREFIX": tables.prefix,
        "DEAD_LETTER_BUCKET": f"{tables.prefix}letters",
        "DATABASE_URL": database_url,
        "TOKEN_SECRET": SECRET,
        "PARTIAL_BATCH": "1",
        "DEADLINES": a_year(tables.domain.services),
    }
    try:
        with recorder.watching():
            runtime = Runtime.from_env(root.SERVICES, root.PERMISSIONS, root.PORTS)
            yield InProcess(runtime, recorder, tables)
    finally:
        os.environ.clear()
        os.environ.update(before)
