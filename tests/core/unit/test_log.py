"""Log lines with fields, and counters."""

import threading
from typing import Any

import pytest

from chalicelib.core.telemetry import log
from tests.support.waiting import PATIENT_SECONDS


def test_about(logged: list[dict[str, Any]]) -> None:
    """Fields apply to lines inside the block. Inner fields win, and a line's own fields win over all."""
    with log.about(correlation_id="a", request_id="r"):
        with log.about(correlation_id="b"):
            log.info("inner")
            log.info("own", correlation_id="c")
        with log.about(correlation_id=""):
            log.info("outer")
    log.info("none")
    found = [(line["message"], line.get("correlation_id"), line.get("request_id")) for line in logged]
    assert found == [("inner", "b", "r"), ("own", "c", "r"), ("outer", "a", "r"), ("none", None, None)]


def test_threads_do_not_mix(logged: list[dict[str, Any]]) -> None:
    """Two requests at once, each in its thread, keep their own fields."""
    inside = threading.Barrier(2)

    def request(id: str) -> None:
        with log.about(correlation_id=id), log.counting(id, {}):
            inside.wait(PATIENT_SECONDS)
            log.count("Seen")
            inside.wait(PATIENT_SECONDS)

    threads = [threading.Thread(target=request, args=(id,)) for id in ("a", "b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = [(line["message"], line["correlation_id"], line["Seen"]) for line in logged]
    assert sorted(found) == [("a", "a", 1), ("b", "b", 1)]


def test_an_error_ends_it(logged: list[dict[str, Any]]) -> None:
    """The counts before an error are logged, and the next line has no fields."""
    with pytest.raises(ValueError), log.about(correlation_id="a"), log.counting("batch", {"Service": "x"}):  # noqa: PT012
        log.count("Seen", 2)
        raise ValueError
    log.info("after")
    batch, after = logged
    assert (batch["correlation_id"], batch["Seen"], batch["Service"]) == ("a", 2, "x")
    assert batch["_aws"]["CloudWatchMetrics"] == [
        {"Namespace": "Tributary", "Dimensions": [["Service"]], "Metrics": [{"Name": "Seen"}]}
    ]
    assert "correlation_id" not in after


def test_nothing_counted(logged: list[dict[str, Any]]) -> None:
    """No line is logged. Counting outside of `counting` is allowed."""
    log.count("Seen")
    with log.counting("batch", {}):
        pass
    assert logged == []
