"""The app in this process, traced by the real SDK. The traces are collected here."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from chalicelib.core.telemetry import tracing
from local import keys
from local.config import Config
from local.env import app_env
from local.gateway import Gateway, GatewayResponse
from tests.core.app import app
from tests.core.bootstrap import runtime
from tests.core.domain.roles import CLERK
from tests.core.histories import record
from tests.core.tracing.daemon import Daemon
from tests.support.domain import NEUTRAL
from tests.support.stores import Tables, empty


@pytest.fixture
def daemon() -> Iterator[Daemon]:
    """Yield the receiver of the traces."""
    made = Daemon()
    yield made
    made.close()


@pytest.fixture
def traced(daemon: Daemon, monkeypatch: pytest.MonkeyPatch) -> Iterator[Daemon]:
    """Turn tracing on. Reset the SDK and botocore at the end."""
    monkeypatch.setenv("AWS_XRAY_DAEMON_ADDRESS", daemon.address)
    monkeypatch.setenv("TRACING", "1")
    from aws_xray_sdk.core import xray_recorder

    before = {name: getattr(xray_recorder, name) for name in ("context", "emitter", "sampler", "sampling")}
    tracing.set_up(True)
    yield daemon
    tracing.set_up(False)
    for name, value in before.items():
        setattr(xray_recorder, name, value)
    _unpatch()


def _unpatch() -> None:
    """Undo `patch`, for which the SDK has no function."""
    from aws_xray_sdk.core import patcher
    from botocore import client, endpoint

    if not vars(client).pop("_xray_enabled", False):
        return
    for owner, name in ((client.BaseClient, "_make_api_call"), (endpoint.Endpoint, "prepare_request")):
        setattr(owner, name, vars(owner)[name].__wrapped__)
    patcher._PATCHED_MODULES.discard("botocore")


class Api:
    """The app behind the local gateway, as a clerk."""

    def __init__(self, token: str) -> None:
        self._chalice = app.__class__
        self._gateway = Gateway(app)
        self._token = token

    def __call__(self, method: str, path: str, body: str = "", **headers: str) -> GatewayResponse:
        """Return the answer to a request. header_names become Header-Names."""
        given = {"authorization": f"Bearer {self._token}", "content-type": "application/json"}
        given |= {name.lower().replace("_", "-"): value for name, value in headers.items()}
        return self._gateway.answer(method, path, {name: [value] for name, value in given.items()}, body.encode())

    def close(self) -> None:
        """Leave the app as it was."""
        app.__class__ = self._chalice


@pytest.fixture(scope="module")
def env(module_tables: Tables, session_database: str, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """Yield the app's environment, on tables of this module and a read model that is empty at the first test."""
    empty(session_database)
    config = Config(
        ministack_port=int(module_tables.endpoint.rpartition(":")[2]),
        folder=tmp_path_factory.mktemp("state"),
        table_prefix=module_tables.prefix,
        template=NEUTRAL.template,
        composition_root=NEUTRAL.composition_root,
    )
    return app_env(config, session_database)


@pytest.fixture
def api(env: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Api]:
    """Yield the app. Everything that it makes on first use is made for this test."""
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    runtime.cache_clear()
    made = Api(keys.issue(Path(os.environ["LOCAL_STATE"]) / "keys", CLERK))
    yield made
    made.close()
    runtime.cache_clear()


Handle = Callable[..., Any]


@pytest.fixture
def project(api: Api, module_tables: Tables) -> Handle:
    """Return a function that projects items of a service's table, given as attribute values."""
    from chalicelib.core.projector.handler import project_event

    return lambda service, *items: project_event(_event(module_tables.name(service), items), None, runtime())


@pytest.fixture
def react(api: Api, module_tables: Tables) -> Handle:
    """Return a function that gives such items to the reactor."""
    from chalicelib.core.reactor.handler import react_to_event

    return lambda service, *items: react_to_event(_event(module_tables.name(service), items), None, runtime())


def _event(table: str, items: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    records = [record("any", item) for item in items]
    for one in records:
        one["eventSourceARN"] = f"arn:aws:dynamodb:eu-west-1:000000000000:table/{table}/stream/1"
    return {"Records": records}
