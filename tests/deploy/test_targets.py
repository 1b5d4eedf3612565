"""Targets of make that nothing else runs, each as a person calls it, in a short form and in a copy of the repository.

tests/deploy/test_makefile.py sees that every target is run somewhere.
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from deploy import parts
from local import ROOT
from tests.support.copies import copy_repository
from tests.support.domain import OWN
from tests.support.make import make, try_make
from tests.support.matrix import matrices

pytestmark = [pytest.mark.end_to_end, pytest.mark.slow, pytest.mark.usefixtures("own_servers")]

ONE = "ARGS=-k test_help_lists_every_target"
"""A test that runs in a moment."""


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Return a copy of the repository."""
    return copy_repository(tmp_path / "copy")


def digests(root: Path) -> Mapping[str, str]:
    """Return the digest of each file that git would track."""
    return {name: parts.digest(root / name) for name in parts.files(root)}


def test_generate_and_schema(copy: Path) -> None:
    """What is generated again is what is committed."""
    before = digests(copy)
    make(copy, "generate")
    make(copy, "schema")
    assert digests(copy) == before


def test_new_service(copy: Path) -> None:
    """The service is written, wired and generated for."""
    make(copy, "new-service", "NAME=planted_things")
    assert (copy / "chalicelib/planted_things/service.py").exists()
    assert "PlantedThings" in (copy / "template.yaml").read_text()


def test_vendor(copy: Path) -> None:
    """The libraries that are fetched again are those that are committed."""
    before = digests(copy)
    vendored = copy / "chalicelib/core/console/vendor"
    for path in vendored.glob("*.js"):
        path.write_text("planted")
    done = try_make(copy, "vendor")
    if re.search("npm is not installed|npm cannot fetch", done.stderr):
        pytest.skip(done.stderr.strip())
    assert done.returncode == 0, done.stderr
    assert digests(copy) == before


def test_lock(copy: Path) -> None:
    """Locked releases stay. The hashes may be more, since a release may get further files."""
    done = try_make(copy, "lock")
    if re.search("(?i)failed to fetch|error sending request|no matching distribution|connection", done.stderr):
        pytest.skip(f"no package index: {done.stderr.strip().splitlines()[-1]}")
    assert done.returncode == 0, done.stderr
    for name in [name for name in parts.files(copy) if re.fullmatch(r"requirements.*\.txt", name)]:
        before, after = (set(re.split(r"\s*\\\n\s*|\n", (root / name).read_text())) for root in (ROOT, copy))
        assert before <= after, name
        assert {line for line in after - before if not line.startswith("--hash=")} == set(), name


def test_fast_tests(copy: Path) -> None:
    """The tests without a server run."""
    assert "1 passed" in make(copy, "test-fast", ONE)


def test_deployment(copy: Path) -> None:
    """The tests of the deployment run, with Docker or without it."""
    if not (ROOT / ".venv-sam").exists() or not {"DOCKER_HOST", "NO_LAMBDA_DOCKER"} & set(os.environ):
        pytest.skip(
            "needs `make deploy-tools`, and that deploy/lambda-docker.sh has looked for Docker, as .ci/run does"
        )
    assert "1 passed" in make(copy, "test-deploy", ONE)


def test_security_matrix(copy: Path) -> None:
    """Every cell of a row is asked, and the tables are printed."""
    matrix = matrices()[0]
    row = next(iter(matrix.rows))
    said = make(copy, "security-matrix", f"ARGS=-k 'test_matrix and {row}'")
    assert " passed" in said
    assert matrix.path.read_text() in said


def test_fuzz(copy: Path) -> None:
    """All phases run, for one role."""
    if not (ROOT / ".venv-api").exists():
        pytest.skip("needs `make api-tools`")
    role = next(iter(OWN.permissions.roles))
    assert re.search(r"[1-9]\d* generated", make(copy, "fuzz", "CASES=1", f"ARGS=-k {role}"))


def test_clean(copy: Path) -> None:
    """What was built is gone. What belongs to the repository is left."""
    before = {path for path in copy.rglob("*") if not path.relative_to(copy).parts[0].startswith(".venv")}
    for name in (".local/mariadb", ".site", ".hypothesis", "ops/__pycache__", ".aws-sam/build", ".chalice/deployed"):
        (copy / name).mkdir(parents=True)
    make(copy, "clean")
    assert set(copy.rglob("*")) == before
