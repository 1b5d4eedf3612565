"""Text of clients: visible characters are kept as they are, invisible ones are refused."""

import re
import unicodedata

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chalicelib.core import unicode_classes
from chalicelib.core.fields import Email, Name, Subject


def fits(text: str, kind: object) -> bool:
    """Return whether a field of that type accepts the text."""
    try:
        msgspec.convert(text, kind)
    except msgspec.ValidationError:
        return False
    return True


@pytest.mark.parametrize(
    "name",
    [
        "Ada",
        "René O'Neill-Ñ",
        "Ada 🦀👩‍🚀 Ⅻ",  # an astronaut is joined by a ZWJ
        "❤️",  # ends in a variation selector
        "葛\U000e0100城",  # an ideographic variant
        "می‌خواهم",  # Persian, with a ZWNJ
        "ශ්‍රී",  # Sinhala, with a ZWJ
        "ကျော်",
        "ქართული",
        "李小龍",
        "⠇⠕⠧⠑ ⠍",
        "́x",  # a mark first: unusual, but visible
    ],
)
def test_names(name: str) -> None:
    """Names of any script are accepted, with characters that join others inside."""
    assert fits(name, Name)


@pytest.mark.parametrize(
    "name",
    ["\u00ad", "\u3164", "\u2800", "\u200d", "\ufe0f", "\u115f", "\u00a0", "\u2060", "🏴\U000e0067", "\ufff9"],
)
def test_names_that_cannot_be_seen(name: str) -> None:
    """Soft hyphens, fillers, spaces, joiners, tags and annotations are refused, alone and in other text."""
    assert not fits(name, Name)
    assert not fits(f"{name}Ada", Name)
    inside = "\u2800\u200d\ufe0f\u00a0\ufff9"
    assert fits(f"A{name}da", Name) is (name in inside)
    assert fits(f"Ada{name}", Name) is (name == "\ufe0f")


@given(st.text(min_size=1, max_size=50))
@example("\U000e0001x")
def test_whatever_is_taken_can_be_seen(text: str) -> None:
    """No accepted name is without a visible character, has a control character, or is trimmed to another."""
    if fits(text, Name):
        assert text == text.strip()
        assert any(unicodedata.category(character)[0] in "LMNPS" or character > "\u0fff" for character in text)
        assert not any(unicodedata.category(character) == "Cc" for character in text)


@pytest.mark.parametrize(
    "hidden",
    ["\u2060", "\u00ad", "\u200d", "\u200c", "\ufe0f", "\u2800", "\u3164", " ", "\x00", "\ufff9", "\U00013430"],
)
def test_addresses_that_look_alike(hidden: str) -> None:
    """An e-mail address has nothing invisible, so that two that look alike are equal."""
    for address in (f"a{hidden}da@example.com", f"ada@exa{hidden}mple.com", f"ada@example.c{hidden}om"):
        assert not fits(address, Email)


@pytest.mark.parametrize("subject", ["", " ada", "ada ", "a\nb", "\x00", "x" * 129, "\u2060", "ada\u200b", "\ud800"])
def test_subjects(subject: str) -> None:
    """A token's subject is visible text, in any form of the issuer."""
    assert not fits(subject, Subject)
    assert fits("auth0|5f7c8ec7c33c6c004bbafe82", Subject)


def test_table_is_current() -> None:
    """The table equals the script's output for the installed data."""
    pytest.importorskip("regex", reason="requirements-dev.txt is newer than .venv: call make setup")
    from deploy.unicode_classes import TARGET, generate

    assert generate() == TARGET.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["CONTROL", "IGNORABLE", "JOINER", "VARIATION_SELECTOR", "FORMAT", "BLANK"])
def test_table_agrees_with_python(name: str) -> None:
    """Python's own data agrees: the characters are controls, formats or fillers, and have no glyph."""
    found = re.compile(f"[{getattr(unicode_classes, name)}]")
    categories = {unicodedata.category(chr(point)) for point in range(0x110000) if found.match(chr(point))}
    expected = {
        "CONTROL": {"Cc", "Cs", "Zl", "Zp"},
        "IGNORABLE": {"Cf", "Lo", "Mn", "Cn"},
        "JOINER": {"Cf"},
        "FORMAT": {"Cf", "Cn"},
        "VARIATION_SELECTOR": {"Mn", "Cn"},  # Python 3.11 does not know the newest characters
        "BLANK": {"So", "Lo", "Cn"},
    }
    assert categories <= expected[name]
