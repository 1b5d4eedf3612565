"""The words of a text: those by which an aggregate is found, and those that a search looks for.

Both use the same tokenizer, so no server decides what a letter is. First the text is folded by Unicode's compatibility
caseless matching, after which NFC and NFD are equal. The accents of Latin, Greek and Cyrillic letters and invisible
characters are removed. A word is then a run of letters, digits and their marks; every other character separates words.
A search matches the beginning of a word.

Some scripts put no blanks between words (Chinese, Japanese, Thai, Lao, Khmer, Burmese). In these, a word begins at
every letter of a run, so that a search finds each part of a name.
"""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import pairwise
from unicodedata import category, normalize

from chalicelib.core.unicode_classes import IGNORABLE, JOINER, VARIATION_SELECTOR

LONGEST_WORD = 64
"""The number of characters of a word that count, which is the width of the columns for words."""
LONGEST_TEXT = 256
"""The number of characters of a folded text that count. Folding may turn one character into eighteen."""

# The combining accents of Latin, Greek and Cyrillic; what nobody sees.
_DROPPED = f"[\u0300-\u036f{IGNORABLE}{JOINER}{VARIATION_SELECTOR}]"
_ASCII_RUN = re.compile("[a-z0-9]+")
# Thai and Lao, Burmese, Khmer, Japanese and Chinese, with their extensions.
_UNSPACED = (
    "[\u0e00-\u0eff\u1000-\u109f\ua9e0-\ua9ff\uaa60-\uaa7f\u1780-\u17ff\u19e0-\u19ff"
    "\u3005-\u3007\u3021-\u3029\u3031-\u3035\u3038-\u30ff\u31f0-\u31ff\u3400-\u9fff\uf900-\ufaff"
    "\U00016fe0-\U00018dff\U0001aff0-\U0001b16f\U00020000-\U0003ffff]"
)


@cache
def _unspaced() -> re.Pattern[str]:
    return re.compile(_UNSPACED)  # 2 ms, on first use: most processes meet only ASCII


def words(*texts: str) -> list[str]:
    """The words by which an aggregate with these texts is found, each once, sorted.

    The first LONGEST_TEXT characters of each text count, which also bounds the number of words, and the first
    LONGEST_WORD characters of each word.
    """
    return sorted({word for text in texts for run in _runs(text) for word in _indexed(run)})


def beginnings(text: str) -> list[str]:
    """The beginnings that a search text asks for. An aggregate matches if it has a word for each of them.

    A beginning is left out if another one begins with it, since it adds no condition. An aggregate is always found by
    its own text, and by any part of it that begins at a word.
    """
    asked = sorted({part for run in _runs(text) for part in _asked(run)})
    return [one for one, following in pairwise([*asked, ""]) if not following.startswith(one)]


def _folded(text: str) -> str:
    """Unicode's compatibility caseless matching (chapter 3.13, D146), without accents and invisible characters."""
    for _ in range(2):
        text = normalize("NFKD", text).casefold()
    return normalize("NFC", re.sub(_DROPPED, "", normalize("NFKD", text)))[:LONGEST_TEXT]


def _runs(text: str) -> Iterable[str]:
    """The runs of letters, digits and marks in a text. A run ends where a script with blanks meets one without."""
    if text.isascii():  # the general way comes to the same, and takes ten times as long
        return _ASCII_RUN.findall(text[:LONGEST_TEXT].lower())
    return _general_runs(text)


def _is_unspaced(text: str) -> bool:
    """Whether a text begins with a letter of a script without blanks."""
    return not text.isascii() and _unspaced().match(text) is not None


def _general_runs(text: str) -> Iterator[str]:
    run, unspaced = "", False
    for character in _folded(text):
        kind = category(character)[0]
        if kind == "M":
            run += character if run else ""  # it belongs to the letter before it
            continue
        if run and (kind not in "LN" or _is_unspaced(character) != unspaced):
            yield run
            run = ""
        if kind in "LN":
            run, unspaced = run + character, _is_unspaced(character)
    if run:
        yield run


def _indexed(run: str) -> Iterator[str]:
    """The words of a run: the run itself, or in scripts without blanks the rest of the run from each letter on."""
    starts = _letters(run) if _is_unspaced(run) else [0]
    return (run[start : start + LONGEST_WORD] for start in starts)


def _asked(run: str) -> Iterator[str]:
    """The beginnings that a run asks for: the run itself, or parts of it, none longer than a word."""
    begin = 0
    if _is_unspaced(run):
        for start, following in pairwise([*_letters(run), len(run)]):
            if following - begin > LONGEST_WORD and start > begin:
                yield run[begin:start][:LONGEST_WORD]
                begin = start
    yield run[begin : begin + LONGEST_WORD]


def _letters(run: str) -> list[int]:
    """The positions of the letters and digits of a run. Marks stand between them."""
    return [place for place, character in enumerate(run) if category(character)[0] != "M"]
