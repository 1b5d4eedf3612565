"""Sets of Unicode characters, each as the inside of a regular expression's character class.

Made by `python -m deploy.unicode_classes` from regex 2026.11.19 and unicodedata2 18.0.0; do not edit.
"""

CONTROL = "\\u0000-\\u001f\\u007f-\\u009f\\u2028-\\u2029\\ud800-\\udfff"
"""Controls, NUL among them, Unicode's own line breaks, and lone surrogates."""
JOINER = "\\u200c-\\u200d"
"""ZWNJ and ZWJ, by which scripts and emoji put characters together."""
VARIATION_SELECTOR = "\\u180b-\\u180d\\u180f\\ufe00-\\ufe0f\U000e0100-\U000e01ef"
"""What picks a glyph for the character before it."""
FORMAT = "\\ufff9-\\ufffb\U00013430-\U0001343f"
"""What arranges text and shows nothing itself: interlinear annotations, the controls of hieroglyphs."""
IGNORABLE = (
    "\\u00ad\\u034f\\u061c\\u115f-\\u1160\\u17b4-\\u17b5\\u180e\\u200b\\u200e-\\u200f\\u202a-\\u202e"
    "\\u2060-\\u206f\\u3164\\ufeff\\uffa0\\ufff0-\\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e00ff\U000e01f0-\U000e0fff"
)
"""The other default-ignorable code points, which no line of text needs: fillers, soft hyphens, directions."""
BLANK = "\\u2800\U00013441-\U00013442\U0001d159"
"""Symbols and letters whose glyph is empty, such as U+2800."""
