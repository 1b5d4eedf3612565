"""The metrics of each service that the alarms and the dashboard watch."""

from collections.abc import Iterable

from deploy.generate.fill import filled

_METRIC = """
- Id: {service}
  ReturnData: false
  MetricStat:
    Metric:
      Namespace: {namespace}
      MetricName: {metric}
      Dimensions: {dimensions}
    Stat: {stat}
    Period: 60
"""
_OF_SERVICE = "[{{Name: Deployment, Value: !Ref TablePrefix}}, {{Name: Service, Value: {service}}}]"
_OF_TABLE = '[{{Name: TableName, Value: !Sub "${{TablePrefix}}{service}"}}]'
_SERVICE_LINE = '["Tributary", "{metric}", "Deployment", "${{TablePrefix}}", "Service", "{service}"]'
_TABLE_LINE = '["AWS/DynamoDB", "{metric}", "TableName", "${{TablePrefix}}{service}"]'


def text(services: Iterable[str]) -> str:
    """Return infrastructure/alarms.yaml for the services' names."""
    names = list(services)
    return filled(
        "alarms.yaml",
        {
            "lag": _metrics(names, "Tributary", "LagSeconds", "Maximum", _OF_SERVICE),
            "dead-letters": _metrics(names, "Tributary", "DeadLetters", "Maximum", _OF_SERVICE),
            "throttles": _metrics(names, "AWS/DynamoDB", "WriteThrottleEvents", "Sum", _OF_TABLE),
            "lag-lines": _lines(names, _SERVICE_LINE, "LagSeconds"),
            "dead-letter-lines": _lines(names, _SERVICE_LINE, "DeadLetters"),
            "written-lines": _lines(names, _TABLE_LINE, "ConsumedWriteCapacityUnits"),
        },
    )


def _metrics(services: Iterable[str], namespace: str, metric: str, stat: str, dimensions: str) -> str:
    return "\n".join(
        _METRIC.strip().format(
            service=name, namespace=namespace, metric=metric, stat=stat, dimensions=dimensions.format(service=name)
        )
        for name in services
    )


def _lines(services: Iterable[str], line: str, metric: str) -> str:
    return ",\n".join(line.format(metric=metric, service=name) for name in services)
