"""Run Zensical on the staged folder."""

import os
import re
import shutil
import signal
import subprocess
import threading
import time
from pathlib import Path

from deploy import parts
from deploy.site.links import faults
from deploy.site.stage import MERMAID, PYTHON, stage

_ANSI = re.compile(r"\x1b\[[0-9;]*m")
FOLDER = parts.ROOT / ".site"


class CannotBuild(Exception):
    """The site cannot be built. The message says why."""


def build(folder: Path = FOLDER, root: Path = parts.ROOT) -> Path:
    """Build the site, and return its folder.

    Raises:
        CannotBuild: the tools are missing, Zensical reports a warning, or a link is broken.
    """
    _staged(folder, root)
    done = subprocess.run(  # noqa: S603 - the project's own tool
        [root / PYTHON, "-m", "zensical", "build", "--strict", "--clean"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "NO_COLOR": "1"},
    )
    if done.returncode:
        raise CannotBuild(_ANSI.sub("", done.stdout + done.stderr).partition("Traceback")[0].strip())
    site = folder / "site"
    for page in (folder / "docs").rglob("*.md"):  # llms.txt lists them
        shutil.copy(page, site / page.relative_to(folder / "docs"))
    if found := list(faults(site)):
        raise CannotBuild("\n".join(found))
    return site


def serve(port: int, folder: Path = FOLDER, root: Path = parts.ROOT) -> int:
    """Serve the site until Ctrl-C, and return the exit code. An edited page is shown at once.

    Raises:
        CannotBuild: the tools are missing.
    """
    _staged(folder, root)
    process = subprocess.Popen(  # noqa: S603 - the project's own tool
        [root / PYTHON, "-m", "zensical", "serve", "--dev-addr", f"127.0.0.1:{port}"], cwd=folder
    )
    threading.Thread(target=_watch, args=(folder, root), daemon=True).start()
    for number in (signal.SIGINT, signal.SIGTERM):  # a shell's background job ignores the first
        signal.signal(number, signal.default_int_handler)
    try:
        return process.wait()
    except KeyboardInterrupt:
        process.terminate()
        process.wait()
        return 0


def _staged(folder: Path, root: Path) -> None:
    if not (root / PYTHON).exists() or not (root / MERMAID).exists():
        raise CannotBuild("The tools of the site are not installed. Run: make docs-tools")
    stage(folder, root)


def _watch(folder: Path, root: Path) -> None:
    """Stage the pages again whenever a document has changed."""
    seen = _times(root)
    while True:
        time.sleep(1)
        if (now := _times(root)) != seen:
            seen = now
            stage(folder, root)


def _times(root: Path) -> dict[str, int]:
    names = [name for name in parts.files(root) if name.endswith(".md") or name.startswith("docs/")]
    return {name: (root / name).stat().st_mtime_ns for name in names}
