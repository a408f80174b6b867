"""Laws of traces: nothing without being asked, a span for each job, stage and call, and never what was asked for."""

import asyncio
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from fairlead.domain.failure import FixTheSettings
from fairlead.features.connections.calls import Counting
from fairlead.jobs import api, registry
from fairlead.jobs.run import run
from fairlead.salesforce.transport import Call
from fairlead.store import tracing
from fairlead.store.orgs import default_org


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    """What was sent."""
    kept, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(kept))
    tracing.use(provider.get_tracer("tests"))
    yield kept
    tracing.use(None)


@pytest.mark.parametrize("environ", [{}, {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://x", "OTEL_SDK_DISABLED": "true"}])
def test_nothing_is_sent_unless_the_deployment_asks(environ: dict[str, str]) -> None:
    assert tracing.configure(environ) is False
    with tracing.span("job"):
        tracing.record("call", 0.1)


def test_packages_that_are_missing_are_told_at_the_start() -> None:
    """Rather than silence where somebody expects traces."""
    hidden = {name: sys.modules.pop(name) for name in list(sys.modules) if name.startswith("opentelemetry.exporter")}
    sys.modules["opentelemetry.exporter"] = None  # type: ignore[assignment]
    try:
        with pytest.raises(tracing.TracingMissing) as told:
            tracing.configure({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"})
    finally:
        del sys.modules["opentelemetry.exporter"]
        sys.modules.update(hidden)
    assert told.value.code == "FL-647"


@pytest.mark.django_db(transaction=True)
def test_a_job_its_stages_and_calls_are_spans_of_one_trace(spans: InMemorySpanExporter) -> None:
    """With kinds, states and templates; the text of an error, which may name things, is not told."""

    async def runner(context: Any) -> None:
        await context.stages([("read", "Read"), ("write", "Write")])
        for name in ("read", "write"):
            await context.stage(name, state="running")
            await context.stage(name, state="done")
        counting = Counting(context.org_id)
        counting.campaign_monitor_call("GET", "subscribers/{list}.json", 200)
        counting.salesforce_call(Call("PATCH", "composite", 503, 2.5))
        raise FixTheSettings("Somebody at ann@example.com.")

    registry.register("test", "A test", runner)
    job = api.ask(default_org(), "test")
    asyncio.run(run(job.pk, delivery=job.engine_id))

    found = spans.get_finished_spans()
    told = [(one.name, one.attributes.get("fairlead.stage") or one.attributes.get("fairlead.door")) for one in found]
    assert told == [
        ("stage", "read"), ("stage", "write"), ("call", "subscribers/{list}.json"), ("call", "composite"), ("job", None),
    ]  # fmt: skip
    whole = found[-1]
    assert {one.context.trace_id for one in found} == {whole.context.trace_id}
    assert whole.attributes["fairlead.error"] == "FixTheSettings"
    slow = found[-2]
    assert (slow.end_time - slow.start_time) / 1e9 == pytest.approx(2.5)
    assert "example.com" not in "".join(one.to_json() for one in found)
