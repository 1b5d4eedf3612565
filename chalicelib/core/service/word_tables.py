"""Tables of words: what the rows of another table are found by, a row a word."""

from typing import Annotated

from msgspec import Meta

from chalicelib.core.service.personal import ERASED
from chalicelib.core.service.projection import Row, Table
from chalicelib.core.words import LONGEST_WORD, words


class WordRow(Row, frozen=True):
    """A word that the row of that key is found by."""

    id: Annotated[str, Meta(max_length=64)]
    word: Annotated[str, Meta(max_length=LONGEST_WORD)]


def word_table(name: str) -> Table:
    """A child table of a projection. Its second index is (word, id)."""
    return Table(name, WordRow, key=("id", "word"))


def word_rows(id: str, *texts: str | None) -> list[Row]:
    """The rows of a thing that is found by these texts: at most 256 for each of them, none for what was erased."""
    return [WordRow(id, word) for word in words(*(text for text in texts if text and text != ERASED))]
