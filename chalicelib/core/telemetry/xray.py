"""The tracer that uses the X-Ray SDK. Only this module imports it, and only core/telemetry/tracing.py imports this.

The SDK's context for Lambda allows one trace for each call. Here, one call works for commits of many traces. So the
SDK's plain context is used everywhere, and on Lambda it gets the call's segment.
https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html
"""

import logging
import os
import re
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from aws_xray_sdk.core import patch, xray_recorder
from aws_xray_sdk.core.context import Context
from aws_xray_sdk.core.emitters.udp_emitter import UDPEmitter
from aws_xray_sdk.core.models.dummy_entities import DummySegment
from aws_xray_sdk.core.models.facade_segment import FacadeSegment
from aws_xray_sdk.core.models.segment import Segment
from aws_xray_sdk.core.models.subsegment import Subsegment
from aws_xray_sdk.core.models.trace_header import TraceHeader
from aws_xray_sdk.core.sampling.local.sampler import LocalSampler

from chalicelib.core.errors import Problem
from chalicelib.core.telemetry.spans import Annotation, Done, Times

_ROOT = re.compile(r"1-[0-9a-f]{8}-[0-9a-f]{24}")
_PARENT = re.compile(r"[0-9a-f]{16}")


class _Stack(Context):  # type: ignore[misc]  # the SDK has no types
    """The open segment of each thread, and the open subsegments in it."""

    def handle_context_missing(self) -> None:
        """Do nothing: a call to AWS outside of a segment is not traced."""

    @contextmanager
    def within(self, segment: Segment) -> Iterator[None]:
        """Make a segment the present one of this thread within the block."""
        outer = getattr(self._local, "entities", [])
        self.put_segment(segment)
        try:
            yield
        finally:
            self._local.entities = outer


class XRayTracer:
    """The SDK's recorder, of which a process has one, with our configuration."""

    def __init__(self) -> None:
        # What is not in a segment is not traced here, and no reason for a line that is not JSON.
        logging.getLogger("aws_xray_sdk").setLevel(logging.ERROR)
        self._on_lambda = "LAMBDA_TASK_ROOT" in os.environ
        self._context = _Stack()
        self._recorder = xray_recorder
        self._recorder.configure(
            context=self._context,
            emitter=UDPEmitter(),
            # Lambda has decided already, by X-Ray's rules; elsewhere there is nobody to ask, and all is traced.
            sampling=False,
            sampler=LocalSampler(),
        )

    @contextmanager
    def segment(self, name: str, header: str) -> Iterator[None]:
        """See tracing.segment."""
        if self._on_lambda:
            with self._context.within(_of_lambda()):
                yield
            return
        with self._sent(_continued(name, header)):
            yield

    @contextmanager
    def following(self, name: str, header: str) -> Iterator[None]:
        """See tracing.following."""
        with self._sent(_continued(name, header)):
            yield

    @contextmanager
    def _sent(self, segment: Segment) -> Iterator[None]:
        """A segment that this process makes and sends when it ends."""
        try:
            with self._context.within(segment):
                yield
        except Exception as error:
            _note(segment, error)
            raise
        finally:
            segment.close()
            if segment.sampled:
                self._recorder.emitter.send_entity(segment)

    @contextmanager
    def subsegment(self, name: str, namespace: str, annotations: Mapping[str, Annotation]) -> Iterator[None]:
        """See tracing.subsegment."""
        made = self._recorder.begin_subsegment(name, namespace)
        if made is None:
            yield
            return
        _annotate(made, annotations)
        try:
            yield
        except Exception as error:
            _note(made, error)
            raise
        finally:
            self._recorder.end_subsegment()

    def answered(self, status: int) -> None:
        """See tracing.answered."""
        present = self._recorder.current_subsegment()
        if present:
            present.put_http_meta("status", status)

    def header(self) -> str:
        """See tracing.header."""
        present = self._recorder.get_trace_entity()
        if present is None or not present.sampled:
            return ""
        return f"Root={present.trace_id};Parent={present.id};Sampled=1"

    def report(self, header: str, done: Done, annotations: Mapping[str, Annotation]) -> None:
        """See tracing.report."""
        segment = _continued(done.name, header)
        if not segment.sampled:
            return
        segment.start_time = done.times.began
        _annotate(segment, annotations)
        if done.failed:
            segment.add_fault_flag()
        for name, times in done.calls.items():
            _call(segment, name, times)
        segment.close(done.times.ended)
        self._recorder.emitter.send_entity(segment)

    def watch_boto(self) -> None:
        """See tracing.watch_boto. The SDK does not patch anything twice."""
        patch(("botocore",))


def _of_lambda() -> Segment:
    """Lambda's segment of the present call. Subsegments can be added to it, but it cannot be changed."""
    header = TraceHeader.from_header_str(os.environ.get("_X_AMZN_TRACE_ID"))
    if not header.root or not header.parent or header.sampled != 1:
        return DummySegment()
    return FacadeSegment("facade", entityid=header.parent, traceid=header.root, sampled=True)


def _continued(name: str, text: str) -> Segment:
    """A segment in the trace that a header names, or in a new trace if it names none."""
    header = TraceHeader.from_header_str(text)
    if header.sampled == 0:
        return DummySegment(name)
    if not _ROOT.fullmatch(header.root or ""):
        return Segment(name)
    parent = header.parent if _PARENT.fullmatch(header.parent or "") else None
    return Segment(name, traceid=header.root, parent_id=parent)


def _call(segment: Segment, name: str, times: Times) -> None:
    made = Subsegment(name, "remote", segment)
    made.start_time = times.began
    segment.add_subsegment(made)
    made.close(times.ended)


def _annotate(entity: Any, annotations: Mapping[str, Annotation]) -> None:
    for name, value in annotations.items():
        entity.put_annotation(name, value)


def _note(entity: Any, error: Exception) -> None:
    """Record an error in its segment. A refusal that is a normal answer, such as "not found", is not recorded."""
    if not isinstance(error, Problem) or error.status >= 500:
        entity.add_exception(error, traceback.extract_tb(error.__traceback__, limit=10))
