"""JSON lines on standard output, which CloudWatch Logs Insights reads by field."""

import json
import logging
import sys
import time
from collections.abc import Mapping
from typing import Any

_LOGGER = logging.getLogger("tributary")
_PLAIN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class JsonFormatter(logging.Formatter):
    """One JSON object a record: level, message, its own fields, and the traceback of an exception."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        line: dict[str, Any] = {"level": record.levelname, "logger": record.name, "message": record.getMessage()}
        line |= {name: value for name, value in vars(record).items() if name not in _PLAIN}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


def set_up(level: int = logging.INFO) -> None:
    """Send everything under the logger "tributary" to standard output, once."""
    if not _LOGGER.handlers:
        handler = logging.StreamHandler(sys.stdout)
        handler.setFormatter(JsonFormatter())
        _LOGGER.addHandler(handler)
        _LOGGER.setLevel(level)
        _LOGGER.propagate = False


def metrics(dimensions: Mapping[str, str], values: Mapping[str, float]) -> None:
    """Log values that CloudWatch makes metrics of, in the namespace Tributary (embedded metric format).

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
    """
    directive = {
        "Namespace": "Tributary",
        "Dimensions": [list(dimensions)],
        "Metrics": [{"Name": name} for name in values],
    }
    _aws = {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [directive]}
    _LOGGER.info("metrics", extra={**dimensions, **values, "_aws": _aws})


def info(message: str, **fields: Any) -> None:
    """Log a fact."""
    _LOGGER.info(message, extra=fields)


def warning(message: str, **fields: Any) -> None:
    """Log something that a person may want to look at."""
    _LOGGER.warning(message, extra=fields)


def exception(message: str, **fields: Any) -> None:
    """Log the exception that is being handled, with its traceback."""
    _LOGGER.exception(message, extra=fields)
