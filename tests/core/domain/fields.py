"""The field types of the domain, each with its limits."""

from typing import Annotated

from msgspec import Meta

_CODE = Meta(
    pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*\Z",
    extra={"expected": "letters, digits, '.', '_' and '-', starting with a letter or digit"},
    min_length=1,
    max_length=64,
    examples=["N-1"],
)
# By this mark, the console knows that a value is an account's number.
Number = Annotated[str, Meta(extra_json_schema={"x-tributary-id": "account"}), _CODE]
Reference = Annotated[str, _CODE]
TransferId = Annotated[
    str,
    Meta(
        pattern=r"^tra_[0-9A-Za-z]{1,60}\Z",
        extra={"expected": "'tra_' and letters or digits"},
        max_length=64,
        examples=["tra_01JD2Q8N3XW7GK5T0V9M4R6B1C"],
    ),
]
Owner = Annotated[
    str,
    Meta(
        pattern=r"^[0-9A-Za-z_]{1,64}\Z",
        extra={"expected": "up to 64 letters, digits or '_'"},
        max_length=64,
        examples=["usr_1"],
    ),
]
Amount = Annotated[int, Meta(ge=1, le=1_000_000_000, examples=[250])]
Change = Annotated[int, Meta(ge=-1_000_000_000, le=1_000_000_000, examples=[-250])]
