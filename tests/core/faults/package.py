"""The projector of the neutral domain, packaged as `sam build` would: the core, the domain, and the libraries."""

import os
import sys
from pathlib import Path

import pytest

from deploy.package import PACKAGES, copy, files, installed, place
from local import ROOT


def package_projector(target: Path) -> Path:
    """Make the package in a folder, for the Python that runs the tests, and return the folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LAMBDA_PYTHON", ".".join(map(str, sys.version_info[:2])))
        patch.delenv("ARCHITECTURE", raising=False)
        assert not copy(installed(), target, PACKAGES["ProjectorFunction"])
    for folder in ("chalicelib/core", "tests/core/domain"):
        for path in files(ROOT / folder):
            place(ROOT / folder / path, target / folder / path)
    for path in ("chalicelib/__init__.py", "tests/__init__.py", *_modules()):
        place(ROOT / path, target / path)
    return target


def _modules() -> list[str]:
    return [os.fspath(Path("tests/core") / name) for name in ("__init__.py", "app.py", "bootstrap.py")]
