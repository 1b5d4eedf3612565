"""The shop's own settings, checked with clear words."""

import pytest

from chalicelib.core.settings import BadSettings
from chalicelib.customers.settings import default_currency


def test_the_default_currency(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pounds, unless the deployment says otherwise."""
    monkeypatch.delenv("DEFAULT_CURRENCY", raising=False)
    assert default_currency() == "GBP"
    monkeypatch.setenv("DEFAULT_CURRENCY", "EUR")
    assert default_currency() == "EUR"


@pytest.mark.parametrize("code", ["gbp", "XXX", "", "EURO"])
def test_a_currency_that_is_none(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    """The message names the variable, what it may hold and what it holds."""
    monkeypatch.setenv("DEFAULT_CURRENCY", code)
    with pytest.raises(BadSettings, match=rf"DEFAULT_CURRENCY must .*, not '{code}'.*|ISO 4217"):
        default_currency()
