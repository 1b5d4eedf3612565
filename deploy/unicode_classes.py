"""Generate chalicelib/core/unicode_classes.py from the Unicode data: `python -m deploy.unicode_classes`.

Python's own `unicodedata` does not know Default_Ignorable_Code_Point. The packages that know it do not ship.
"""

import re
from importlib.metadata import version
from pathlib import Path

import regex
import unicodedata2

TARGET = Path(__file__).parent.parent / "chalicelib" / "core" / "unicode_classes.py"
_HEAD = '''"""Sets of Unicode characters, each as the inside of a regular expression's character class.

Made by `python -m deploy.unicode_classes` from {sources}; do not edit.
"""

'''
_WIDTH = 100
_CHARACTERS = [chr(point) for point in range(0x110000)]
CLASSES = {
    "CONTROL": (
        r"[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]",
        "Controls, NUL among them, Unicode's own line breaks, and lone surrogates.",
    ),
    "JOINER": (r"\p{Join_Control}", "ZWNJ and ZWJ, by which scripts and emoji put characters together."),
    "VARIATION_SELECTOR": (r"\p{Variation_Selector}", "What picks a glyph for the character before it."),
    "FORMAT": (
        r"[\p{Cf}--\p{Default_Ignorable_Code_Point}--\p{Prepended_Concatenation_Mark}]",
        "What arranges text and shows nothing itself: interlinear annotations, the controls of hieroglyphs.",
    ),
    "IGNORABLE": (
        r"[\p{Default_Ignorable_Code_Point}--\p{Join_Control}--\p{Variation_Selector}]",
        "The other default-ignorable code points, which no line of text needs: fillers, soft hyphens, directions.",
    ),
}


def generate() -> str:
    """Return the text of the module."""
    sources = " and ".join(f"{name} {version(name)}" for name in ("regex", "unicodedata2"))
    text = _HEAD.format(sources=sources)
    for name, (pattern, words) in CLASSES.items():
        found = regex.compile(pattern, regex.V1)
        text += _constant(name, [character for character in _CHARACTERS if found.fullmatch(character)], words)
    # No property identifies the symbols and letters whose glyph is empty, but their names do.
    blank = [c for c in _CHARACTERS if re.search(r" BLANK$| NULL NOTEHEAD$", unicodedata2.name(c, ""))]
    return text + _constant("BLANK", blank, "Symbols and letters whose glyph is empty, such as U+2800.")


def _constant(name: str, characters: list[str], words: str) -> str:
    lines, line = [], ""
    for part in _ranges(characters):
        if len(line) + len(part) > _WIDTH:
            lines.append(line)
            line = ""
        line += part
    quoted = [f'"{line}"' for line in (*lines, line)]
    value = quoted[0] if len(quoted) == 1 else "(\n    " + "\n    ".join(quoted) + "\n)"
    return f'{name} = {value}\n"""{words}"""\n'


def _ranges(characters: list[str]) -> list[str]:
    """Return the characters as ranges, in order."""
    ranges: list[list[str]] = []
    for character in characters:
        if ranges and ord(ranges[-1][1]) + 1 == ord(character):
            ranges[-1][1] = character
        else:
            ranges.append([character, character])
    return [_escaped(first) if first == last else f"{_escaped(first)}-{_escaped(last)}" for first, last in ranges]


def _escaped(character: str) -> str:
    """Return a character for a pattern's string: a regular expression's escape, or itself above U+FFFF."""
    point = ord(character)
    return f"\\\\u{point:04x}" if point < 0x10000 else f"\\U{point:08x}"


if __name__ == "__main__":
    TARGET.write_text(generate(), encoding="utf-8")
