"""Applies work to the read model: one transaction with retries, traced and counted."""

from chalicelib.core.projector.generations import in_use
from chalicelib.core.projector.traces import Traces
from chalicelib.core.projector.transaction import Targets, Work, write
from chalicelib.core.projector.writer import Attempts
from chalicelib.core.service import Service
from chalicelib.core.telemetry import log


class Applier:
    """Applies work of one service.

    Args:
        service: whose rows they are.
        attempts: tries the transaction.
        traces: are told of it.
    """

    def __init__(self, service: Service, attempts: Attempts, traces: Traces) -> None:
        self._service = service
        self._attempts = attempts
        self._traces = traces

    def __call__(self, work: Work, targets: Targets = in_use) -> None:
        """Write the work into the tables that `targets` names.

        Raises:
            Poisonous: it is refused.
            GaveUp: an error that may pass did not pass in time.
        """
        with self._traces.transaction():
            result = self._attempts.run(lambda connection: write(connection, self._service, work, targets))
        if work.aggregates:
            log.count("AggregatesWritten", result.written)
            log.count("AggregatesStale", result.stale)
