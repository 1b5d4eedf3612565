"""The shop's own settings are checked, with clear messages."""

import pytest

from chalicelib.core.settings import BadSettings
from chalicelib.customers.settings import default_currency


def test_the_default_currency(monkeypatch: pytest.MonkeyPatch) -> None:
    """The default is pounds, unless the deployment sets another currency."""
    monkeypatch.delenv("DEFAULT_CURRENCY", raising=False)
    assert default_currency() == "GBP"
    monkeypatch.setenv("DEFAULT_CURRENCY", "EUR")
    assert default_currency() == "EUR"


@pytest.mark.parametrize("code", ["gbp", "XXX", "", "EURO"])
def test_a_currency_that_is_none(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    """The message names the variable, its allowed values and its value."""
    monkeypatch.setenv("DEFAULT_CURRENCY", code)
    with pytest.raises(BadSettings, match=rf"DEFAULT_CURRENCY must .*, not '{code}'.*|ISO 4217"):
        default_currency()
