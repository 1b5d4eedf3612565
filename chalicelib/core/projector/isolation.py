"""Finds the poison in a batch: splits refused work in halves down to one aggregate, then applies single records."""

from collections.abc import Iterator, Sequence

from chalicelib.core.projector import timeline
from chalicelib.core.projector.applying import Applier
from chalicelib.core.projector.compaction import AggregateRecords, by_aggregate
from chalicelib.core.projector.generations import live_only
from chalicelib.core.projector.setting_aside import NotStored, SettingAside
from chalicelib.core.projector.transaction import Work
from chalicelib.core.service import Service
from chalicelib.core.streams.poison import Poisonous, of_the_record
from chalicelib.core.streams.records import CommitRecord
from chalicelib.core.telemetry import log


class Isolation:
    """Applies aggregates together or one by one, and sets aside records that cannot be applied.

    Args:
        service: whose records they are.
        apply: writes in a transaction.
        set_aside: stores dead letters.
    """

    def __init__(self, service: Service, apply: Applier, set_aside: SettingAside) -> None:
        self._service = service
        self._apply = apply
        self._set_aside = set_aside

    def apply(self, groups: Sequence[AggregateRecords]) -> Iterator[CommitRecord]:
        """Apply these aggregates.

        Yields:
            Each record that is done: applied, stale or set aside.

        Raises:
            GaveUp: an error that may pass did not pass in time.
        """
        try:
            self._apply(Work(groups))
        except Poisonous as error:
            if len(groups) == 1:
                yield from self._apply_singly(groups[0], error)
                return
            middle = len(groups) // 2
            yield from self.apply(groups[:middle])
            yield from self.apply(groups[middle:])
        else:
            for found in groups:
                yield from found.commits

    def _apply_singly(self, whole: AggregateRecords, error: Exception) -> Iterator[CommitRecord]:
        """Apply one aggregate's records in the order of their versions, each in its own transaction.

        So the newest valid version is shown in the end.
        """
        if len(whole.commits) == 1:
            yield from self._apply_to_live_tables(whole, error)
            return
        for commit in whole.commits:
            (single,) = by_aggregate([commit.source], self._service)
            try:
                self._apply(Work([single]))
            except Poisonous as refusal:
                yield from self._apply_to_live_tables(single, refusal)
            else:
                yield commit

    def _apply_to_live_tables(self, single: AggregateRecords, refusal: Exception) -> Iterator[CommitRecord]:
        """Try to write a refused record into only the tables in use, and set it aside in any case.

        The refusal may come from the new tables of a rebuild. Without the dead letter the new tables would lack the
        record, and so would the read model after the swap.
        """
        (commit,) = single.commits
        try:
            self._apply(Work([single]), live_only)
        except Poisonous as error:
            refusal = error
        else:
            log.warning("projector: refused by the tables that are being built", aggregate=commit.source.id)
        yield from self._aside(commit, refusal)

    def _aside(self, commit: CommitRecord, error: Exception) -> Iterator[CommitRecord]:
        try:
            self._set_aside(commit, error)
        except NotStored:
            return
        self._show_in_timeline(commit)
        yield commit

    def _show_in_timeline(self, commit: CommitRecord) -> None:
        """Add a commit whose rows were refused to the timeline, unless the timeline row is refused too."""
        with log.about(correlation_id=commit.head.correlation):
            try:
                with of_the_record():
                    row = timeline.row(self._service.name, commit.stored)
                self._apply(Work(timeline=[row]))
            except Poisonous as error:
                log.warning("projector: timeline row refused", aggregate=commit.source.id, error=str(error))
