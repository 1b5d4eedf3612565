"""Lambda's rules for delivering the records of one shard to a function, as an event source mapping states them.

Records are delivered in order, and never past a failure. A failed batch is delivered again from the first failure that
the function reported. If the function raised, the batch is halved. A batch is given up, to the mapping's destination,
only if the mapping limits retries or age and a limit is reached.
https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-eventsourcemapping.html
https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html
"""

import time
from collections.abc import Callable, Sequence
from typing import Any

from chalicelib.core.streams.records import RawRecord
from local.template import EventSource

_LONGEST_PAUSE_SECONDS = 10.0


class PumpStopped(Exception):
    """The pump is being stopped. Records after the last checkpoint are delivered again later."""


class Delivery:
    """One shard's records on their way to one function.

    Args:
        source: the event source mapping.
        call: passes a batch to the function and returns its answer, or raises the function's error.
        advance: called with the sequence number up to which everything is done.
        give_up: called with each batch that a limit ends, and the reason.
        pause: waits for a number of seconds. Raises PumpStopped if the pump is being stopped.
        now: returns Unix seconds.
    """

    def __init__(
        self,
        source: EventSource,
        call: Callable[[Sequence[RawRecord]], Any],
        advance: Callable[[str], None],
        give_up: Callable[[Sequence[RawRecord], str], None],
        pause: Callable[[float], None] = time.sleep,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._source = source
        self._call = call
        self._advance = advance
        self._give_up = give_up
        self._pause = pause
        self._now = now

    def deliver(self, records: Sequence[RawRecord]) -> None:
        """Deliver records until all are done or given up."""
        waiting = [records]  # the next batch last
        tries = 0
        while waiting:
            batch = self._drop_old(waiting.pop())
            if not batch:
                continue
            failed_at, raised = self._try(batch)
            if failed_at:
                self._advance(sequence_number(batch[failed_at - 1]))
                tries = 0
            rest = batch[failed_at:]
            if not rest:
                continue
            tries += 1
            if raised and self._source.bisect and len(rest) > 1:
                middle = len(rest) // 2
                waiting += [rest[middle:], rest[:middle]]
                tries = 0  # halving does not use up the retries
            elif 0 <= self._source.retries < tries:
                self._abandon(rest, "RetryAttemptsExhausted")
                tries = 0
            else:
                waiting.append(rest)
                self._pause(min(0.1 * 2 ** min(tries, 10), _LONGEST_PAUSE_SECONDS))

    def _try(self, batch: Sequence[RawRecord]) -> tuple[int, bool]:
        """Call the function. Returns the number of records that are done, and whether it raised."""
        try:
            answer = self._call(batch)
        except PumpStopped:
            raise
        except Exception:
            return 0, True
        return (first_failure(answer, batch) if self._source.reports_failures else len(batch)), False

    def _drop_old(self, batch: Sequence[RawRecord]) -> Sequence[RawRecord]:
        """Give up the records that exceed the mapping's age. The oldest come first."""
        if self._source.max_age_seconds < 0:
            return batch
        limit = self._now() - self._source.max_age_seconds
        old = [record for record in batch if record["dynamodb"]["ApproximateCreationDateTime"] < limit]
        if old:
            self._abandon(old, "RecordAgeExceeded")
        return batch[len(old) :]

    def _abandon(self, batch: Sequence[RawRecord], condition: str) -> None:
        self._give_up(batch, condition)
        self._advance(sequence_number(batch[-1]))


def sequence_number(record: RawRecord) -> str:
    """A record's sequence number in its shard."""
    return str(record["dynamodb"]["SequenceNumber"])


def first_failure(answer: Any, batch: Sequence[RawRecord]) -> int:
    """The number of records at the start of a batch that are done, by an answer with batchItemFailures.

    It is the whole batch if the answer names no failure. It is 0 if the answer cannot be understood, or names a
    record that is not in the batch.
    """
    if answer in (None, {}):
        return len(batch)
    positions = {sequence_number(record): index for index, record in enumerate(batch)}
    try:
        failures = answer["batchItemFailures"] or []
        return min((positions[failure["itemIdentifier"]] for failure in failures), default=len(batch))
    except (KeyError, TypeError):
        return 0
