"""Word tables: the words by which a search finds the rows of another table, one row for each word."""

from typing import Annotated

from msgspec import Meta

from chalicelib.core.service.personal import ERASED
from chalicelib.core.service.projection import Row, Table
from chalicelib.core.words import LONGEST_WORD, words


class WordRow(Row, frozen=True):
    """A word by which a search finds the row with this key."""

    id: Annotated[str, Meta(max_length=64)]
    word: Annotated[str, Meta(max_length=LONGEST_WORD)]


def word_table(name: str) -> Table:
    """A word table as a child table of a projection. Its secondary index is (word, id)."""
    return Table(name, WordRow, key=("id", "word"))


def word_rows(id: str, *texts: str | None) -> list[Row]:
    """The word rows for texts by which a row shall be found: at most 256 for each text, none for erased texts."""
    return [WordRow(id, word) for word in words(*(text for text in texts if text and text != ERASED))]
