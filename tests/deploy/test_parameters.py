"""What a person may set is bounded where the templates take it: a bad value is refused before anything is made."""

from typing import Any

import pytest

from local.template import load
from tests.deploy.lambdas import ROOT

FILES = ("template.yaml", "infrastructure/data.yaml")
BOUNDS = ("Type", "MinValue", "MaxValue", "AllowedValues", "AllowedPattern", "Default")


def parameters(file: str) -> dict[str, dict[str, Any]]:
    """The parameters of a template, by name."""
    found: dict[str, dict[str, Any]] = load(ROOT / file)["Parameters"]
    return found


@pytest.mark.parametrize("file", FILES)
def test_numbers_have_bounds(file: str) -> None:
    """Every number has a least and a greatest value, or a list of values, and its default is one of them."""
    for name, parameter in parameters(file).items():
        if parameter["Type"] != "Number":
            continue
        allowed = parameter.get("AllowedValues", [])
        assert allowed or {"MinValue", "MaxValue"} <= parameter.keys(), name
        assert parameter["Default"] in allowed or parameter["MinValue"] <= parameter["Default"] <= parameter["MaxValue"]


def test_a_nested_stack_takes_what_the_root_takes() -> None:
    """A value that the root accepts is not refused by the data stack, some minutes later; the defaults are the same."""
    root, nested = (parameters(file) for file in FILES)
    passed = load(ROOT / "template.yaml")["Resources"]["Data"]["Properties"]["Parameters"]
    assert set(passed) <= set(nested)
    for name in passed:
        for bound in BOUNDS:
            assert root[name].get(bound) == nested[name].get(bound), (name, bound)
