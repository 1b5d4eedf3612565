"""The engine knows no shop: none of the example's words is in its code, its docstrings, its comments or its pages."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from local import ROOT

ENGINE = [ROOT / "chalicelib/core", ROOT / "deploy", ROOT / "local", ROOT / "ops"]
# Words of SQL, and targets and pages that tell people about the example.
OTHERS = ("deploy/new_service/reserved.py", "deploy/engine.mk", "deploy/new_project")
WORDS = {
    "order", "customer", "sku", "catalog", "catalogue", "inventory", "currency", "staff", "product", "price", "stock",
    "reservation", "shop", "invoice", "sale", "shipment", "ord", "cus",  # the last two begin its ids
}  # fmt: skip
# Phrases of everyday English and SQL that are allowed in every file.
EVERYDAY = re.compile(
    r"order[ _]by"
    r"|in (?:the same|this|that|any|its|their|no certain|which|what)? ?order\b"
    r"|the order (?:of|in which|in the)\b"
    r"|in the order:|\bord\("
    r'|style: "currency", currency\b',  # an option of Intl.NumberFormat
    re.IGNORECASE,
)
_READ = (".py", ".sql", ".html", ".js", ".css", ".sh", ".yaml", ".yml", ".mk", ".txt", ".json", ".toml")
# The words of a line, including those in snake_case and CamelCase.
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


def singular(word: str) -> str:
    """Return a word in lower case and in the singular: "currencies" is "currency"."""
    small = word.lower()
    return f"{small[:-3]}y" if small.endswith("ies") else small.removesuffix("s")


def shop_words(text: str) -> list[str]:
    """Return the example's words in a text."""
    left = EVERYDAY.sub("", text)
    return [word for word in _WORD.findall(left) if {singular(word), word.lower()} & WORDS]


def lines(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield every line that ships, with its place."""
    for path in sorted(folder.rglob("*")):
        others = any(path.is_relative_to(ROOT / other) for other in OTHERS)
        if path.suffix in _READ and not others and "vendor" not in path.parts:  # what others wrote
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
                yield f"{path.relative_to(ROOT)}:{number}", line


def test_the_engine_has_none() -> None:
    """A failure names the place of each word, so that it can be replaced by a neutral word."""
    assert {where: found for folder in ENGINE for where, line in lines(folder) if (found := shop_words(line))} == {}


@pytest.mark.parametrize(
    "text",
    [
        "the order is confirmed",
        "OrderId",
        "orders.place",
        "ord_1",
        "default_currency",
        "SKUS",
        "of customers'",
        "prices",
    ],
)
def test_what_is_found(text: str) -> None:
    """Words are found in singular and plural, in any case, and inside names."""
    assert len(shop_words(text)) == 1


@pytest.mark.parametrize(
    "text",
    ["ORDER BY id", "sort.order_by", "in the order of their keys", "in any order", "border", "production", "reordered",
     "the order in which it came", "in no certain order", "apply them in order"],
)  # fmt: skip
def test_what_is_everyday(text: str) -> None:
    """Words about sequence are allowed, and a part of a longer word does not count."""
    assert shop_words(text) == []
