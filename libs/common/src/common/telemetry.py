"""Traces across NATS, metrics and structured logs: ids in all of them, personal data in none.

A trace follows a click through requests, the commit (the outbox keeps `traceparent`), events, due work (a planned
row keeps it too) and the provider call.
"""

import logging
import os
import sys
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from typing import Any

import orjson
import structlog
from opentelemetry import context as otel_context
from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF
from opentelemetry.trace import SpanKind
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from prometheus_client import Counter, Gauge, Histogram

_propagator = TraceContextTextMapPropagator()
_tracer = trace.get_tracer("vinculo")

NEVER_LOGGED = frozenset(
    {
        "name",
        "full_name",
        "phone",
        "phones",
        "email",
        "text",
        "body",
        "address",
        "token",
        "password",
        "birth_date",
    }
)

REQUESTS = Histogram(
    "vinculo_request_seconds", "Requests answered over NATS.", ["subject", "outcome"],
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)  # fmt: skip
EVENTS = Counter(
    "vinculo_events_total", "Events taken from the bus, by how that ended.", ["durable", "outcome"]
)
PUBLISHED = Counter("vinculo_outbox_published_total", "Events published by the relay.", ["again"])
UNPUBLISHED = Gauge("vinculo_outbox_unpublished", "Outbox rows that wait to be published.")
DEAD_LETTERS = Counter("vinculo_dead_letters_total", "Events given up after their attempts.", ["durable"])
DUE_LATENESS = Histogram(
    "vinculo_due_lateness_seconds", "How late due work was claimed.", ["loop"],
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2, 5, 15, 60, 300, 1800),
)  # fmt: skip
HTTP = Histogram(
    "vinculo_http_seconds", "HTTP requests, by route template.", ["method", "route", "status"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)  # fmt: skip


def _drop_personal(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key in NEVER_LOGGED.intersection(event):
        event[key] = "[kept out]"
    return event


def _add_trace(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    event.setdefault("trace", trace_id())
    return event


def _line(event: Mapping[str, Any], **_: Any) -> str:
    return orjson.dumps(event, default=str).decode()


class _Structured(logging.Handler):
    """Lines of other libraries, in the same shape; exceptions by type and place only."""

    def emit(self, record: logging.LogRecord) -> None:
        log = structlog.get_logger(record.name)
        error = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else None
        log.log(record.levelno, record.getMessage(), **({"error": error} if error else {}))


def start(service: str) -> None:
    """Set up logs and traces of this process. Spans are exported where `OTEL_EXPORTER_OTLP_ENDPOINT` is set."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            _add_trace,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _drop_personal,
            structlog.processors.JSONRenderer(serializer=_line),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stdout),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(service=service)
    logging.basicConfig(handlers=[_Structured()], level=logging.WARNING, force=True)
    exported = os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT") or os.environ.get(
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
    )
    # Spans that nobody collects carry their ids on, and need record nothing.
    provider = TracerProvider(
        resource=Resource.create({"service.name": service}), sampler=None if exported else ALWAYS_OFF
    )
    if exported:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)


def log(**fields: Any) -> Any:
    """A structured logger with these fields bound."""
    return structlog.get_logger(**fields)


def where(error: BaseException) -> str:
    """An error for a log line: its type and the place it came from, never its message, which may quote a person."""
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    place = f" at {frame.tb_frame.f_code.co_filename.rsplit('/', 1)[-1]}:{frame.tb_lineno}" if frame else ""
    return f"{type(error).__name__}{place}"


@contextmanager
def span(
    name: str,
    kind: SpanKind = SpanKind.INTERNAL,
    parent: str | None = None,
    **attributes: str | float | bool,
) -> Iterator[trace.Span]:
    """A span; with `parent` (a W3C traceparent) it continues that trace, else the current one."""
    context = _propagator.extract({"traceparent": parent}) if parent else None
    with _tracer.start_as_current_span(name, context=context, kind=kind, attributes=attributes) as current:
        yield current


@contextmanager
def following(headers: Mapping[str, str] | None) -> Iterator[None]:
    """Continue the trace of a message's headers without opening a span."""
    token = otel_context.attach(_propagator.extract(dict(headers or {})))
    try:
        yield
    finally:
        otel_context.detach(token)


def traceparent() -> str | None:
    """The current trace as a W3C traceparent, to be stored or sent; None outside any trace."""
    carrier: dict[str, str] = {}
    _propagator.inject(carrier)
    return carrier.get("traceparent")


def trace_id() -> str | None:
    """The current trace id as 32 hex digits."""
    context = trace.get_current_span().get_span_context()
    return f"{context.trace_id:032x}" if context.is_valid else None
