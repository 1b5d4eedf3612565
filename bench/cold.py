"""A cold start: from a fresh interpreter to the first answer, beside the same route in two frameworks.

Ours is the function's package as `sam build` makes it: app.py with all routes, and only the libraries that the
function imports. A query answers GET /orders/{id} with 20 lines, and opens PyMySQL's connection. A command answers
PATCH /customers/{id}, and creates boto3's client. The frameworks are Powertools for AWS Lambda, and FastAPI behind
Mangum (bench/peers), in the releases of requirements/peers.txt. They serve the same route and no other, over the same
rows or a table of their own, with pydantic's types. All are compiled beforehand. `python -I -S` starts each with its
folders on sys.path. The starts take turns, and the median counts. Ours is compared with the faster framework.
"""

import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from bench import query
from bench.command import register
from bench.rows import Row, Size, at_most, medians
from bench.shop import Shop, event, shop
from deploy.package import make
from local import ROOT, LocalError
from local.aws import REGION

_PEERS = ROOT / ".venv-peers"
_FRAMEWORKS = {
    "Powertools with pydantic": "bench.peers.powertools_app",
    "FastAPI with Mangum": "bench.peers.fastapi_app",
}
_NAIVE = "naive-customers"
_WHY = {
    "cold start: query": (
        "Of 116 ms of CPU (Powertools 223; smallest of 15 starts in turns, 2026-11-26) the interpreter takes 9, and"
        " importing app.py with all routes most of the rest. By importtime: the engine and the services 45, Chalice"
        " with logging 24, ssl and sockets for MySQL 10, typing and patterns 12, msgspec 6. Less needs routes that"
        " are imported when they are first asked for. Collecting no garbage during the import would save another 8."
    ),
    "cold start: command": (
        "botocore is half of ours, and the frameworks have it too. In turns on a busy machine (smallest CPU of 15"
        " starts, 2026-11-26): 262 ms with boto3, 234 with clients that botocore alone makes."
        " Before, its list of endpoints, read for the first client, took another 40; it ships with the function's"
        " services alone. Less needs a client of DynamoDB without botocore."
    ),
}
_CHILD = """
import sys
folders, module, name, event = sys.argv[1:]
sys.path[:0] = folders.split(":")
import importlib, json, os
handler = getattr(importlib.import_module(module), name)
class Context:
    aws_request_id = "00000000-0000-0000-0000-000000000000"
    function_name = "bench"
    def get_remaining_time_in_millis(self):
        return 29000
answer = handler(json.load(open(event)), Context())
print(answer["statusCode"], answer["body"], file=sys.stderr, flush=True)
os._exit(0)
"""


class ColdStart:
    """The ways to answer one event.

    Args:
        folder: the folder for packages and the event.
        function: the name of our function in template.yaml.
        request: the event.
        env: the environment variables of all processes.
    """

    def __init__(self, folder: Path, function: str, request: Mapping[str, Any], env: Mapping[str, str]) -> None:
        package = folder / function
        os.environ["LAMBDA_PYTHON"] = f"{sys.version_info.major}.{sys.version_info.minor}"
        os.environ["ARCHITECTURE"] = "arm64" if platform.machine() == "aarch64" else "x86_64"
        make(function, package)
        self._event = folder / f"{function}.json"
        self._event.write_text(json.dumps(request))
        self._env = {"PATH": os.environ["PATH"], "AWS_REGION": REGION, "AWS_DEFAULT_REGION": REGION, **env}
        libraries = next((_PEERS / "lib").glob("python3.*")) / "site-packages"
        self.contenders: dict[str, Callable[[], object]] = {"ours": partial(self.answer, str(package), "app", "app")}
        for name, module in _FRAMEWORKS.items():
            self.contenders[name] = partial(self.answer, f"{ROOT}:{libraries}", module, "handler")

    def answer(self, folders: str, module: str, name: str) -> None:
        """Start an interpreter, and let the handler answer the event.

        Raises:
            AssertionError: the answer is not 200.
        """
        command = [sys.executable, "-I", "-S", "-c", _CHILD, folders, module, name, str(self._event)]
        done = subprocess.run(command, env=self._env, cwd="/", capture_output=True, text=True, check=False)
        assert done.stderr.startswith("200 "), done.stderr + done.stdout


def rows(size: Size) -> Iterator[Row]:
    """Yield the milliseconds of a query and of a command."""
    if not _PEERS.exists():
        raise LocalError("the peers are not installed; run `make bench-tools`")
    rounds = size.choose(15, 1)
    with tempfile.TemporaryDirectory(prefix="tributary-bench-") as name:
        folder = Path(name)
        with query.filled(2000):
            request = event("GET", "/orders/{id}", id=query.ORDER)
            reading = {name: os.environ[name] for name in ("READ_DATABASE_URL", "TOKEN_SECRET", "TABLE_PREFIX")}
            start = ColdStart(folder, "QueriesFunction", request, {**reading, "PEER_ROUTE": "query"})
            yield _row("cold start: query", rounds, medians(start.contenders, rounds), 0.5)
        with shop() as world:
            id = register(world, "cold")
            create_naive(world, id)
            request = event("PATCH", "/customers/{id}", {"name": "Ada"}, id=id)
            names = ("TOKEN_SECRET", "TABLE_PREFIX", "AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
            env = {name: os.environ[name] for name in names}
            start = ColdStart(
                folder, "CommandsFunction", request, {**env, "PEER_ROUTE": "command", "PEER_TABLE": _NAIVE}
            )
            yield _row("cold start: command", rounds, medians(start.contenders, rounds), 0.65)
            world.settle()
            world.verify()


def create_naive(world: Shop, id: str) -> None:
    """Create the frameworks' own table, with the customer."""
    world.dynamodb.create_table(
        TableName=_NAIVE,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
    )
    item: Any = {"id": {"S": id}, "version": {"N": "1"}, "name": {"S": "A"}, "email": {"S": "a@example.com"}}
    world.dynamodb.put_item(TableName=_NAIVE, Item=item)


def _row(path: str, rounds: int, seconds: Mapping[str, float], bar: float) -> Row:
    better = min(_FRAMEWORKS, key=lambda name: seconds[name])
    others = "; ".join(f"{name} {1000 * seconds[name]:,.0f} ms" for name in _FRAMEWORKS)
    return Row(
        path=path,
        size=f"{rounds} starts of each",
        ours=1000 * seconds["ours"],
        unit="ms",
        beside=better,
        figure=1000 * seconds[better],
        bar=at_most(bar),
        note=f"{others}. {_WHY[path]}",
    )
