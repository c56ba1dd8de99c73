"""Traces for OpenTelemetry: one span a request, by its route's template, and one for each place in it (spans.py).

Imported only where `--otlp-endpoint` asks for it: the packages are the extra `tracing`.
SECURITY: a span holds method, template and status: no path, query, header, id, account or principal; and of an
exception nothing, for its text may quote a request. `tracestate`, which may hold anything, is not taken over.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from bailiwick import __version__
from bailiwick.errors import Invalid
from bailiwick.service.spans import trace_by

SIGNAL_PATH = "/v1/traces"
EXPORT_SECONDS = 5
FLUSH_MILLISECONDS = 5_000


class Traces:
    """The spans of this process, sent to one collector."""

    def __init__(self, endpoint: str) -> None:
        resource = Resource.create({"service.name": "bailiwick", "service.version": __version__})
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        exporter = OTLPSpanExporter(collector_address(endpoint), timeout=EXPORT_SECONDS)
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("bailiwick", __version__)
        self._parents = TraceContextTextMapPropagator()
        trace_by(self._place)

    @contextmanager
    def request(self, traceparent: bytes | None) -> Iterator[Span]:
        """Everything in here is one request, below what its `traceparent` names."""
        carrier = {} if traceparent is None else {"traceparent": traceparent.decode("latin-1")}
        with self._tracer.start_as_current_span(
            "request",
            context=self._parents.extract(carrier, trace.set_span_in_context(trace.INVALID_SPAN)),
            kind=SpanKind.SERVER,
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            yield span

    def name(self, span: Span, method: str, route: str, status: int) -> None:
        """Which request it was is known when it is answered."""
        span.update_name(f"{method} {route}")
        span.set_attributes(
            {"http.request.method": method, "http.route": route, "http.response.status_code": status}
        )
        if status >= 500:
            span.set_status(Status(StatusCode.ERROR))

    def stop(self) -> None:
        """Send what is left, within a few seconds."""
        trace_by(None)
        self._provider.force_flush(FLUSH_MILLISECONDS)
        self._provider.shutdown()

    @contextmanager
    def _place(self, name: str) -> Iterator[None]:
        """A place in a request; outside of one, a span of its own."""
        with self._tracer.start_as_current_span(name, record_exception=False, set_status_on_exception=False):
            yield


def collector_address(endpoint: str) -> str:
    """To which address are traces sent? Raises Invalid."""
    parts = urlsplit(endpoint)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query:
        raise Invalid.at(
            "otlp_endpoint",
            "expected the URL of a collector, `http` or `https`, without a user, password or query",
            "such as http://127.0.0.1:4318; credentials come from OTEL_EXPORTER_OTLP_HEADERS",
        )
    return endpoint if parts.path.strip("/") else endpoint.rstrip("/") + SIGNAL_PATH
