"""The customers' own settings; those of the deployment are in core/settings.py."""

import msgspec

from chalicelib.core.settings import BadSettings, Setting
from chalicelib.vocabulary import Currency

DEFAULT_CURRENCY = Setting(
    "DEFAULT_CURRENCY",
    default="GBP",
    pattern="[A-Z]{3}",
    description="The currency (ISO 4217) of customers' orders in GET /customers where the request names none.",
    functions=("queries",),
)


def default_currency() -> str:
    """What the list of customers shows and sorts by where no currency is asked for.

    Raises:
        BadSettings: DEFAULT_CURRENCY is no currency.
    """
    code = DEFAULT_CURRENCY.value()
    try:
        return msgspec.convert(code, Currency)
    except msgspec.ValidationError as error:
        raise BadSettings(f"DEFAULT_CURRENCY must be a code of ISO 4217, such as GBP, not {code!r}") from error
