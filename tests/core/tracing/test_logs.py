"""The logs of a request and of its record, and their metrics, while tracing is off."""

import json
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from chalicelib.core.mysql.connections import connect
from chalicelib.core.operations.check import check_all
from local import ROOT, keys
from local.ports import free_port
from tests.core.bootstrap import runtime
from tests.core.domain.roles import CLERK
from tests.core.tracing.conftest import Api

Lines = list[dict[str, Any]]


@pytest.fixture(scope="module")
def lines(env: Mapping[str, str]) -> Lines:
    """Return the logs of `untraced`."""
    run = subprocess.run(
        [sys.executable, "-m", "tests.core.tracing.untraced", keys.issue(Path(env["LOCAL_STATE"]) / "keys", CLERK)],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", **env, "READ_DATABASE_URL": f"mysql://nobody@127.0.0.1:{free_port()}/none"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    return [json.loads(line) for line in run.stdout.splitlines()]


def test_every_line_names_its_request(lines: Lines) -> None:
    """The lines of the command, the query and the projector have the correlation id of their request."""
    assert [(line["message"], line.get("correlation_id")) for line in lines] == [
        ("command", "again"),
        ("the read model cannot be reached", "broken"),
        ("projector: batch", "first"),
        ("projector: record set aside", "poison"),
        ("projector: batch", None),
    ]
    assert lines[-1]["correlation_ids"] == ["first", "poison"]
    assert [line.get("request_id") for line in lines] == [None, None, *["request-1"] * 3]


def test_metrics(lines: Lines) -> None:
    """There is one line for a command with something to report, and one for a batch, with deployment and service."""
    command, first, second = (line for line in lines if "_aws" in line)
    assert metrics(command) == {"CommandReplays": 1}
    written = {"BatchRecords": 1, "RecordsCompacted": 0, "AggregatesWritten": 1, "AggregatesStale": 0}
    assert metrics(first) == written
    assert metrics(second) == {
        "BatchRecords": 2,
        "RecordsCompacted": 0,
        "AggregatesWritten": 0,
        "AggregatesStale": 1,
        "RecordsSetAside": 1,
    }
    for line in (command, first, second):
        assert line["Service"] == "accounts"
        assert line["Deployment"].startswith("t")
        assert line["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [["Deployment", "Service"]]


def metrics(line: Mapping[str, Any]) -> dict[str, float]:
    """Return the metrics that CloudWatch would make of a line."""
    return {metric["Name"]: line[metric["Name"]] for metric in line["_aws"]["CloudWatchMetrics"][0]["Metrics"]}


def test_the_checks_metrics(api: Api, database: str, logged: Lines) -> None:
    """Each service has lag and dead letters. A rebuild also has its progress and its remaining time."""
    connection = connect(database)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO rebuilds VALUES"
            " ('transfers', 0, 1, NULL, 0, 400, 1000, '2026-11-23 10:00', '2026-11-23 10:01')"
        )
    connection.close()
    check_all(runtime())
    check_all(runtime())
    found = {line["Service"]: metrics(line) for line in logged}
    transfers = found.pop("transfers")
    assert transfers.pop("LagSeconds") >= 0
    expected = {"RebuildItems": 400, "RebuildRemaining": 600, "RebuildEtaSeconds": 90.0}
    assert transfers == {"DeadLetters": 0, **expected}
    assert all(set(values) == {"LagSeconds", "DeadLetters"} for values in found.values())


def test_the_reference_names_every_metric(repository: Path) -> None:
    """It names no other metrics."""
    code = "".join(path.read_text() for path in (repository / "chalicelib").rglob("*.py"))
    check = (repository / "chalicelib/core/operations/check.py").read_text()
    written = {*re.findall(r'log\.count\("(\w+)"', code), *re.findall(r'"([A-Z]\w+)": ', check)}
    reference = (repository / "docs/reference/logs.md").read_text()
    documented = set(re.findall(r"^\| `([A-Z]\w+)` \|", reference, re.MULTILINE))
    assert documented == written - {"Deployment", "Service"}
