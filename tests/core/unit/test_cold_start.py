"""What a cold start costs every function: the modules that importing the app brings."""

import json
import subprocess
import sys

import pytest

from local import ROOT

# Each takes a function that does not need it some milliseconds to a quarter of a second.
HEAVY = {
    *("asyncio", "aws_xray_sdk", "boto3", "botocore", "cryptography", "email", "http", "jwt", "pymysql", "xml"),
    *("dataclasses", "inspect"),  # they compile text with each class: use a msgspec.Struct
}


@pytest.mark.serverless
def test_importing_the_app_brings_nothing_that_only_some_functions_need() -> None:
    """Neither the stores' clients, nor what makes classes slowly, is imported with the routes."""
    program = f"""
import json, sys
sys.path[:0] = {sys.path!r}
sys.modules["typing_extensions"] = None  # msgspec imports it where it is installed; the packages have none
import tests.core.app
print(json.dumps(sorted(sys.modules)))
"""
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    imported = set(json.loads(done.stdout))
    assert "chalicelib.core.http.chalice_adapter" in imported
    assert imported & HEAVY == set()
