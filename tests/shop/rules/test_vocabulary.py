"""The shop's field types."""

import pytest

from chalicelib.catalog.bodies import NewProduct
from chalicelib.core.errors import Invalid
from chalicelib.core.http.validation import check_body


@pytest.mark.parametrize("code", ["gbp", "ZZZ", "GBPX", "", "€"])
def test_currencies(code: str) -> None:
    """A currency is one of ISO 4217."""
    with pytest.raises(Invalid) as caught:
        check_body({"sku": "A", "name": "x", "price": 1, "currency": code}, NewProduct)
    assert [fault.pointer for fault in caught.value.faults] == ["/currency"]
