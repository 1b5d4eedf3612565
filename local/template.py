"""Read tables, functions and event source mappings from template.yaml and its nested stacks."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from yaml import Node

try:  # libyaml reads ten times as fast; PyYAML has it wherever there is a wheel
    from yaml import CSafeLoader as SafeLoader
except ImportError:
    from yaml import SafeLoader  # type: ignore[assignment]

from local import ROOT, LocalError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

TEMPLATE = ROOT / "template.yaml"
# Properties that CreateTable accepts as the template states them.
_TABLE_PROPERTIES = ("TableName", "AttributeDefinitions", "KeySchema", "BillingMode", "GlobalSecondaryIndexes")


class _Loader(SafeLoader):
    """YAML with CloudFormation's short tags: `!Ref x` becomes {"Ref": "x"}."""


def _tagged(loader: SafeLoader, suffix: str, node: Node) -> dict[str, Any]:
    content: Any
    if isinstance(node, yaml.ScalarNode):
        content = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        content = loader.construct_sequence(node, deep=True)
    else:
        content = loader.construct_mapping(node, deep=True)  # type: ignore[arg-type]
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": content}


_Loader.add_multi_constructor("!", _tagged)


def load_template(path: Path) -> dict[str, Any]:
    """A template as plain data.

    Raises:
        LocalError: the file is not YAML.
    """
    try:
        # A SafeLoader of ours.
        content: dict[str, Any] = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # nosec B506
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise LocalError(
            f"{path} cannot be read: {error}. Correct it. `git diff {path.name}` shows what was changed."
        ) from error
    return content


@dataclass(frozen=True)
class EventSource:
    """An event source mapping: one function on one table's stream.

    Attributes:
        function: the function's logical name, "ProjectorFunction".
        handler: module and callable, "app.project".
        table: the table's name in DynamoDB.
        batch_size: the most records in one call.
        window_seconds: how long to wait for a fuller batch.
        retries: MaximumRetryAttempts, -1 for no limit.
        max_age_seconds: MaximumRecordAgeInSeconds, -1 for no limit.
        bisect: BisectBatchOnFunctionError.
        reports_failures: whether the function answers with batchItemFailures.
        filters: event patterns. A record that matches none is dropped. Without patterns, none is dropped.
        destination: whether batches that are given up are stored in the dead-letter bucket.
        timeout_seconds: the function's time limit.
    """

    function: str
    handler: str
    table: str
    batch_size: int
    window_seconds: float
    retries: int
    max_age_seconds: int
    bisect: bool
    reports_failures: bool
    filters: tuple[Mapping[str, Any], ...]
    destination: bool
    timeout_seconds: int

    @property
    def callable(self) -> str:
        """The handler's name in its module: "project"."""
        return self.handler.rpartition(".")[2]


class Template:
    """template.yaml and the templates nested in it, with the parameters filled in.

    Args:
        prefix: the parameter TablePrefix.
        path: of the file.
    """

    def __init__(self, prefix: str, path: Path = TEMPLATE) -> None:
        content = load_template(path)
        self.prefix = prefix
        self._resources: dict[str, Any] = dict(content["Resources"])
        self._outputs: dict[str, Any] = {}
        for name, stack in self._of_type("AWS::CloudFormation::Stack"):
            nested = load_template(path.parent / stack["Properties"]["TemplateURL"])
            self._resources |= nested["Resources"]
            for output, definition in nested["Outputs"].items():
                self._outputs[f"{name}.Outputs.{output}"] = definition["Value"]
        # A nested template's parameters have the names and the values of the outer one's.
        self._parameters = {
            **{name: parameter.get("Default") for name, parameter in content["Parameters"].items()},
            "TablePrefix": prefix,
        }

    @classmethod
    def from_env(cls, env: Mapping[str, str] = os.environ) -> "Template":
        """The template that TEMPLATE_FILE names, with TABLE_PREFIX filled in. `app_env` sets both."""
        return cls(env["TABLE_PREFIX"], Path(env["TEMPLATE_FILE"]))

    def tables(self) -> list[dict[str, Any]]:
        """The properties of every table, resolved."""
        return [self.resolve(table["Properties"]) for _, table in self._of_type("AWS::DynamoDB::Table")]

    def mappings(self) -> list[EventSource]:
        """Every DynamoDB event of every function."""
        return [
            self._mapping(name, function["Properties"], event["Properties"])
            for name, function in self._of_type("AWS::Serverless::Function")
            for event in function["Properties"].get("Events", {}).values()
            if event["Type"] == "DynamoDB"
        ]

    def handlers(self, kind: str) -> list[str]:
        """The handlers of the functions that have an event of a kind, such as "Api" or "Schedule"."""
        functions = [function["Properties"] for _, function in self._of_type("AWS::Serverless::Function")]
        return list(
            dict.fromkeys(
                function["Handler"]
                for function in functions
                if any(event["Type"] == kind for event in function.get("Events", {}).values())
            )
        )

    def function(self, name: str) -> Mapping[str, Any]:
        """The properties of a function, not resolved."""
        properties: Mapping[str, Any] = self._resources[name]["Properties"]
        return properties

    def resolve(self, value: Any) -> Any:
        """A value in which `!Ref` and `!Sub` of parameters are replaced. Other functions stay unchanged."""
        match value:
            case {"Ref": name} if name in self._parameters:
                return self._parameters[name]
            case {"Fn::Sub": str(text)}:
                for name, content in self._parameters.items():
                    text = text.replace(f"${{{name}}}", str(content))
                return text
            case dict():
                return {name: self.resolve(content) for name, content in value.items()}
            case list():
                return [self.resolve(content) for content in value]
        return value

    def _output(self, value: Any) -> Any:
        """The value of a nested stack's output; anything else unchanged."""
        match value:
            case {"Fn::GetAtt": str(name)}:
                return self._outputs.get(name, value)
        return value

    def _of_type(self, kind: str) -> list[tuple[str, Any]]:
        return [(name, resource) for name, resource in self._resources.items() if resource["Type"] == kind]

    def _mapping(self, name: str, function: Mapping[str, Any], event: Mapping[str, Any]) -> EventSource:
        match self._output(event["Stream"]):
            case {"Fn::GetAtt": str(stream)} if stream.endswith(".StreamArn"):
                table = self._resources[stream.partition(".")[0]]["Properties"]["TableName"]
            case other:
                raise LocalError(f"template.yaml: the stream of {name} is {other}, not a table's StreamArn")
        # The defaults are CloudFormation's: AWS::Lambda::EventSourceMapping.
        return EventSource(
            function=name,
            handler=function["Handler"],
            table=self.resolve(table),
            batch_size=event.get("BatchSize", 100),
            window_seconds=event.get("MaximumBatchingWindowInSeconds", 0),
            retries=event.get("MaximumRetryAttempts", -1),
            max_age_seconds=event.get("MaximumRecordAgeInSeconds", -1),
            bisect=event.get("BisectBatchOnFunctionError", False),
            reports_failures="ReportBatchItemFailures" in event.get("FunctionResponseTypes", []),
            filters=tuple(json.loads(f["Pattern"]) for f in event.get("FilterCriteria", {}).get("Filters", [])),
            destination="OnFailure" in event.get("DestinationConfig", {}),
            timeout_seconds=function.get("Timeout", 3),
        )


def create_tables(client: "DynamoDBClient", template: Template) -> list[str]:
    """Create the tables of the template that do not exist yet. Returns their names."""
    existing = {name for page in client.get_paginator("list_tables").paginate() for name in page["TableNames"]}
    fresh = [table for table in template.tables() if table["TableName"] not in existing]
    for table in fresh:
        _create(client, table)
    return [table["TableName"] for table in fresh]


def _create(client: "DynamoDBClient", table: Mapping[str, Any]) -> None:
    request: Any = {name: table[name] for name in _TABLE_PROPERTIES if name in table}
    if "StreamSpecification" in table:
        request["StreamSpecification"] = {"StreamEnabled": True, **table["StreamSpecification"]}
    client.create_table(**request)
    if "TimeToLiveSpecification" in table:
        client.update_time_to_live(
            TableName=table["TableName"], TimeToLiveSpecification=table["TimeToLiveSpecification"]
        )
