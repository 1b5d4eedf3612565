"""The bytecode in the functions' packages: without it, every cold start would compile what it imports."""

import hashlib
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from deploy import package
from deploy.package import CannotPackage, compiled, interpreter

THIS = f"{sys.version_info.major}.{sys.version_info.minor}"
ABSENT = "3.99"


def test_sources_are_not_looked_at(tmp_path: Path) -> None:
    """A function runs the bytecode, whatever the time and the text of the source that came with it."""
    source = tmp_path / "shipped.py"
    source.write_text("print('compiled before')")
    assert compiled(tmp_path, THIS)
    source.write_text("print('compiled anew, at a cold start')")
    program = "import sys; sys.path[:0] = [sys.argv[1]]; import shipped"
    done = subprocess.run([sys.executable, "-I", "-c", program, tmp_path], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "compiled before"


def test_bytecode_does_not_depend_on_the_folder(tmp_path: Path) -> None:
    """The same code made in two folders is the same to the byte, and names its source as on Lambda."""
    made = []
    for name in ("here", "elsewhere"):
        source = tmp_path / name / "shipped.py"
        source.parent.mkdir()
        source.write_text("def answer():\n    return {'a', 'b', 'c'} & {'d'}\n")
        assert compiled(source.parent, THIS)
        (bytecode,) = source.parent.rglob("*.pyc")
        made.append(bytecode.read_bytes())
    assert made[0] == made[1]
    assert b"/var/task/shipped.py" in made[0]


def test_code_that_cannot_be_compiled_is_not_shipped(tmp_path: Path) -> None:
    """The error names the folder."""
    (tmp_path / "broken.py").write_text("def (:\n")
    with pytest.raises(CannotPackage, match=str(tmp_path)):
        compiled(tmp_path, THIS)


def test_without_the_functions_python_nothing_is_compiled(tmp_path: Path) -> None:
    """Bytecode of another version would be of no use."""
    (tmp_path / "code.py").write_text("")
    assert not compiled(tmp_path, ABSENT)
    assert list(tmp_path.iterdir()) == [tmp_path / "code.py"]


def test_a_package_without_bytecode_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is told on standard output: SAM shows the standard error of make only if make fails."""
    digest = hashlib.sha256((package.ROOT / "requirements.txt").read_bytes()).hexdigest()[:12]
    (tmp_path / f"{ABSENT}-x86_64-{digest}").symlink_to(sysconfig.get_path("purelib"))  # instead of wheels for it
    monkeypatch.setattr(package, "WHEELS", tmp_path)
    monkeypatch.setenv("LAMBDA_PYTHON", ABSENT)
    monkeypatch.delenv("ARCHITECTURE", raising=False)
    package.make("AuthorizerFunction", tmp_path / "made")
    said = capsys.readouterr()
    assert f"no python{ABSENT} here" in said.out
    assert said.err == ""


def test_a_version_managers_command_that_refuses_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only an interpreter that runs counts."""
    command = tmp_path / f"python{ABSENT}"
    monkeypatch.setenv("PATH", str(tmp_path))
    for status, expected in ((127, None), (0, str(command))):
        command.write_text(f"#!/bin/sh\nexit {status}\n")
        command.chmod(0o755)
        assert interpreter(ABSENT) == expected
