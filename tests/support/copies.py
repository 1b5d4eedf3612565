"""A copy of the repository, for tests that change it."""

import shutil
import subprocess
from pathlib import Path

import pytest

from local import ROOT


def copy_files(folder: Path) -> None:
    """Copy the files that git tracks or would add to a new folder."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip("no git repository: the test asks git what belongs to it")
    for name in filter(None, done.stdout.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)


def copy_repository(folder: Path) -> Path:
    """Copy the files to a new folder, with the same virtual environments."""
    copy_files(folder)
    link_environments(folder)
    return folder


def link_environments(folder: Path) -> None:
    """Give a copy or a project the virtual environments of this repository.

    An environment is a folder of links, so that to empty it there empties nothing here.
    """
    for environment in ROOT.glob(".venv*"):
        (folder / environment.name).mkdir()
        for path in environment.iterdir():
            (folder / environment.name / path.name).symlink_to(path)
