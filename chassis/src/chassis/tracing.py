"""Traces that follow one referral through all services, at the price of a comparison per event.

Ids are computed and not drawn: a trace id from the correlation id, the id of the span that handled
an event from that event's id and the service. So every service knows the parent of its span from
the event alone, a repeated delivery repeats its span, and nothing random travels with the data.
Whether a trace is kept is decided once, where it begins, from the trace id.
"""

import os
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from hashlib import blake2b
from pathlib import Path
from typing import Final

import orjson
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor
from opentelemetry.sdk.trace.export import (
    BatchSpanProcessor,
    SimpleSpanProcessor,
    SpanExporter,
    SpanExportResult,
)
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode, TraceFlags

from chassis.settings import TelemetrySettings
from contracts.event import Envelope

SAMPLED: Final = "-01"
MAX_LINKS: Final = 32

_SCOPE: Final = InstrumentationScope("fairwait.chassis")
_KEPT: Final = TraceFlags(TraceFlags.SAMPLED)

_current: ContextVar[str] = ContextVar("traceparent", default="")


def current_traceparent() -> str:
    """The traceparent of the HTTP request at hand, for the events that it causes; or nothing."""
    return _current.get()


class Tracing:
    """The spans of one process."""

    def __init__(self, service: str, settings: TelemetrySettings) -> None:
        self.service = service
        self._ratio = settings.sample_ratio
        self._resource = Resource.create({"service.name": f"fairwait-{service}"})
        self._processors = _processors(settings)

    def begin(self, story: str) -> str:
        """The traceparent of a story that begins here, such as a message id or correlation id.

        The same story has the same trace in every process and in every run.
        """
        digest = blake2b(story.encode(), digest_size=24).hexdigest()
        return f"00-{digest[:32]}-{digest[32:]}-{self._flags(digest[:32])}"

    def received(self, traceparent: str, story: str) -> str:
        """The traceparent to go on with, for one that came from outside or did not come.

        The sender's trace is kept, the sender's wish to have it recorded is not: that is ours.
        """
        parsed = _parse(traceparent)
        if parsed is None:
            return self.begin(story)
        trace_id, span_id = parsed
        return f"00-{trace_id}-{span_id}-{self._flags(trace_id)}"

    def batch(
        self,
        name: str,
        envelopes: Sequence[Envelope],
        started: int,
        *,
        ended: int = 0,
        failed: bool = False,
    ) -> None:
        """Records what became of a batch: `name` such as `offer process`, times from `time.time_ns`.

        One span for the batch, linked to the sampled events, and one for each of those. Without a
        sampled event nothing is recorded, and the cost is one comparison per event.
        """
        if not self._processors:
            return
        sampled = [one for one in envelopes if one.traceparent.endswith(SAMPLED)]
        if not sampled:
            return
        ended = ended or time.time_ns()
        spans = [self._event_span(name, one, started, ended, failed) for one in sampled]
        self._emit(self._batch_span(name, sampled, len(envelopes), started, ended, failed))
        for span in spans:
            self._emit(span)

    @contextmanager
    def request(self, name: str, traceparent: str, story: str) -> Iterator[str]:
        """One HTTP request; inside, `current_traceparent` is that of its span."""
        incoming = self.received(traceparent, story)
        trace_id, parent_id = _parts(incoming)
        span_id = _span_id(story, self.service)
        onward = f"00-{trace_id}-{span_id}-{incoming[-2:]}"
        token, started = _current.set(onward), time.time_ns()
        failed = True
        try:
            yield onward
            failed = False
        finally:
            _current.reset(token)
            if onward.endswith(SAMPLED) and self._processors:
                parent = parent_id if _parse(traceparent) else ""
                self._emit(
                    self._span(
                        name, trace_id, span_id, parent, started, time.time_ns(),
                        kind=SpanKind.SERVER, failed=failed,
                    )
                )  # fmt: skip

    def flush(self) -> None:
        """Sends what waits; at the end of the process, and off the event loop."""
        for processor in self._processors:
            processor.shutdown()
        self._processors = ()

    def _flags(self, trace_id: str) -> str:
        # The rule of OpenTelemetry's own ratio sampler, so that others decide the same.
        return "01" if int(trace_id[16:], 16) < self._ratio * 2**64 else "00"

    def _event_span(
        self, name: str, envelope: Envelope, started: int, ended: int, failed: bool
    ) -> ReadableSpan:
        trace_id, origin = _parts(envelope.traceparent)
        writer = envelope.source.rpartition(":")[2]
        parent = _span_id(envelope.causation_id, writer) if envelope.causation_id else origin
        return self._span(
            name, trace_id, _span_id(envelope.id, self.service), parent, started, ended,
            kind=SpanKind.CONSUMER, failed=failed,
            attributes={
                "messaging.system": "kafka",
                "messaging.message.id": envelope.id,
                "messaging.kafka.message.key": envelope.subject,
            },
        )  # fmt: skip

    def _batch_span(
        self,
        name: str,
        sampled: Sequence[Envelope],
        size: int,
        started: int,
        ended: int,
        failed: bool,
    ) -> ReadableSpan:
        links = [Link(_context(*_parts(one.traceparent))) for one in sampled[:MAX_LINKS]]
        story = f"{self.service}:{started}:{sampled[0].id}"
        trace_id = blake2b(story.encode(), digest_size=16).hexdigest()
        return self._span(
            f"{name} batch", trace_id, _span_id(story, self.service), "", started, ended,
            kind=SpanKind.CONSUMER, failed=failed, links=links,
            attributes={"messaging.system": "kafka", "messaging.batch.message_count": size},
        )  # fmt: skip

    def _span(
        self,
        name: str,
        trace_id: str,
        span_id: str,
        parent_id: str,
        started: int,
        ended: int,
        *,
        kind: SpanKind,
        failed: bool,
        links: Sequence[Link] = (),
        attributes: dict[str, str | int] | None = None,
    ) -> ReadableSpan:
        return ReadableSpan(
            name,
            context=_context(trace_id, span_id),
            parent=_context(trace_id, parent_id) if parent_id else None,
            resource=self._resource,
            attributes=attributes or {},
            links=links,
            kind=kind,
            status=Status(StatusCode.ERROR if failed else StatusCode.UNSET),
            start_time=started,
            end_time=ended,
            instrumentation_scope=_SCOPE,
        )

    def _emit(self, span: ReadableSpan) -> None:
        for processor in self._processors:
            processor.on_end(span)


def _processors(settings: TelemetrySettings) -> tuple[SpanProcessor, ...]:
    processors: list[SpanProcessor] = []
    if settings.endpoint:
        # Loaded only here: it brings a second HTTP client with it.
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

        exporter = OTLPSpanExporter(endpoint=settings.endpoint, timeout=5)
        processors.append(BatchSpanProcessor(exporter, max_queue_size=8192))
    if settings.spans_file is not None:
        processors.append(SimpleSpanProcessor(SpansFile(settings.spans_file)))
    return tuple(processors)


class SpansFile(SpanExporter):
    """Appends finished spans to a file, one JSON object a line. Several processes may share it."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Appended with one write each, so that lines of several processes do not mix.
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        os.write(self._file, b"".join(_line(span) for span in spans))
        return SpanExportResult.SUCCESS

    def shutdown(self) -> None:
        os.close(self._file)


def _line(span: ReadableSpan) -> bytes:
    context = span.get_span_context()
    assert context is not None  # we made it
    return orjson.dumps(
        {
            "service": span.resource.attributes["service.name"],
            "name": span.name,
            "trace_id": f"{context.trace_id:032x}",
            "span_id": f"{context.span_id:016x}",
            "parent_id": f"{span.parent.span_id:016x}" if span.parent else "",
            "started": span.start_time,
            "ended": span.end_time,
            "failed": span.status.status_code is StatusCode.ERROR,
            "attributes": dict(span.attributes or {}),
            "links": [f"{link.context.trace_id:032x}" for link in span.links],
        },
        option=orjson.OPT_APPEND_NEWLINE,
    )


def read_spans(path: Path) -> Iterable[dict[str, object]]:
    """The spans in a file that `SpansFile` wrote."""
    with path.open("rb") as file:
        yield from map(orjson.loads, file)


def _context(trace_id: str, span_id: str) -> SpanContext:
    return SpanContext(int(trace_id, 16), int(span_id, 16), is_remote=True, trace_flags=_KEPT)


def _span_id(what: str, service: str) -> str:
    return blake2b(f"{service}|{what}".encode(), digest_size=8).hexdigest()


def _parts(traceparent: str) -> tuple[str, str]:
    return traceparent[3:35], traceparent[36:52]


def _parse(traceparent: str) -> tuple[str, str] | None:
    """Trace and span id of a W3C traceparent that is in its form."""
    if len(traceparent) < 55 or not traceparent[2] == traceparent[35] == traceparent[52] == "-":
        return None
    trace_id, span_id = _parts(traceparent)
    if not (_hex(trace_id) and _hex(span_id)) or traceparent[:2] == "ff":
        return None
    return (trace_id, span_id) if int(trace_id, 16) and int(span_id, 16) else None


def _hex(text: str) -> bool:
    return all(character in "0123456789abcdef" for character in text)
