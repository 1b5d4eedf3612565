"""An embedded AWS with all its services, which needs one more library than the local stack's."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from local.ministack import ALL_SERVICES, MiniStack
from local.ports import free_port
from tests.deploy.lambdas import tool


@contextmanager
def whole_aws(folder: Path, **env: str) -> Iterator[str]:
    """Yield its URL.

    Args:
        folder: the folder of its state and its log.
        env: further environment variables, such as AUTH="true", which makes it enforce IAM.
    """
    python = tool("python", ".venv-rehearsal")
    if not python:
        pytest.skip("no .venv-rehearsal; run `make deploy-tools`")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {"MINISTACK_PYTHON": str(python), **env}.items():
            patch.setenv(name, value)
        server = MiniStack(folder, free_port(), keep=False, services=ALL_SERVICES)
        server.start()
        yield server.endpoint
        server.stop()
