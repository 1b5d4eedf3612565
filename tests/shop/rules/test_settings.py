"""The shop's own settings, checked with clear words."""

from collections.abc import Iterator

import pytest

from chalicelib.core.settings import BadSettings
from chalicelib.customers.settings import default_currency


@pytest.fixture(autouse=True)
def _read_anew() -> Iterator[None]:
    """The setting is read once a process; here once a test."""
    default_currency.cache_clear()
    yield
    default_currency.cache_clear()


def test_the_default_currency(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pounds, unless the deployment says otherwise."""
    monkeypatch.delenv("DEFAULT_CURRENCY", raising=False)
    assert default_currency() == "GBP"
    default_currency.cache_clear()
    monkeypatch.setenv("DEFAULT_CURRENCY", "EUR")
    assert default_currency() == "EUR"


@pytest.mark.parametrize("code", ["gbp", "XXX", "", "EURO"])
def test_a_currency_that_is_none(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    """The message names the variable, what it may hold and what it holds."""
    monkeypatch.setenv("DEFAULT_CURRENCY", code)
    with pytest.raises(BadSettings, match=f"DEFAULT_CURRENCY must be a code of ISO 4217, such as GBP, not '{code}'"):
        default_currency()
