"""The app's functions, each called as Lambda calls it, over stores that the test brings."""

import gzip
import json
import os
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs

from chalice.app import Chalice

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
    """DEADLINES with a year for each deadline that is declared."""
    return ",".join(f"{deadline.name}=365d" for service in services.values() for deadline in service.deadlines)


class _Context:
    function_name = "function"

    @staticmethod
    def get_remaining_time_in_millis() -> int:
        return 60_000


class Functions(ABC):
    """The functions of a set of tables, for stories that are told by requests.

    Args:
        tables: where commands write to.
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
        """What a function answers to an event.

        Args:
            function: "commands", "queries", "operations", "projector", "reactor" or "deadlines".
            event: as Lambda gives it.
        """

    def fail(self, operation: str, times: int) -> None:  # noqa: B027 - where nothing can be made to fail, nothing is
        """Answer the next requests of an operation of DynamoDB with 500, where this can be done."""

    def request(self, method: str, target: str, body: Any = None, role: str = "", **headers: str) -> Any:
        """Send a request, as the last role unless another is named; what it answers, parsed. It must succeed."""
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
        """Let projector and reactor see all that changed, until nothing changes any more."""
        while any(self._deliver(service) for service in self._tables.domain.services.values()):
            pass

    def deliver(self, service: str, *items: Mapping[str, Any]) -> None:
        """Give projector and reactor records of a stream that carry those items."""
        stream = f"arn:aws:dynamodb:eu-west-1:000000000000:table/{self._tables.name(service)}/stream/2026"
        event = {"Records": [as_record(item, stream) for item in items]}
        for function in ("projector", "reactor"):
            assert self.call(function, event) == {"batchItemFailures": []}

    def set_aside_what_is_good(self, service: str) -> None:
        """Put a dead letter of an aggregate that can be projected, as if its cause were gone."""
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
    """The functions in this process; each call of AWS is noted as its function's.

    Args:
        runtime: what they share.
        recorder: notes the calls.
        tables: where commands write to.

    Attributes:
        recorder: the same.
    """

    def __init__(self, runtime: Runtime, recorder: Recorder, tables: Tables) -> None:
        super().__init__(tables)
        self._runtime = runtime
        self.recorder = recorder
        self._chalice = Chalice("functions", configure_logs=False)
        for api in tables.domain.root.APIS:
            self._chalice.register_blueprint(api.blueprint(lambda: runtime, None, tables.domain.root.INFO))

    def call(self, function: str, event: Any) -> Any:
        """What a function answers."""
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
        """Answer the next requests of an operation with 500, so that nobody knows what became of them."""
        self.recorder.fail(operation, times)

    def migrate(self, writer_secret: str, reader_secret: str) -> None:
        """Run the migrations, which make the users that those secrets name."""
        settings = replace(self._runtime.settings, writer_secret=writer_secret, reader_secret=reader_secret)
        with self.recorder.function("migrate"):
            bring_up_to_date(settings, self._tables.domain.root.MIGRATIONS)

    def check(self) -> None:
        """Run the scheduled check."""
        with self.recorder.function("check"):
            check_all(self._runtime)


@contextmanager
def running(tables: Tables, database_url: str, recorder: Recorder) -> Iterator[InProcess]:
    """The functions of the tables' domain."""
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
