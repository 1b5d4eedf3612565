"""Traces for AWS X-Ray, in a few words that cost next to nothing where tracing is off.

    segment      a request or a batch: all that happens in it
    following    the same, within the trace of the command that caused it
    subsegment   a part of the present one: a command, a transaction
    header       what to store with a commit, so that others go on with its trace
    report       what was done for such a commit, after the event

The SDK is imported by core/telemetry/xray.py, and that by `set_up` alone, where TRACING=1: it costs 0.05 s on Lambda
and 0.3 s elsewhere, where it makes a client of its own. docs/reference/tracing.md shows what a trace looks like.
"""

from contextlib import AbstractContextManager, nullcontext

from chalicelib.core.telemetry.spans import Annotation, Done, Tracer

_NOTHING = nullcontext()
_tracer: Tracer | None = None


def set_up(on: bool) -> None:
    """Trace from now on, or no longer."""
    global _tracer  # the SDK's recorder is one a process as well
    if not on:
        _tracer = None
    elif _tracer is None:
        from chalicelib.core.telemetry.xray import XRayTracer

        _tracer = XRayTracer()


def segment(name: str, header: str = "") -> AbstractContextManager[None]:
    """All that this thread does meanwhile: one request, one batch.

    On Lambda it is the segment that Lambda itself makes of the call, and name and header are not looked at.

    Args:
        name: of the part of the system: "tributary-api".
        header: X-Amzn-Trace-Id of whoever asked, whose trace goes on; without one, a trace begins.
    """
    return _tracer.segment(name, header) if _tracer else _NOTHING


def following(name: str, header: str) -> AbstractContextManager[None]:
    """What this thread does meanwhile because of a commit, as part of the trace that led to it.

    Args:
        name: of the part of the system: "tributary-reactor".
        header: of the commit (Head.trace). Where it has none, all stays in the present segment.
    """
    return _tracer.following(name, header) if _tracer and header else _NOTHING


def subsegment(name: str, namespace: str = "local", **annotations: Annotation) -> AbstractContextManager[None]:
    """A part of the present segment; outside one, nothing.

    Args:
        name: of what is done: "transfers.request".
        namespace: "remote" for a call to another server.
        annotations: what traces can be searched by.
    """
    return _tracer.subsegment(name, namespace, annotations) if _tracer else _NOTHING


def answered(status: int) -> None:
    """Note the HTTP status that the present subsegment ends with: 4xx shows as an error, 5xx as a fault."""
    if _tracer:
        _tracer.answered(status)


def header() -> str:
    """X-Amzn-Trace-Id for what follows from here, 74 characters; "" where this is not traced, or not sampled."""
    return _tracer.header() if _tracer else ""


def report(header: str, done: Done, **annotations: Annotation) -> None:
    """Add what was done to the trace of a header that `header` made; nothing where that is "".

    Only after the event can it be said for whom a transaction was that many commits share.
    """
    if _tracer and header:
        _tracer.report(header, done, annotations)


def watch_boto() -> None:
    """Make a subsegment of every call to AWS. For whoever makes a client, since it imports botocore."""
    if _tracer:
        _tracer.watch_boto()
