"""The words of a text: those that a thing is found by, and those that somebody looks for.

One tokenizer for both sides, and no server's idea of what a letter is. A text is folded first: letter case and
compatibility forms as Unicode's compatibility caseless matching does it (so that NFC and NFD are the same); accents, as
Latin, Greek and Cyrillic letters have them, and characters that nobody sees are left out. A word is then a run of
letters, digits and the marks on them; all else separates. Words are looked for by their beginnings.

Scripts that put no blanks between words (Chinese, Japanese, Thai, Lao, Khmer, Burmese) are indexed at every letter of a
run, so that each part of a name is the beginning of one of its words.
"""

import re
from collections.abc import Iterator
from itertools import pairwise
from unicodedata import category, normalize

from chalicelib.core.unicode_classes import IGNORABLE, JOINER, VARIATION_SELECTOR

LONGEST_WORD = 64
"""Characters of a word that count; the width of the columns that hold words."""
LONGEST_TEXT = 256
"""Characters of a folded text that count. Folding may make one character into eighteen."""

# The combining accents of Latin, Greek and Cyrillic; what nobody sees.
_DROPPED = re.compile(f"[\u0300-\u036f{IGNORABLE}{JOINER}{VARIATION_SELECTOR}]")
# Thai and Lao, Burmese, Khmer, Japanese and Chinese, with their extensions.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\ua9e0-\ua9ff\uaa60-\uaa7f\u1780-\u17ff\u19e0-\u19ff"
    "\u3005-\u3007\u3021-\u3029\u3031-\u3035\u3038-\u30ff\u31f0-\u31ff\u3400-\u9fff\uf900-\ufaff"
    "\U00016fe0-\U00018dff\U0001aff0-\U0001b16f\U00020000-\U0003ffff]"
)


def words(*texts: str) -> list[str]:
    """The words that a thing with these texts is found by, each once, sorted.

    Of a text the first LONGEST_TEXT characters count, so that there are at most as many words; of a word the
    first LONGEST_WORD.
    """
    return sorted({word for text in texts for run in _runs(text) for word in _indexed(run)})


def beginnings(text: str) -> list[str]:
    """What the words of a thing have to begin with, each of these, for the thing to be what a person asks for.

    A beginning that another one begins with is left out, since it asks for nothing more. A thing's own text, or a part
    of it that begins where a word does, always asks for beginnings of the thing's words.
    """
    asked = sorted({part for run in _runs(text) for part in _asked(run)})
    return [one for one, following in pairwise([*asked, ""]) if not following.startswith(one)]


def _folded(text: str) -> str:
    """Unicode's compatibility caseless matching (D146 of chapter 3.13), less accents and what nobody sees."""
    for _ in range(2):
        text = normalize("NFKD", text).casefold()
    return normalize("NFC", _DROPPED.sub("", normalize("NFKD", text)))[:LONGEST_TEXT]


def _runs(text: str) -> Iterator[str]:
    """The runs of letters, digits and marks in a text, cut where scripts with and without blanks meet."""
    run, unspaced = "", False
    for character in _folded(text):
        kind = category(character)[0]
        if kind == "M":
            run += character if run else ""  # it belongs to the letter before it
            continue
        if run and (kind not in "LN" or bool(_UNSPACED.match(character)) != unspaced):
            yield run
            run = ""
        if kind in "LN":
            run, unspaced = run + character, bool(_UNSPACED.match(character))
    if run:
        yield run


def _indexed(run: str) -> Iterator[str]:
    """The words of a run: itself, or what begins at each of its letters."""
    starts = _letters(run) if _UNSPACED.match(run) else [0]
    return (run[start : start + LONGEST_WORD] for start in starts)


def _asked(run: str) -> Iterator[str]:
    """A run as beginnings: itself, or parts that each begin at one of its letters; none longer than a word."""
    begin = 0
    if _UNSPACED.match(run):
        for start, following in pairwise([*_letters(run), len(run)]):
            if following - begin > LONGEST_WORD and start > begin:
                yield run[begin:start][:LONGEST_WORD]
                begin = start
    yield run[begin : begin + LONGEST_WORD]


def _letters(run: str) -> list[int]:
    """Where its letters and digits are; the marks are between them."""
    return [place for place, character in enumerate(run) if category(character)[0] != "M"]
