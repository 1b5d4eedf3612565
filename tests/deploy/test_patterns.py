"""The filters of the mappings by EventBridge's rules, compared with the local stack's filters."""

import json
import subprocess
from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import pytest

from local.filters import passes
from local.template import Template
from tests.deploy.lambdas import ROOT, tool
from tests.deploy.test_template import RECORDS
from tests.support.waiting import PATIENT_SECONDS

pytestmark = [pytest.mark.end_to_end, pytest.mark.slow]


def by_the_rules(patterns: Sequence[Any], records: Sequence[Any]) -> list[list[bool]]:
    """Return for each pattern whether each record matches. A pattern that AWS would refuse fails the test."""
    python = tool("python", ".venv-patterns")
    if not python:
        pytest.skip("no .venv-patterns; run `make deploy-tools`")
    question = json.dumps({"patterns": [json.dumps(pattern) for pattern in patterns], "records": records})
    command = [python, ROOT / "tests/deploy/event_patterns.py"]
    done = subprocess.run(command, input=question, capture_output=True, text=True, timeout=PATIENT_SECONDS, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert not [reason for reason in found if isinstance(reason, str)]
    return list(found)


def item(**attributes: Mapping[str, str]) -> dict[str, Any]:
    """Return a record whose new image has these attributes."""
    return {"dynamodb": {"NewImage": attributes}}


AGGREGATE, CLAIM, KEY, REMOVED = (
    item(id={"S": "acc_1"}, version={"N": "1"}),
    item(id={"S": "claim#name#ada"}, owner={"S": "acc_1"}),
    item(id={"S": "claim#key#x"}, fingerprint={"S": "x"}),
    {"dynamodb": {"OldImage": {"id": {"S": "acc_1"}, "version": {"N": "1"}}}},
)


def test_mappings_filter_by_the_rules() -> None:
    """Aggregates pass, or only those of a policy's prefix if it has one. Claims, keys and removals do not pass."""
    sources = Template("tributary-").mappings()
    patterns = [pattern for source in sources for pattern in source.filters]
    for pattern, (passed, *dropped) in zip(
        patterns, by_the_rules(patterns, [AGGREGATE, CLAIM, KEY, REMOVED]), strict=True
    ):
        prefixed = "prefix" in json.dumps(pattern)
        assert passed is not prefixed, pattern
        assert not any(dropped), pattern


def test_the_local_stack_filters_by_the_same_rules() -> None:
    """For every sample record and every pattern, the local stack's filter and the rules agree."""
    leaves: list[Any] = [
        {"exists": True}, {"exists": False}, {"prefix": "ac"}, {"anything-but": ["acc_1"]}, "acc_1",
    ]  # fmt: skip
    shapes = [
        {"dynamodb": {"NewImage": {name: {"S": [leaf, *more]}}}}
        for name, leaf, more in product(("id", "owner", "absent"), leaves, ([], [{"prefix": "res#"}]))
    ]
    shapes += [{"dynamodb": {"NewImage": {name: [leaf]}}} for name, leaf in product(("owner", "absent"), leaves[:2])]
    patterns = [*shapes, *(pattern for source in Template("tributary-").mappings() for pattern in source.filters)]
    records = [AGGREGATE, CLAIM, KEY, REMOVED, *RECORDS]
    for pattern, expected in zip(patterns, by_the_rules(patterns, records), strict=True):
        assert [passes(record, [pattern]) for record in records] == expected, pattern
