"""The orders' own settings; those of the deployment are in core/settings.py."""

from chalicelib.core.settings import Setting

MAX_PIECES = Setting(
    "MAX_PIECES",
    default="1000",
    pattern="[1-9][0-9]{0,8}",
    description="The most pieces, over all lines, that a customer may order at once. Staff may order more.",
    functions=("commands",),
)


def max_pieces() -> int:
    """Return the largest number of pieces in an order that a customer places.

    Raises:
        BadSettings: MAX_PIECES is not a valid number.
    """
    return int(MAX_PIECES.value())
