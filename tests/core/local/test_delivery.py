"""Lambda's rules for batches, with a function and a clock of the test."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.core.streams.records import RawRecord
from local.delivery import Delivery, PumpStopped, first_failure
from local.template import EventSource, Template
from tests.support.domain import NEUTRAL

SOURCE = Template("t-", NEUTRAL.template).mappings()[0]


def records(*numbers: int, at: float = 0.0) -> list[RawRecord]:
    """Return records with those sequence numbers."""
    return [{"dynamodb": {"SequenceNumber": str(n), "ApproximateCreationDateTime": at}} for n in numbers]


def numbers(batch: Sequence[RawRecord]) -> list[int]:
    """Return the sequence numbers of records."""
    return [int(record["dynamodb"]["SequenceNumber"]) for record in batch]


class Lambda:
    """A delivery to a function, which keeps what happened."""

    def __init__(self, function: Callable[[list[int]], Any], source: EventSource = SOURCE, now: float = 0.0) -> None:
        self.calls: list[list[int]] = []
        self.checkpoints: list[int] = []
        self.given_up: list[tuple[list[int], str]] = []
        self.pauses: list[float] = []

        def call(batch: Sequence[RawRecord]) -> Any:
            self.calls.append(numbers(batch))
            return function(numbers(batch))

        self.delivery = Delivery(
            source,
            call,
            lambda sequence: self.checkpoints.append(int(sequence)),
            lambda batch, why: self.given_up.append((numbers(batch), why)),
            self.pauses.append,
            lambda: now,
        )


def fails_at(*bad: int, times: int = 1) -> Callable[[list[int]], Any]:
    """Return a function that reports the first bad record, the first few times."""
    left = dict.fromkeys(bad, times)

    def function(batch: list[int]) -> Any:
        for number in batch:
            if left.get(number):
                left[number] -= 1
                return {"batchItemFailures": [{"itemIdentifier": str(number)}]}
        return {"batchItemFailures": []}

    return function


def raises_for(*bad: int, times: int = 1) -> Callable[[list[int]], Any]:
    """Return a function that raises while a bad record is in its batch, the first few times."""
    left = dict.fromkeys(bad, times)

    def function(batch: list[int]) -> Any:
        for number in batch:
            if left.get(number):
                left[number] -= 1
                raise RuntimeError(number)

    return function


def test_success_checkpoints_the_last_record() -> None:
    """A successful batch is done up to its last record."""
    run = Lambda(fails_at())
    run.delivery.deliver(records(1, 2, 3))
    assert run.calls == [[1, 2, 3]]
    assert run.checkpoints == [3]


def test_reported_failure_is_tried_again_from_there() -> None:
    """The records before the failure are done. The others come again, in order."""
    run = Lambda(fails_at(3, times=2))
    run.delivery.deliver(records(1, 2, 3, 4))
    assert run.calls == [[1, 2, 3, 4], [3, 4], [3, 4]]
    assert run.checkpoints == [2, 4]
    assert len(run.pauses) == 2
    assert run.pauses == sorted(run.pauses)


def test_lowest_of_several_failures_counts() -> None:
    """Lambda returns to the lowest sequence number that was reported."""
    answer = {"batchItemFailures": [{"itemIdentifier": "3"}, {"itemIdentifier": "2"}]}
    assert first_failure(answer, records(1, 2, 3)) == 1


@pytest.mark.parametrize("answer", [None, {}, {"batchItemFailures": []}, {"batchItemFailures": None}])
def test_no_failures_are_success(answer: Any) -> None:
    """Empty answers of every kind mean that the whole batch is done."""
    assert first_failure(answer, records(1, 2)) == 2


@pytest.mark.parametrize(
    "answer",
    [
        {"batchItemFailures": [{"itemIdentifier": "9"}]},
        {"batchItemFailures": [{"itemIdentifier": ""}]},
        {"batchItemFailures": [{"itemIdentifier": None}]},
        {"batchItemFailures": [{"wrong": "1"}]},
        {"wrong": []},
        "nonsense",
    ],
)
def test_answers_that_cannot_be_understood_fail_the_batch(answer: Any) -> None:
    """If an answer names no record of the batch, nothing of the batch is done."""
    assert first_failure(answer, records(1, 2)) == 0


def test_error_halves_the_batch_and_keeps_the_order() -> None:
    """If the function raises, the halves follow one after the other until the bad record is alone."""
    run = Lambda(raises_for(3, times=3))
    run.delivery.deliver(records(1, 2, 3, 4))
    assert run.calls == [[1, 2, 3, 4], [1, 2], [3, 4], [3], [3], [4]]
    assert run.checkpoints == [2, 3, 4]


def test_error_without_bisecting_repeats_the_whole_batch() -> None:
    """Without BisectBatchOnFunctionError, the batch comes again as it was."""
    run = Lambda(raises_for(2), replace(SOURCE, bisect=False))
    run.delivery.deliver(records(1, 2, 3))
    assert run.calls == [[1, 2, 3], [1, 2, 3]]


def test_retries_without_a_cap_never_give_up() -> None:
    """With -1, the shard waits for the function, however long it takes."""
    run = Lambda(fails_at(1, times=500))
    run.delivery.deliver(records(1))
    assert len(run.calls) == 501
    assert run.given_up == []


def test_retry_cap_sends_the_rest_to_the_destination() -> None:
    """After the last retry, the rest of the batch is given up, and the next batch follows."""
    run = Lambda(fails_at(2, times=99), replace(SOURCE, retries=2))
    run.delivery.deliver(records(1, 2, 3))
    run.delivery.deliver(records(4))
    assert run.calls == [[1, 2, 3], [2, 3], [2, 3], [4]]
    assert run.given_up == [([2, 3], "RetryAttemptsExhausted")]
    assert run.checkpoints == [1, 3, 4]


def test_halving_does_not_use_up_retries() -> None:
    """With a cap of one, only the bad record is given up."""
    run = Lambda(raises_for(2, times=99), replace(SOURCE, retries=1))
    run.delivery.deliver(records(1, 2, 3, 4))
    assert run.given_up == [([2], "RetryAttemptsExhausted")]
    assert run.checkpoints == [1, 2, 4]


def test_records_over_the_age_are_given_up_unseen() -> None:
    """MaximumRecordAgeInSeconds drops older records before the function is called."""
    run = Lambda(fails_at(), replace(SOURCE, max_age_seconds=60), now=1000)
    run.delivery.deliver([*records(1, 2, at=900), *records(3, at=999)])
    assert run.calls == [[3]]
    assert run.given_up == [([1, 2], "RecordAgeExceeded")]
    assert run.checkpoints == [2, 3]


def test_failures_are_not_read_where_the_mapping_does_not_ask() -> None:
    """Without ReportBatchItemFailures, every answer is a success. This is why PARTIAL_BATCH exists."""
    run = Lambda(fails_at(1), replace(SOURCE, reports_failures=False))
    run.delivery.deliver(records(1, 2))
    assert run.calls == [[1, 2]]


def test_stopping_leaves_the_rest_for_the_next_start() -> None:
    """A pump that is stopped between retries sets no checkpoint beyond the done records."""
    run = Lambda(fails_at(2, times=99))

    def stop(_: float) -> None:
        raise PumpStopped

    run.delivery._pause = stop
    with pytest.raises(PumpStopped):
        run.delivery.deliver(records(1, 2))
    assert run.checkpoints == [1]
