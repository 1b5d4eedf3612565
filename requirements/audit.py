"""Known faults in what is installed, and risky code of ours: `make audit`, by pip-audit and bandit.

An advisory that does not concern us is accepted below, with its reason. Where no advisories can be had, as without a
network, this says so and fails nothing: `make audit` then has looked at our own code alone.
"""

# ruff: noqa: S603, T201  # a command line; it starts pip-audit and bandit alone

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
ACCEPTED: Mapping[str, str] = {}
"""Advisories by their id, with the reason why each does not concern us, and until when."""
CODE = ("app.py", "chalicelib", "local", "ops", "deploy", "demo", "bench", "requirements")


class OutOfReach(Exception):
    """No advisories can be had; the message says why."""


def locks() -> list[Path]:
    """The files of what is installed, with releases and hashes."""
    return [ROOT / "requirements.txt", ROOT / "requirements-dev.txt", *sorted((ROOT / "requirements").glob("*.txt"))]


def findings(report: Mapping[str, Any], accepted: Mapping[str, str] = ACCEPTED) -> Iterator[str]:
    """The advisories in pip-audit's report that are not accepted, a line each.

    Raises:
        OutOfReach: it could look none of the packages up.
    """
    packages = report["dependencies"]
    unknown = [package for package in packages if "skip_reason" in package]
    if packages and len(unknown) == len(packages):
        raise OutOfReach(unknown[0]["skip_reason"])
    for package in packages:
        if "skip_reason" in package:
            yield f"{package['name']}: {package['skip_reason']}"
        for advisory in package.get("vulns", ()):
            if not accepted.keys() & {advisory["id"], *advisory["aliases"]}:
                fixed = ", ".join(advisory["fix_versions"]) or "no release yet"
                yield f"{package['name']} {package['version']}: {advisory['id']}, fixed in {fixed}"


def audit(lock: Path) -> Mapping[str, Any]:
    """What pip-audit reports of a file.

    Raises:
        OutOfReach: it reports nothing.
    """
    command = [tool("pip-audit"), "--requirement", str(lock), "--disable-pip", "--require-hashes", "--format", "json"]
    done = subprocess.run([*command, "--progress-spinner", "off"], capture_output=True, text=True, check=False)
    try:
        report: Mapping[str, Any] = json.loads(done.stdout)
    except ValueError:
        raise OutOfReach((done.stderr.strip().splitlines() or ["pip-audit says nothing"])[-1]) from None
    return report


def tool(name: str) -> str:
    """A program of the virtual environment that this runs in."""
    return str(Path(sys.executable).with_name(name))


def main() -> int:
    """Look at everything. Returns the exit code."""
    faults = []
    for lock in locks():
        name = lock.relative_to(ROOT)
        try:
            found = list(findings(audit(lock)))
        except OutOfReach as error:
            print(f"{name}: NOT AUDITED, the advisories cannot be reached: {error}")
            continue
        print(f"{name}: {len(found)} findings")
        faults += [f"{name}: {line}" for line in found]
    print("\n".join(faults))
    command = [tool("bandit"), "--quiet", "--configfile", "pyproject.toml", "--recursive", *CODE]
    unsafe = subprocess.run(command, cwd=ROOT, check=False).returncode
    print(f"bandit: {'findings, above' if unsafe else 'no findings'}")
    return 1 if faults or unsafe else 0


if __name__ == "__main__":
    sys.exit(main())
