"""The words of items and of searches: an item is always found by its own name."""

import re
import sys
from unicodedata import category, name, normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core.unicode_classes import IGNORABLE
from chalicelib.core.words import LONGEST_TEXT, LONGEST_WORD, _general_runs, _runs, beginnings, words

# A name in each of many scripts, including those in which a server and Python differ about letters.
NAMES = (
    "White hanging heart T-light holder",
    "Bé Vanha",
    "Crème brûlée",
    "Łódź Straße İstanbul ısık",
    "Αθήνα Ὀδυσσεύς",
    "Ёлка Йошкар-Ола",
    "ᲗᲑᲘᲚᲘᲡᲘ",
    "თბილისი",
    "Երևան",
    "ירושלים",
    "القاهرة",
    "می‌خواهم",
    "नमस्ते दुनिया",
    "মানুষ",
    "ਪੰਜਾਬ",
    "ગુજરાત",
    "ଓଡ଼ିଶା",
    "தமிழ்",
    "తెలుగు",
    "ಕನ್ನಡ",
    "മലയാളം",
    "സിൻഹളയും",
    "සිංහල",
    "กาแฟเย็น น้ำ",
    "ສະບາຍດີ",
    "བོད་ཡིག",
    "မြန်မာစာ",
    "ភាសាខ្មែរ",
    "አማርኛ",
    "ᏣᎳᎩ ꮳꮃꭹ",
    "ᓄᓇᕗᑦ",
    "ᠮᠣᠩᠭᠣᠯ",
    "한국어 서울",
    "東京都庁 第5回",
    "ガラス製品 ｶﾞﾗｽ",
    "麺𰻞 𠮷野家",
    "ꦗꦮ",
    "𞤀𞤣𞤤𞤢𞤥",
    "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 ＡＢＣ ﬁne ½ ⑤",
    "२०२६ ٢٠٢٦",
)
WORDY = st.text(st.characters(categories=("L", "M", "N", "Zs", "Cf", "Pd", "So")), min_size=1, max_size=200)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("WHITE HANGING T-LIGHT holder", ["hanging", "holder", "light", "t", "white"]),
        ("ada@example.com", ["ada", "com", "example"]),
        ("85123A under_score O'Neill", ["85123a", "neill", "o", "score", "under"]),
        ("Crème BRÛLÉE Straße İstanbul Łódź", ["brulee", "creme", "istanbul", "strasse", "łodz"]),
        ("Ｆｕｌｌ ﬁne", ["fine", "full"]),
        ("نَمَس", ["نَمَس"]),
        ("soft\u00adhyphen zero\u200dwidth", ["softhyphen", "zerowidth"]),
        ("cup😀saucer ❤\ufe0f", ["cup", "saucer"]),
        ("\u0301a \u0e31", ["a"]),
        ("x" * 70, ["x" * LONGEST_WORD]),
        ("東京都庁", ["京都庁", "庁", "東京都庁", "都庁"]),
        ("iPhone15ケース", ["iphone15", "ケース", "ース", "ス"]),
        ("\ud800a\x00b%c\\d", ["a", "b", "c", "d"]),
        ("😀 -- ", []),
        ("", []),
    ],
)
def test_words_of_a_thing(text: str, expected: list[str]) -> None:
    """Words are runs of letters, digits and marks, folded. Scripts without spaces have each part to the run's end."""
    assert words(text) == sorted(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("glass HOLD", ["glass", "hold"]),
        ("cus cust custo custom custome customer thi thin thing sku", ["customer", "sku", "thing"]),
        ("glass Glass GLASS", ["glass"]),
        ("東京都庁", ["東京都庁"]),
        ("京都", ["京都"]),
        ("50% off_", ["50", "off"]),
        ("-+*", []),
    ],
)
def test_what_is_asked_for(text: str, expected: list[str]) -> None:
    """A beginning of another word in the search adds nothing."""
    assert beginnings(text) == expected


def found(text: str, by: str) -> bool:
    """Return whether an item with that text is found by another text. A text without words finds nothing."""
    asked = beginnings(by)
    return bool(asked) and all(any(word.startswith(one) for word in words(text)) for one in asked)


FORMS = ("NFC", "NFD", "NFKC", "NFKD")


@pytest.mark.parametrize("text", NAMES)
def test_a_thing_is_found_by_its_own_name(text: str) -> None:
    """The name is typed in any normal form and case, and in each part between spaces."""
    for form in FORMS:
        for stored in FORMS:
            typed = normalize(form, text)
            assert found(normalize(stored, text), typed)
            assert found(normalize(stored, text), typed.casefold())
    for part in text.split():
        assert found(text, part)


@given(WORDY | st.lists(st.sampled_from(NAMES), max_size=9).map(" ".join))
def test_any_name_finds_its_own(text: str) -> None:
    """Every name finds its item, in any normal form, unless it has no letter and no digit."""
    for form in FORMS:
        typed = normalize(form, text)
        assert found(text, typed) or not beginnings(typed)
    if not beginnings(text):
        assert not has_letter(text)


@given(st.lists(st.sampled_from("東京都庁กาแฟเย็မြန်မာភាសា"), min_size=1, max_size=200).map("".join), st.data())
def test_any_part_of_a_name_without_blanks(text: str, data: st.DataObject) -> None:
    """Any part that begins at a letter finds the item, however long both are."""
    letters = [place for place, character in enumerate(text) if category(character)[0] == "L"]
    if letters:
        start = data.draw(st.sampled_from(letters))
        assert found(text, text[start : data.draw(st.integers(start + 1, len(text)))])


@given(st.text(max_size=300) | st.text("㍿ﷺ㌀ a", max_size=300))
def test_how_many_and_how_long(text: str) -> None:
    """Words are limited in number and length, and have no special characters of LIKE or a column."""
    made = words(text, text)
    assert len(made) <= LONGEST_TEXT
    assert made == sorted(set(made))
    for word in [*made, *beginnings(text)]:
        assert 0 < len(word) <= LONGEST_WORD
        assert not re.search(r"[\s%_\\\"']", word)
        assert category(word[0])[0] in "LN"


def test_every_letter_of_unicode_is_one_here() -> None:
    """Every letter or digit of any script finds its name, except those that only represent marks."""
    many = ("CJK UNIFIED", "HANGUL SYLLABLE", "TANGUT", "EGYPTIAN", "CUNEIFORM")  # 120,000 that are all alike
    letters = [
        character
        for character in map(chr, range(sys.maxunicode + 1))
        if category(character)[0] in "LN" and not name(character, "").startswith(many)
    ]
    assert [character for character in letters if beginnings(character) and not found(character, character)] == []
    assert [character for character in letters if not beginnings(character) and has_letter(character)] == []


def has_letter(text: str) -> bool:
    """Return whether a person sees a letter or a digit in it. Some of Unicode's letters are a space and a mark."""
    seen = re.sub(f"[{IGNORABLE}]", "", normalize("NFKD", text))
    return any(category(character)[0] in "LN" for character in seen)


@given(st.text(st.characters(max_codepoint=127), max_size=2 * LONGEST_TEXT))
def test_ascii_takes_a_shorter_way_to_the_same(text: str) -> None:
    """A text without letters beyond ASCII has the same words as by the general way."""
    assert list(_runs(text)) == list(_general_runs(text))
