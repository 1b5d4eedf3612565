"""What a tracer is told, and the port that it implements; xray.py does so for AWS X-Ray."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import NamedTuple, Protocol

Annotation = str | int | bool


class Times(NamedTuple):
    """When something was done, in Unix seconds."""

    began: float
    ended: float


class Done(NamedTuple):
    """Something that is over, to be reported.

    Attributes:
        name: of the part of the system that did it: "tributary-projector".
        times: of all of it.
        calls: what it called meanwhile, by name: {"mysql": Times(...)}.
        failed: whether it came to nothing.
    """

    name: str
    times: Times
    calls: dict[str, Times]
    failed: bool = False


class Tracer(Protocol):
    """What carries traces away; telemetry.tracing describes each of these."""

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
