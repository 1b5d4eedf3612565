"""Make the package of one function: `python -m deploy.package CommandsFunction FOLDER`, as `sam build` does.

A function gets app.py, all of chalicelib, and only those parts of the libraries that it imports: a smaller package
starts faster, and absent code cannot be exploited. It gets Chalice's runtime without its command line, and botocore's
descriptions and endpoints of only those AWS services that the function calls. All code is compiled: on Lambda a package
is read-only, so without .pyc files each cold start would compile whatever it imports.
"""

# ruff: noqa: S603, T201  # a command line; it starts only pip

import fcntl
import fnmatch
import gzip
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

ROOT = Path(__file__).parent.parent
WHEELS = ROOT / ".aws-sam" / "wheels"
# Lambda's Amazon Linux 2023 has glibc 2.34. pip takes the newest of these for which there is a wheel.
GLIBC = ("manylinux_2_34", "manylinux_2_28", "manylinux2014")
PROCESSORS = {"x86_64": "x86_64", "arm64": "aarch64"}
_ON_LAMBDA = "/var/task"

_CHALICE = ("chalice/__init__.py", "chalice/app.py", "msgspec/*")
_BOTOCORE = (
    *("botocore/*.py", "botocore/vendored/*", "botocore/retries/*", "botocore/crt/*", "botocore/docs/*.py"),
    *("botocore/docs/bcdoc/*.py", "botocore/cacert.pem", "botocore/data/_retry.json", "botocore/data/endpoints.json"),
    *("botocore/data/partitions.json", "botocore/data/sdk-default-configuration.json"),
    *("jmespath/*", "dateutil/*.py", "dateutil/tz/*.py", "dateutil/parser/*.py", "six.py", "urllib3/*"),
)
_BOTO = (
    *(
        "boto3/*.py",
        "boto3/resources/*.py",
        "boto3/docs/*.py",
        "boto3/dynamodb/*.py",
        "boto3/s3/*.py",
        "boto3/ec2/*.py",
    ),
    *("s3transfer/*", *_BOTOCORE),
)
_MYSQL = ("pymysql/*",)
# Elsewhere than on Lambda, its import would create a client of X-Ray, which needs botocore's description of X-Ray.
_XRAY = ("aws_xray_sdk/*", "wrapt/*")
_JWT = ("jwt/*", "cryptography/*", "_cffi_backend*")
_DYNAMODB, _S3, _SECRETS = "botocore/data/dynamodb/*", "botocore/data/s3/*", "botocore/data/secretsmanager/*"

# The libraries of each function: patterns of paths below site-packages.
PACKAGES: Mapping[str, tuple[str, ...]] = {
    "AuthorizerFunction": (*_CHALICE, *_JWT),
    "CommandsFunction": (*_CHALICE, *_BOTO, _DYNAMODB, *_XRAY),
    "QueriesFunction": (*_CHALICE, *_MYSQL, *_XRAY, *_BOTOCORE),
    "ProjectorFunction": (*_CHALICE, *_BOTO, _DYNAMODB, _S3, *_MYSQL, *_XRAY),
    "ReactorFunction": (*_CHALICE, *_BOTO, _DYNAMODB, _S3, *_XRAY),
    "MigrateFunction": (*_CHALICE, *_BOTO, _SECRETS, *_MYSQL),
    "OperationsFunction": (*_CHALICE, *_BOTO, _DYNAMODB, _S3, *_MYSQL, *_XRAY),
    "DeadlinesFunction": (*_CHALICE, *_BOTO, _DYNAMODB, *_MYSQL, *_XRAY),
    "CheckFunction": (*_CHALICE, *_BOTO, _DYNAMODB, *_MYSQL, *_XRAY),
}


class CannotPackage(Exception):
    """The package cannot be made. The message says why."""


def make(function: str, target: Path) -> None:
    """Make a function's package in a folder.

    Raises:
        CannotPackage: there is no such function, or a library has no wheel for its platform.
    """
    if function not in PACKAGES:
        raise CannotPackage(f"there is no package for {function}; deploy/package.py knows {', '.join(PACKAGES)}")
    patterns = (*PACKAGES[function], *(f"botocore/data/{client}/*" for client in declared_clients(function)))
    libraries = installed()
    unused = copy(libraries, target, patterns)
    if unused:
        raise CannotPackage(f"{function}: nothing in requirements.txt gives {', '.join(sorted(unused))}")
    for path in (path for path in files(ROOT / "chalicelib") if _ships(path, function)):
        place(ROOT / "chalicelib" / path, target / "chalicelib" / path)
    place(ROOT / "app.py", target / "app.py")
    shorten_endpoints(target / "botocore" / "data")
    if not compiled(target, lambda_python()):
        # Not to stderr: SAM shows that of make only if make fails.
        print(
            f"{function} ships without .pyc files, so each cold start compiles what it imports, which takes some tenths"
            f" of a second: there is no python{lambda_python()} here. Install it (`uv python install"
            f" {lambda_python()}`), then run `sam build` again."
        )


def shorten_endpoints(data: Path) -> None:
    """Leave in botocore's list of endpoints only the services that are described beside it, if the list is there.

    botocore reads the whole list for a process's first client. Its 1.2 MB, of 300 services, took four times as long as
    everything else that makes a client.
    """
    path = data / "endpoints.json"
    if not path.exists():
        return
    used = {
        json.loads(gzip.decompress(description.read_bytes()))["metadata"]["endpointPrefix"]
        for description in data.glob("*/*/service-2.json.gz")
    }
    endpoints = json.loads(path.read_text(encoding="utf-8"))
    for partition in endpoints["partitions"]:
        partition["services"] = {name: about for name, about in partition["services"].items() if name in used}
    path.write_text(json.dumps(endpoints), encoding="utf-8")


def compiled(package: Path, version: str) -> bool:
    """Compile the code of a package for a version of Python, and return whether this machine has that version.

    Python never compares these .pyc files with their sources ("unchecked-hash"), since the sources' times change on the
    way to Lambda. They name their sources as on Lambda, so that they do not depend on the folder of the package.

    Raises:
        CannotPackage: the code cannot be compiled.
    """
    python = interpreter(version)
    if python is None:
        return False
    command = [python, "-I", "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash"]
    if subprocess.run([*command, "-s", package, "-p", _ON_LAMBDA, package], check=False).returncode:
        raise CannotPackage(f"Python {version} cannot compile the code in {package}")
    return True


def interpreter(version: str) -> str | None:
    """Return an interpreter of a version of Python, such as "3.13"; None if there is none on PATH."""
    if version == f"{sys.version_info.major}.{sys.version_info.minor}":
        return sys.executable
    found = shutil.which(f"python{version}")
    # A version manager has a command for each version that it knows, and refuses those that are not chosen.
    works = found and subprocess.run([found, "-c", ""], capture_output=True, check=False).returncode == 0
    return found if works else None


def declared_clients(function: str) -> list[str]:
    """Return the boto3 clients that services declare for a function, from the file that `make generate` writes."""
    declared: Mapping[str, list[str]] = json.loads((ROOT / "infrastructure/clients.json").read_text(encoding="utf-8"))
    return declared.get(function, [])


def copy(source: Path, target: Path, patterns: Iterable[str]) -> set[str]:
    """Copy the files that match, and return the patterns that matched nothing."""
    unused = set(patterns)
    for path in files(source):
        if found := matches(path, patterns):
            unused -= found
            place(source / path, target / path)
    return unused


def files(folder: Path) -> list[str]:
    """Return the files below a folder that may ship, as relative paths."""
    found = (path.relative_to(folder) for path in sorted(folder.rglob("*")) if path.is_file())
    return [
        path.as_posix() for path in found if "__pycache__" not in path.parts and path.suffix not in (".pyc", ".pyi")
    ]


def _ships(path: str, function: str) -> bool:
    """Return whether a function needs a file of chalicelib. A service's tests and sample events ship in no package.

    The files of the pages ship only with the function that serves them.
    """
    parts = Path(path).parts
    if parts[:2] == ("core", "console"):
        return function == "QueriesFunction"
    return parts[1:2] not in (("tests",), ("events",))


def matches(path: str, patterns: Iterable[str]) -> set[str]:
    """Return the patterns that a path matches. `*.py` matches in one folder; `folder/*` matches in subfolders too."""
    return {
        pattern
        for pattern in patterns
        if fnmatch.fnmatchcase(path, pattern) and (pattern.endswith("/*") or path.count("/") == pattern.count("/"))
    }


def place(source: Path, target: Path) -> None:
    """Copy a file, and create its folders."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def installed() -> Path:
    """Return the folder with requirements.txt installed for Lambda, once for each version of Python and processor."""
    version = lambda_python()
    architecture = os.environ.get("ARCHITECTURE", "x86_64")
    if architecture not in PROCESSORS:
        raise CannotPackage(f"ARCHITECTURE must be one of {', '.join(PROCESSORS)}, not {architecture!r}")
    requirements = ROOT / "requirements.txt"
    digest = hashlib.sha256(requirements.read_bytes()).hexdigest()[:12]
    folder = WHEELS / f"{version}-{architecture}-{digest}"
    WHEELS.mkdir(parents=True, exist_ok=True)
    with (WHEELS / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # `sam build` makes all packages at once, and all need this folder
        if not folder.exists():
            _install(requirements, version, architecture, folder)
    return folder


def _install(requirements: Path, version: str, architecture: str, folder: Path) -> None:
    fresh = Path(tempfile.mkdtemp(dir=WHEELS))
    platforms = [f"--platform={glibc}_{PROCESSORS[architecture]}" for glibc in GLIBC]
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"]
    command += ["--only-binary=:all:", "--implementation=cp", f"--python-version={version}", *platforms]
    if subprocess.run([*command, "--target", fresh, "-r", requirements], check=False).returncode:
        shutil.rmtree(fresh)
        raise CannotPackage(f"pip cannot install requirements.txt for Python {version} on {architecture}")
    fresh.rename(folder)


def lambda_python() -> str:
    """Return the version of Python that packages are made for."""
    return os.environ.get("LAMBDA_PYTHON") or runtime()


def runtime() -> str:
    """Return the version of Python that template.yaml names."""
    found = re.search(r"Runtime: python(3\.\d+)", (ROOT / "template.yaml").read_text())
    if not found:
        raise CannotPackage("template.yaml names no Runtime")
    return found[1]


def main() -> int:
    """Make the package that the arguments name, and return the exit code."""
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        make(sys.argv[1], Path(sys.argv[2]))
    except CannotPackage as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
