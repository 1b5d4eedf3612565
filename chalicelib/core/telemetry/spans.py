"""The port of a tracer and the types that it uses. xray.py implements it for AWS X-Ray."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import NamedTuple, Protocol

Annotation = str | int | bool


class Times(NamedTuple):
    """The beginning and the end of a piece of work, in Unix seconds."""

    began: float
    ended: float


class Done(NamedTuple):
    """Completed work to report.

    Attributes:
        name: the part of the system that did it, such as "tributary-projector".
        times: when it was done.
        calls: calls to other servers within it, by name: {"mysql": Times(...)}.
        failed: whether it failed.
    """

    name: str
    times: Times
    calls: dict[str, Times]
    failed: bool = False


class Tracer(Protocol):
    """A tracer. telemetry.tracing describes each method."""

    def segment(self, name: str, header: str) -> AbstractContextManager[None]:
        """See tracing.segment."""

    def following(self, name: str, header: str) -> AbstractContextManager[None]:
        """See tracing.following."""

    def subsegment(
        self, name: str, namespace: str, annotations: Mapping[str, Annotation]
    ) -> AbstractContextManager[None]:
        """See tracing.subsegment."""

    def answered(self, status: int) -> None:
        """See tracing.answered."""

    def header(self) -> str:
        """See tracing.header."""

    def report(self, header: str, done: Done, annotations: Mapping[str, Annotation]) -> None:
        """See tracing.report."""

    def watch_boto(self) -> None:
        """See tracing.watch_boto."""
