"""Traces for AWS X-Ray. If tracing is off, these functions cost next to nothing.

    segment      a request or a batch, as a whole
    following    the same, but within the trace of the command that caused it
    subsegment   a part of the present segment: a command, a transaction
    header       the text to store with a commit, so that later work continues its trace
    report       work that was done for such a commit, reported afterwards

Only core/telemetry/xray.py imports the SDK, and only `set_up` imports that, if TRACING=1. The import costs 0.05 s on
Lambda and 0.3 s elsewhere, where the SDK makes a client. docs/reference/tracing.md shows what a trace looks like.
"""

from contextlib import AbstractContextManager, nullcontext

from chalicelib.core.telemetry.spans import Annotation, Done, Tracer

_NOTHING = nullcontext()
_tracer: Tracer | None = None


def set_up(on: bool) -> None:
    """Switch tracing on or off for the whole process."""
    global _tracer  # like the SDK's recorder
    if not on:
        _tracer = None
    elif _tracer is None:
        from chalicelib.core.telemetry.xray import XRayTracer

        _tracer = XRayTracer()


def segment(name: str, header: str = "") -> AbstractContextManager[None]:
    """Trace everything that this thread does within the block: one request or one batch.

    On Lambda, the segment is the one that Lambda makes for the call, and name and header are not used.

    Args:
        name: the part of the system, such as "tributary-api".
        header: the caller's X-Amzn-Trace-Id, whose trace is continued; "" begins a new trace.
    """
    return _tracer.segment(name, header) if _tracer else _NOTHING


def following(name: str, header: str) -> AbstractContextManager[None]:
    """Trace what this thread does because of a commit, as a part of the trace that led to the commit.

    Args:
        name: the part of the system, such as "tributary-reactor".
        header: the commit's header (Head.trace). If it is "", the work belongs to the present segment.
    """
    return _tracer.following(name, header) if _tracer and header else _NOTHING


def subsegment(name: str, namespace: str = "local", **annotations: Annotation) -> AbstractContextManager[None]:
    """Trace a part of the present segment. Outside of a segment, nothing is traced.

    Args:
        name: what is done, such as "transfers.request".
        namespace: "remote" for a call to another server.
        annotations: values by which traces can be searched.
    """
    return _tracer.subsegment(name, namespace, annotations) if _tracer else _NOTHING


def answered(status: int) -> None:
    """Set the HTTP status of the present subsegment. 4xx is shown as an error, 5xx as a fault."""
    if _tracer:
        _tracer.answered(status)


def header() -> str:
    """The X-Amzn-Trace-Id for later work, 74 characters; "" if this is not traced or not sampled."""
    return _tracer.header() if _tracer else ""


def report(header: str, done: Done, **annotations: Annotation) -> None:
    """Add completed work to the trace of a header that `header` made. If that is "", do nothing.

    A transaction is shared by many commits. Only after it has ended is it known which commits it was for.
    """
    if _tracer and header:
        _tracer.report(header, done, annotations)


def watch_boto() -> None:
    """Trace every call to AWS as a subsegment. It imports botocore, so only code that makes a client calls it."""
    if _tracer:
        _tracer.watch_boto()
