"""The items that the mappings of the repository's own template let through, for every service."""

import pytest

from local.filters import passes
from local.template import EventSource, Template
from tests.support.domain import OWN

MAPPINGS = Template("t-").mappings()


def lets_through(source: EventSource, id: str, **attributes: dict[str, str]) -> bool:
    """Return whether an item of that id reaches the function."""
    image = {"id": {"S": id}, **attributes}
    return passes({"eventName": "INSERT", "dynamodb": {"NewImage": image}}, source.filters)


@pytest.mark.parametrize("service", OWN.services)
def test_the_projector_gets_every_aggregate_and_no_claim(service: str) -> None:
    """The projector gets every aggregate, even a broken one, and nothing that DynamoDB expires."""
    (source,) = (one for one in MAPPINGS if (one.function, one.table) == ("ProjectorFunction", f"t-{service}"))
    for aggregate in OWN.services[service].aggregates:
        assert lets_through(source, f"{aggregate.prefix}1", version={"N": "1"})
        assert lets_through(source, f"{aggregate.prefix}1", nonsense={"N": "1"})
    assert not lets_through(source, "claim#kind#1", owner={"S": "1"}, commit={"S": "x"})
    assert not lets_through(source, "claim#key#a#b", fingerprint={"S": "x"}, response={"S": "y"})
    assert not passes({"eventName": "REMOVE", "dynamodb": {"OldImage": {"id": {"S": "1"}}}}, source.filters)


@pytest.mark.parametrize("service", OWN.services)
def test_the_reactor_gets_what_a_policy_looks_at(service: str) -> None:
    """The reactor gets every aggregate whose id has the prefix of a policy, and no other."""
    policies = [one for each in OWN.services.values() for one in each.policies if one.source == service]
    sources = [one for one in MAPPINGS if (one.function, one.table) == ("ReactorFunction", f"t-{service}")]
    assert bool(sources) == bool(policies)
    for aggregate in OWN.services[service].aggregates if sources else ():
        looked_at = any(aggregate.prefix.startswith(policy.prefix) for policy in policies)
        assert lets_through(sources[0], f"{aggregate.prefix}1", version={"N": "1"}) is looked_at
