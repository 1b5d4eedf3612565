"""The templates limit each parameter, so that a bad value is refused before anything is made."""

from typing import Any

import pytest

from local.template import load_template
from tests.deploy.lambdas import ROOT

FILES = ("template.yaml", "infrastructure/data.yaml")
BOUNDS = ("Type", "MinValue", "MaxValue", "AllowedValues", "AllowedPattern", "Default")


def parameters(file: str) -> dict[str, dict[str, Any]]:
    """Return the parameters of a template, by name."""
    found: dict[str, dict[str, Any]] = load_template(ROOT / file)["Parameters"]
    return found


@pytest.mark.parametrize("file", FILES)
def test_numbers_have_bounds(file: str) -> None:
    """Every number has a least and a greatest value, or a list of values, and its default is valid."""
    for name, parameter in parameters(file).items():
        if parameter["Type"] != "Number":
            continue
        allowed = parameter.get("AllowedValues", [])
        assert allowed or {"MinValue", "MaxValue"} <= parameter.keys(), name
        assert parameter["Default"] in allowed or parameter["MinValue"] <= parameter["Default"] <= parameter["MaxValue"]


def test_a_nested_stack_takes_what_the_root_takes() -> None:
    """The data stack accepts every value that the root accepts, so it cannot fail minutes later. Defaults are equal."""
    root, nested = (parameters(file) for file in FILES)
    passed = load_template(ROOT / "template.yaml")["Resources"]["Data"]["Properties"]["Parameters"]
    assert set(passed) <= set(nested)
    for name in passed:
        for bound in BOUNDS:
            assert root[name].get(bound) == nested[name].get(bound), (name, bound)


ENVIRONMENT_BYTES = 4096
"""Of all names and values together. https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""
OUTPUT_BYTES = 260
"""An ARN, an address of a database or a secret of ours, at most."""


def longest(value: Any, of_root: dict[str, dict[str, Any]]) -> int:
    """Return the greatest length of a variable's value."""
    match value:
        case {"Ref": name} if name in of_root:
            parameter = of_root[name]
            if "AllowedValues" in parameter:
                return max(len(str(allowed)) for allowed in parameter["AllowedValues"])
            assert "MaxLength" in parameter, f"{name} is in a function's environment, and has no MaxLength"
            return int(parameter["MaxLength"])
        case {"Fn::If": [_, *either]}:
            return max(longest(each, of_root) for each in either)
        case str():
            return len(value)
    return OUTPUT_BYTES


def test_an_environment_fits() -> None:
    """However long the parameters are, Lambda accepts each function's variables, even with a key set given inline."""
    template = load_template(ROOT / "template.yaml")
    shared = template["Globals"]["Function"]["Environment"]["Variables"]
    for name, resource in template["Resources"].items():
        if resource["Type"] == "AWS::Serverless::Function":
            variables = {**shared, **resource["Properties"].get("Environment", {}).get("Variables", {})}
            size = sum(len(key) + longest(value, template["Parameters"]) for key, value in variables.items())
            assert size <= ENVIRONMENT_BYTES, (name, size)
