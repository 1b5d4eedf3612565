"""Sets a record aside: stores a dead letter for it, and the batch continues without it."""

from collections.abc import Callable
from datetime import datetime

from chalicelib.core.streams.dead_letters import DeadLetter, DeadLetters, dead_letter
from chalicelib.core.streams.poison import Poisonous
from chalicelib.core.streams.records import CommitRecord, UnreadableRecord, correlation_of
from chalicelib.core.telemetry import log
from chalicelib.core.telemetry.error_text import error_text
from chalicelib.core.times import iso


class NotStored(Exception):
    """A dead letter could not be stored, so Lambda must deliver its record again."""


class SettingAside:
    """Sets records aside.

    Args:
        dead_letters: where they are stored.
        now: the present time, naive and UTC; stamps the dead letters.

    Attributes:
        positions: of the records that were set aside.
    """

    def __init__(self, dead_letters: DeadLetters, now: Callable[[], datetime]) -> None:
        self._dead_letters = dead_letters
        self._now = now
        self.positions: set[int] = set()

    def __call__(self, entry: CommitRecord | UnreadableRecord, error: Exception) -> None:
        """Store the dead letter of a record.

        Raises:
            NotStored: it could not be stored.
        """
        cause = error.reason if isinstance(error, Poisonous) else error
        letter = dead_letter(entry, cause, iso(self._now()))
        with log.about(correlation_id=correlation_of(entry.source)):
            self._store(letter)
        self.positions.add(entry.source.position)
        log.count("RecordsSetAside")

    def _store(self, letter: DeadLetter) -> None:
        facts = {"letter": letter.id, "sequence": letter.sequence, "error": letter.error}
        try:
            self._dead_letters.put(letter)
        except Exception as fault:
            log.exception("projector: record not set aside", **facts)
            raise NotStored(error_text(fault)) from fault
        log.warning("projector: record set aside", **facts)
