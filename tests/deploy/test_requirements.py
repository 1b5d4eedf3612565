"""The installed libraries: every release is locked with its hashes, and checked for known vulnerabilities."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from local import ROOT
from requirements import audit
from tests.support.waiting import eventually

LOCKS = {path.name: path for path in audit.locks()}
FILES = {"runtime": "requirements.txt", "dev": "requirements-dev.txt"}
PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[\w, -]+\])?==(\S+)", re.MULTILINE)


def pins(text: str) -> dict[str, str]:
    """Return the releases that a file names, by the normalized name of the package."""
    return {re.sub(r"[-_.]+", "-", name).lower(): release for name, release in PIN.findall(text)}


@pytest.mark.parametrize("name", LOCKS)
def test_every_release_has_its_hashes(name: str) -> None:
    """There is one release for each package, with hashes. So pip refuses a file that has none of these hashes."""
    for requirement in re.split(r"\n(?=[^ #\n])", LOCKS[name].read_text().split("\n", 2)[2]):
        assert PIN.match(requirement), requirement[:80]
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", requirement), requirement[:80]


@pytest.mark.parametrize("source", sorted(path.stem for path in (ROOT / "requirements").glob("*.in")))
def test_locks_hold_what_is_asked_for(source: str) -> None:
    """`make lock` was run after each change of an .in file."""
    wanted = pins((ROOT / "requirements" / f"{source}.in").read_text())
    locked = pins(LOCKS[FILES.get(source, f"{source}.txt")].read_text())
    assert wanted
    assert {name: locked.get(name) for name in wanted} == wanted


def test_what_ships_is_what_is_tested() -> None:
    """The tests run with the same releases that ship."""
    ships, tested = (pins(LOCKS[name].read_text()) for name in FILES.values())
    assert {name: tested.get(name) for name in ships} == ships


def report(*packages: dict[str, Any]) -> dict[str, Any]:
    """Return a report as pip-audit writes it."""
    return {"dependencies": [{"name": "a", "version": "1", "vulns": [], **package} for package in packages]}


VULNERABLE = {"vulns": [{"id": "PYSEC-1", "aliases": ["CVE-1"], "fix_versions": ["2"]}]}


def test_known_faults_are_found() -> None:
    """An advisory is a finding, with the release that fixes it. An unknown package is a finding too."""
    assert list(audit.findings(report({}, VULNERABLE))) == ["a 1: PYSEC-1, fixed in 2"]
    assert list(audit.findings(report({}, {"skip_reason": "unknown"}))) == ["a: unknown"]
    assert list(audit.findings(report({}))) == []


def test_accepted_advisories() -> None:
    """An accepted advisory is left out, by any of its names. Each has its reason."""
    assert all(len(reason) > 20 for reason in audit.ACCEPTED.values())
    assert list(audit.findings(report(VULNERABLE), accepted={"CVE-1": "a reason"})) == []


def test_advisories_out_of_reach() -> None:
    """If no package is known, the source is unavailable: this is no finding, and no clean result either."""
    with pytest.raises(audit.OutOfReach, match="not found"):
        list(audit.findings(report({"skip_reason": "not found"}, {"skip_reason": "not found"})))


# Takes Python's place for `-m venv --clear FOLDER`, which ends when the file `go` is there, and for `-m pip install`.
PYTHON = """#!/usr/bin/env bash
set -e
[ "$1" = -m ] || exit 0
echo "$2" >>calls
if [ "$2" = pip ]; then [ ! -e broken ]; exit; fi
mkdir -p "$4/bin"
rm -f "$4/bin/python"
cp "$0" "$4/bin/python"
until [ -e go ]; do sleep 0.05; done
"""


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """Return a folder with the scripts of local/, in which no environment of a tool is made yet."""
    for folder in ("local", "requirements", ".venv/bin"):
        (tmp_path / folder).mkdir(parents=True)
    for script in ("setup.sh", "venv.sh"):
        shutil.copy(ROOT / "local" / script, tmp_path / "local")
    for name in ("pip", "planted", "ministack"):
        (tmp_path / f"requirements/{name}.txt").write_text(f"{name}==1\n")
    python = tmp_path / ".venv/bin/python"
    python.write_text(PYTHON)
    python.chmod(0o755)
    return tmp_path


def making(folder: Path) -> "subprocess.Popen[str]":
    """Begin to make .venv-planted."""
    return subprocess.Popen(["local/venv.sh", "planted"], cwd=folder, stderr=subprocess.PIPE, text=True)


@pytest.mark.skipif(shutil.which("flock") is None, reason="needs flock, which macOS has not")
def test_an_environment_that_two_make_at_once(tools: Path) -> None:
    """The second waits, and finds it made. It would empty what the first one fills."""
    with making(tools) as first:
        assert first.stderr
        assert "making .venv-planted" in first.stderr.readline()
        assert eventually((tools / "calls").exists)
        with making(tools) as second:
            assert second.stderr
            said = second.stderr.readline()
            (tools / "go").touch()
    assert "waiting" in said
    assert (first.returncode, second.returncode) == (0, 0)
    assert (tools / "calls").read_text().split() == ["venv", "pip", "pip"]


def test_an_environment_that_was_half_made(tools: Path) -> None:
    """An environment in which pip failed is made anew. One that is current stays."""
    (tools / "go").touch()
    (tools / "broken").touch()
    for broken, calls in ((True, ["venv", "pip"]), (False, ["venv", "pip", "pip"]), (False, [])):
        if not broken:
            (tools / "broken").unlink(missing_ok=True)
        (tools / "calls").write_text("")
        with making(tools) as made:
            made.communicate()
        assert (made.returncode != 0, (tools / "calls").read_text().split()) == (broken, calls)


def test_environments_whose_python_is_gone(tools: Path) -> None:
    """They are made anew, as after an upgrade of the system: their Python is a link to the system's."""
    shutil.copy(tools / ".venv/bin/python", tools / "python3")
    for name in ("requirements.txt", "requirements-dev.txt"):
        (tools / name).write_text("planted==1\n")
    (tools / "go").touch()
    env = {**os.environ, "PYTHON": str(tools / "python3"), "DATABASE_URL": "mysql://elsewhere/t"}
    for expected in (["venv", "pip", "pip"] * 2, [], ["venv", "pip", "pip"] * 2):
        (tools / "calls").write_text("")
        subprocess.run(["local/setup.sh"], cwd=tools, env=env, check=True)
        assert (tools / "calls").read_text().split() == expected
        if not expected:
            for python in tools.glob(".venv*/bin/python"):
                python.unlink()
                python.symlink_to("/gone/python3")
