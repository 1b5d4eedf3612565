"""The console's files have correct types, and other people's files are unchanged."""

import shutil
import subprocess
from pathlib import Path

import pytest

from deploy import vendor

TOOLS = Path(__file__).parent / "tools"


def test_types() -> None:
    """The types in the comments are correct (tsc --checkJs, strict)."""
    if not (TOOLS / "node_modules" / ".bin" / "tsc").exists():
        pytest.skip("there is no TypeScript; `make browser-tools` installs it where npm is")
    checked = subprocess.run(
        ["node_modules/.bin/tsc", "-p", "."], cwd=TOOLS, capture_output=True, text=True, check=False
    )
    assert checked.stdout == ""
    assert checked.returncode == 0


def test_vendored_files() -> None:
    """Each file of a library equals its package's file, byte for byte."""
    assert [fault for listed in vendor.LISTS for fault in vendor.faults(listed)] == []


def test_a_changed_file_is_noticed(tmp_path: Path) -> None:
    """A changed file, a missing one and a file of no package are each named."""
    folder = tmp_path / "vendor"
    shutil.copytree(vendor.CONSOLE / "vendor", folder)
    (folder / "htm.mjs").write_text("export default 1;")
    (folder / "preact.mjs").unlink()
    (folder / "more.mjs").touch()
    assert set(vendor.faults(folder / "packages.json")) == {
        "htm.mjs was changed",
        "preact.mjs is missing",
        "more.mjs belongs to no package",
    }
