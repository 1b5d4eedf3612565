"""The tools of .venv-api. Tests that need them are skipped if they are not installed."""

from collections.abc import Callable
from pathlib import Path

import pytest

from local import ROOT

TOOLS = ROOT / ".venv-api"


@pytest.fixture(scope="session")
def tool() -> Callable[[str], Path]:
    """Return a function that returns a tool's path, by its path in .venv-api."""

    def find(name: str) -> Path:
        path = TOOLS / name
        if not path.exists():
            pytest.skip(f"{path.relative_to(ROOT)} is not there: `make api-tools` installs it (redocly needs npm)")
        return path

    return find
