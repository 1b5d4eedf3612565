"""CloudFormation's functions, as far as the templates use them for names."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any


class Unknown(LookupError):
    """A value that only AWS knows, such as the ARN of a resource."""


@dataclass(frozen=True)
class Place:
    """A stack as CloudFormation makes it.

    Attributes:
        partition: "aws", "aws-us-gov" or "aws-cn".
        region: such as "eu-west-1".
        name: the stack's name.
        guid: the last part of its id.
        parameters: the template's parameters, including those with a default.
    """

    partition: str
    region: str
    name: str
    guid: str
    parameters: Mapping[str, Any]

    @property
    def values(self) -> Mapping[str, Any]:
        """Return the value of `Ref` for a parameter or a pseudo parameter."""
        prefix = f"arn:{self.partition}:cloudformation:{self.region}:123456789012:stack"
        return {
            "AWS::Partition": self.partition,
            "AWS::Region": self.region,
            "AWS::AccountId": "123456789012",
            "AWS::StackName": self.name,
            "AWS::StackId": f"{prefix}/{self.name}/{self.guid}",
            **self.parameters,
        }

    def nested(self, logical_id: str, suffix: str, guid: str, parameters: Mapping[str, Any]) -> "Place":
        """Return a nested stack, which CloudFormation names."""
        return replace(self, name=f"{self.name}-{logical_id}-{suffix}", guid=guid, parameters=parameters)


def evaluate(value: Any, place: Place) -> Any:
    """Return a value in this stack.

    Raises:
        Unknown: the value needs more than Ref of parameters, Join, Select, Split and Sub.
        IndexError: a Select names an item that does not exist.
    """
    match value:
        case {"Ref": name}:
            if name not in place.values:
                raise Unknown(name)
            return place.values[name]
        case {"Fn::Join": [separator, parts]}:
            return separator.join(evaluate(part, place) for part in parts)
        case {"Fn::Select": [index, parts]}:
            return evaluate(parts, place)[int(index)]
        case {"Fn::Split": [separator, text]}:
            return evaluate(text, place).split(separator)
        case {"Fn::Sub": str(text)}:
            return re.sub(r"\$\{([^!}]+)\}", lambda match: str(evaluate({"Ref": match[1]}, place)), text)
        case dict():
            raise Unknown(str(value))
        case list():
            return [evaluate(part, place) for part in value]
    return value
