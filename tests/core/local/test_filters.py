"""The event patterns of an event source mapping."""

from typing import Any

import pytest

from local import LocalError
from local.filters import passes
from local.template import EventSource, Template
from tests.support.domain import NEUTRAL

RECORD = {"eventName": "INSERT", "dynamodb": {"NewImage": {"id": {"S": "claim#name#a"}, "n": {"N": "3"}}}}


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ({"eventName": ["INSERT"]}, True),
        ({"eventName": ["MODIFY", "INSERT"]}, True),
        ({"eventName": ["REMOVE"]}, False),
        ({"eventName": [{"anything-but": ["INSERT"]}]}, False),
        ({"eventName": [{"anything-but": "REMOVE"}]}, True),
        ({"dynamodb": {"NewImage": {"id": {"S": [{"prefix": "claim#"}]}}}}, True),
        ({"dynamodb": {"NewImage": {"id": {"S": [{"prefix": "tra_"}]}}}}, False),
        ({"dynamodb": {"NewImage": {"owner": {"S": [{"exists": False}]}}}}, True),
        ({"dynamodb": {"NewImage": {"id": {"S": [{"exists": True}]}}}}, True),
        ({"dynamodb": {"NewImage": {"id": [{"exists": True}]}}}, False),
        ({"eventName": ["INSERT"], "dynamodb": {"NewImage": {"n": {"N": ["4"]}}}}, False),
    ],
)
def test_pattern(pattern: dict[str, Any], expected: bool) -> None:
    """All parts of a pattern must match, and of each list one alternative. `exists` applies only to leaves."""
    assert passes(RECORD, [pattern]) is expected


def test_patterns_are_alternatives_and_none_lets_all_through() -> None:
    """One of several patterns is enough. Without a pattern, there is no filter."""
    assert passes(RECORD, [{"eventName": ["REMOVE"]}, {"eventName": ["INSERT"]}])
    assert passes(RECORD, [])


def test_unknown_rule_is_refused_by_name() -> None:
    """A rule that the local stack does not know is refused, and does not count as no match."""
    with pytest.raises(LocalError, match="numeric"):
        passes(RECORD, [{"dynamodb": {"NewImage": {"n": {"N": [{"numeric": [">", 1]}]}}}}])


def mappings(function: str) -> list[EventSource]:
    """Return the filters of a function."""
    return [source for source in Template("t-", NEUTRAL.template).mappings() if source.function == function]


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ({"id": {"S": "tra_1"}, "version": {"N": "1"}}, True),
        ({"id": {"S": "hold#tra_1"}, "version": {"N": "1"}}, True),
        ({"id": {"S": "tra_1"}, "nonsense": {"N": "1"}}, True),
        ({"id": {"S": "claim#name#a"}, "owner": {"S": "A"}, "commit": {"S": "x"}}, False),
        ({"id": {"S": "claim#key#a#b"}, "fingerprint": {"S": "x"}, "response": {"S": "y"}}, False),
    ],
)
def test_template_drops_claims_and_nothing_else(image: dict[str, Any], expected: bool) -> None:
    """The projector's mappings let every aggregate through, even a broken one, and no claim."""
    for source in mappings("ProjectorFunction"):
        assert passes({"eventName": "INSERT", "dynamodb": {"NewImage": image}}, source.filters) is expected


def test_template_drops_removals() -> None:
    """The removal of an expired item reaches no function."""
    for source in mappings("ProjectorFunction") + mappings("ReactorFunction"):
        assert not passes({"eventName": "REMOVE", "dynamodb": {"OldImage": {"id": {"S": "tra_1"}}}}, source.filters)


@pytest.mark.parametrize(
    ("service", "id", "expected"),
    [("accounts", "hold#tra_1", True), ("accounts", "A-1", False), ("transfers", "tra_1", True)],
)
def test_template_gives_the_reactor_what_asks_for_anything(service: str, id: str, expected: bool) -> None:
    """The reactor gets transfers and holds, and never an account."""
    (source,) = (one for one in mappings("ReactorFunction") if one.table == f"t-{service}")
    image = {"id": {"S": id}, "version": {"N": "1"}}
    assert passes({"eventName": "INSERT", "dynamodb": {"NewImage": image}}, source.filters) is expected
