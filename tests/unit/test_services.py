"""The services beside each other: what one of them must not do because of the others."""

from collections import Counter
from importlib import import_module

from chalicelib.bootstrap import SERVICES
from chalicelib.core.decider import Event


def test_an_events_name_tells_whose_it_is() -> None:
    """No two services have an event of one name: an order's timeline shows several services' events together."""
    domains = [import_module(f"chalicelib.{service}.domain") for service in SERVICES]
    names = Counter(
        name
        for domain in domains
        for name, kind in vars(domain).items()
        if isinstance(kind, type) and issubclass(kind, Event) and kind is not Event
    )
    assert "OrderShipped" in names
    assert [name for name, count in names.items() if count > 1] == []
