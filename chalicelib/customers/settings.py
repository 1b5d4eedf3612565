"""The customers' own settings; those of the deployment are in core/settings.py."""

import os
from functools import lru_cache

import msgspec

from chalicelib.core.settings import BadSettings
from chalicelib.vocabulary import Currency


@lru_cache(maxsize=1)
def default_currency() -> str:
    """DEFAULT_CURRENCY: what the list of customers shows and sorts by where no currency is asked for.

    Raises:
        BadSettings: it is no currency.
    """
    code = os.environ.get("DEFAULT_CURRENCY", "GBP")
    try:
        return msgspec.convert(code, Currency)
    except msgspec.ValidationError as error:
        raise BadSettings(f"DEFAULT_CURRENCY must be a code of ISO 4217, such as GBP, not {code!r}") from error
