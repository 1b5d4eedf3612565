"""From what a person types to a full-text search that InnoDB can answer.

Every word is required and matches by its beginning: "glass hold" finds GLASS HOLDER. InnoDB's parser cuts
text at whatever is not a letter, a digit or '_', and does not index words that are short, long or very
common; to require one of those would find nothing, so they are left out. What boolean mode takes for
operators (+ - < > ( ) ~ * " @) is cut away with the other punctuation.
https://dev.mysql.com/doc/refman/8.0/en/fulltext-boolean.html
"""

import unicodedata
from typing import Annotated

from msgspec import Meta

from chalicelib.core.errors import Fault, Invalid

SearchText = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=200,
        description="Words that must all occur, each matched by its beginning. Words of one or two letters, and very"
        " common ones such as 'the' and 'for', are ignored.",
        examples=["glass holder"],
    ),
]

# innodb_ft_min_token_size and innodb_ft_max_token_size, as every server has them unless somebody changed them.
_SHORTEST, _LONGEST = 3, 84
# INFORMATION_SCHEMA.INNODB_FT_DEFAULT_STOPWORD, the same in MySQL and MariaDB; those of one letter or two are short.
_STOPWORDS = frozenset(
    "about|are|com|for|from|how|that|the|this|und|was|what|when|where|who|will|with|www".split("|")  # noqa: SIM905 - words
)
_NOTHING = (
    "nothing in it can be searched for: give a word of at least three letters or digits that is not as common"
    " as 'the' or 'for'"
)


def boolean_query(text: str, parameter: str = "q") -> str:
    """The argument of `MATCH ... AGAINST (... IN BOOLEAN MODE)` for what a person typed.

    Raises:
        Invalid: naming the parameter, when no word is left.
    """
    words = [word for word in _words(text) if _is_indexed(word)]
    if not words:
        raise Invalid(f"{parameter}: {_NOTHING}.", faults=[Fault(_NOTHING, parameter=parameter)])
    return " ".join(f"+{word}*" for word in dict.fromkeys(words))


def _words(text: str) -> list[str]:
    return "".join(character if _is_of_a_word(character) else " " for character in text).split()


def _is_of_a_word(character: str) -> bool:
    """Whether the parser sees a letter, digit, mark or '_'; outside Unicode's first plane it sees none."""
    if character > "\uffff":
        return False
    return character == "_" or character.isalnum() or unicodedata.category(character).startswith("M")


def _is_indexed(word: str) -> bool:
    return _SHORTEST <= len(word) <= _LONGEST and word.casefold() not in _STOPWORDS
