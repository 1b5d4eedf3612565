"""JSON lines on standard output, which CloudWatch Logs Insights reads by field.

No line shows values from an error (error_text.py). The length of a line is bounded, whatever a client sends.

The context of lines (`about`) and the counters (`counting`) belong to the thread, so they need not be passed through
every call. A thread that runs in a copy of the context (contextvars) has the fields too and adds to the same counters.
docs/reference/logs.md lists the fields and the metrics.
"""

import json
import logging
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from types import MappingProxyType
from typing import Any

from chalicelib.core.telemetry.error_text import traceback_text

MAX_FIELD = 2000
MAX_EXCEPTION = 8000
"""The longest field and the longest traceback, in characters."""

_LOGGER = logging.getLogger("tributary")
_PLAIN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_COUNTING = threading.Lock()
_about: ContextVar[Mapping[str, str]] = ContextVar("about", default=MappingProxyType({}))
_counts: ContextVar[Counter[str] | None] = ContextVar("counts", default=None)


class JsonFormatter(logging.Formatter):
    """One JSON object for each record: level, message, context, the record's own fields, a traceback."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as a line of JSON."""
        line: dict[str, Any] = {"level": record.levelname, "logger": record.name, "message": record.getMessage()}
        line |= _about.get()
        line |= {name: value for name, value in vars(record).items() if name not in _PLAIN}
        if record.exc_info and record.exc_info[1]:
            line["exception"] = traceback_text(record.exc_info[1])
        return json.dumps({name: _bounded(name, value) for name, value in line.items()}, default=str)


def _bounded(name: str, value: Any) -> Any:
    """A field's value. If it is too long, its middle is left out."""
    most = MAX_EXCEPTION if name == "exception" else MAX_FIELD
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    if len(text) <= most:
        return value
    return f"{text[: most // 2]} ... ({len(text)} characters) ... {text[-most // 2 :]}"


def set_up(level: int = logging.INFO) -> None:
    """Send the logger "tributary" to standard output. Further calls do nothing."""
    if not _LOGGER.handlers:
        handler = logging.StreamHandler(sys.stdout)
        handler.setFormatter(JsonFormatter())
        _LOGGER.addHandler(handler)
        _LOGGER.setLevel(level)
        _LOGGER.propagate = False


@contextmanager
def about(**fields: str) -> Iterator[None]:
    """Add these fields to every line that this thread logs within the block. An empty field leaves the outer value.

    Do not use it around a generator's `yield`: the lines of the generator's caller would get the fields too.
    """
    token = _about.set({**_about.get(), **{name: value for name, value in fields.items() if value}})
    try:
        yield
    finally:
        _about.reset(token)


def about_call(context: object) -> AbstractContextManager[None]:
    """Add Lambda's id of this call (`request_id`) to every line. Lambda's own lines about the call have it too."""
    return about(request_id=getattr(context, "aws_request_id", ""))


@contextmanager
def counting(message: str, dimensions: Mapping[str, str], **fields: Any) -> Iterator[None]:
    """Collect what this thread counts within the block (`count`), and log it as metrics in one line at the end.

    If nothing was counted, there is no line.

    Args:
        message: the line's message. The line also has the time that the block took.
        dimensions: the metrics' dimensions.
        fields: further fields of the line.
    """
    counts: Counter[str] = Counter()
    start = time.perf_counter()
    token = _counts.set(counts)
    try:
        yield
    finally:
        _counts.reset(token)
        if counts:
            milliseconds = round((time.perf_counter() - start) * 1000)
            metrics(dimensions, counts, message, milliseconds=milliseconds, **fields)


def count(metric: str, by: int = 1) -> None:
    """Add to a metric of the innermost `counting`. Outside of one, do nothing. Adding 0 makes the line show a 0."""
    counts = _counts.get()
    if counts is not None:
        with _COUNTING:
            counts[metric] += by


def metrics(
    dimensions: Mapping[str, str], values: Mapping[str, float], message: str = "metrics", **fields: Any
) -> None:
    """Log values from which CloudWatch makes metrics in the namespace Tributary (embedded metric format).

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
    """
    directive = {
        "Namespace": "Tributary",
        "Dimensions": [list(dimensions)],
        "Metrics": [{"Name": name} for name in values],
    }
    _aws = {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [directive]}
    _LOGGER.info(message, extra={**fields, **dimensions, **values, "_aws": _aws})


def info(message: str, **fields: Any) -> None:
    """Log a fact."""
    _LOGGER.info(message, extra=fields)


def warning(message: str, **fields: Any) -> None:
    """Log something that an operator may want to look at."""
    _LOGGER.warning(message, extra=fields)


def exception(message: str, **fields: Any) -> None:
    """Log the exception that is being handled, with its traceback."""
    _LOGGER.exception(message, extra=fields)
