"""Spans for OpenTelemetry, where the deployment asks for them by the usual variables; else nothing is loaded or done.

What is told of a span are words of ours and numbers: kind, state, method, template of an address, status. Never an address
that was asked for, a query, a content or the text of an error.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from fairlead.domain.failure import FixTheSettings

ASKED_BY: Final = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
OFF: Final = "OTEL_SDK_DISABLED"


class TracingMissing(FixTheSettings):
    """Traces are asked for, and the packages for them are not installed."""

    code = "FL-647"

    def __init__(self, variable: str) -> None:
        super().__init__(
            f"{variable} is set, and the packages for traces are not installed.",
            next_step="Install `fairlead[tracing]`, or unset the variable.",
        )


@dataclass(slots=True)
class _Used:
    tracer: Any = None


_used = _Used()


def configure(environ: Mapping[str, str]) -> bool:
    """Send spans from now on, if a variable asks for it; whether one does. Raises TracingMissing."""
    variable = next((name for name in ASKED_BY if environ.get(name)), "")
    if not variable or environ.get(OFF, "").lower() == "true":
        return False
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        raise TracingMissing(variable) from None
    provider = TracerProvider(resource=Resource.create({"service.name": environ.get("OTEL_SERVICE_NAME", "fairlead")}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    use(provider.get_tracer("fairlead"))
    return True


def use(tracer: Any) -> None:
    """Send spans by this tracer; None: none any more."""
    _used.tracer = tracer


@contextmanager
def span(name: str, **attributes: str | int) -> Iterator[None]:
    """What is done inside is one span. Of an error only its kind is told."""
    if _used.tracer is None:
        yield
        return
    with _used.tracer.start_as_current_span(
        name, attributes=_named(attributes), record_exception=False, set_status_on_exception=False
    ) as current:
        try:
            yield
        except BaseException as error:
            current.set_attribute("fairlead.error", type(error).__name__)
            raise


def record(name: str, seconds: float, **attributes: str | int) -> None:
    """A span that has ended just now and took so long."""
    if _used.tracer is None:
        return
    end = time.time_ns()
    one = _used.tracer.start_span(name, start_time=end - int(seconds * 1e9), attributes=_named(attributes))
    one.end(end_time=end)


def _named(attributes: Mapping[str, str | int]) -> dict[str, str | int]:
    return {f"fairlead.{name}": value for name, value in attributes.items()}
