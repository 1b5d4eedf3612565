"""The words that the shop's services share in their requests and answers: ids, amounts, currencies.

The limits guarantee that the largest order fits into DynamoDB's 400 KB an item and that a sum of
amounts fits into a BIGINT: 1,000 lines x 1,000,000 pieces x 10^9 minor units < 2^63.
"""

from typing import Annotated

from msgspec import Meta

from chalicelib.core.fields import one_line, pattern

# The active codes of ISO 4217 (2024), without those of funds, metals and tests.
_CURRENCIES = tuple(
    """
    AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF
    CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG
    HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA
    MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD
    RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX
    USD UYU UZS VED VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG
    """.split()  # noqa: SIM905 - a list would take 150 lines
)

Sku = Annotated[
    str,
    pattern(
        r"^[A-Za-z0-9][A-Za-z0-9._-]*\Z",
        "letters, digits, '.', '_' and '-', starting with a letter or digit",
        max_length=64,
        examples=["85123A"],
    ),
]
CustomerId = Annotated[
    str,
    pattern(
        r"^cus_[0-9A-Za-z]{1,60}\Z",
        "'cus_' and letters or digits",
        max_length=64,
        examples=["cus_01JD2Q8N3XW7GK5T0V9M4R6B1C"],
    ),
]
OrderId = Annotated[
    str,
    pattern(
        r"^ord_[0-9A-Za-z]{1,60}\Z",
        "'ord_' and letters or digits",
        max_length=64,
        examples=["ord_01JD2Q8N3XW7GK5T0V9M4R6B1C"],
    ),
]
Country = Annotated[str, one_line(60)]
Reference = Annotated[
    str,
    pattern(
        r"^[A-Za-z0-9][A-Za-z0-9._/-]*\Z",
        "letters, digits, '.', '_', '/' and '-', starting with a letter or digit",
        min_length=1,
        max_length=64,
        examples=["536365"],
    ),
]
Currency = Annotated[
    str,
    pattern(rf"^({'|'.join(_CURRENCIES)})\Z", "a currency's code (ISO 4217)", max_length=3, examples=["GBP"]),
]
# The console shows an amount with the code that the member `currency` beside it holds.
_AMOUNT = {"x-tributary-money": "currency"}
MinorUnits = Annotated[
    int,
    Meta(
        ge=0,
        le=1_000_000_000,
        description="Minor units of the currency: pence, cents.",
        examples=[255],
        extra_json_schema=_AMOUNT,
    ),
]
Quantity = Annotated[int, Meta(ge=1, le=1_000_000, examples=[6])]
Money = Annotated[
    int,
    Meta(description="Minor units of the currency: pence, cents.", examples=[1530], extra_json_schema=_AMOUNT),
]
