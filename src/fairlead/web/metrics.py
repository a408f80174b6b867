"""Numbers for Prometheus at `/metrics`: of the whole installation, whichever process is asked.

Five small queries, whatever was synced. Labels are ids of orgs, kinds, states and sides: nothing of people.
"""

import hmac
import importlib.metadata
from collections.abc import Iterable, Iterator
from typing import Final

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from fairlead.domain.failure import FixTheSettings
from fairlead.features.connections import calls
from fairlead.features.maintenance.models import Message
from fairlead.features.maintenance.models import State as MessageState
from fairlead.jobs import engine, measuring, queue
from fairlead.store import measures
from fairlead.ui.api import refused

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
LOOPBACK: Final = frozenset({"127.0.0.1", "::1"})
PROXIED: Final = ("X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "Forwarded")

JOBS: Final = "fairlead_jobs"
OLDEST: Final = "fairlead_oldest_job_seconds"
LATE: Final = "fairlead_schedule_late_seconds"
WORKERS: Final = "fairlead_workers"
BEAT: Final = "fairlead_worker_beat_age_seconds"
MESSAGES: Final = "fairlead_open_messages"
INFO: Final = "fairlead_info"

COUNTERS: Final[dict[str, tuple[str, str, tuple[str, ...]]]] = {
    measuring.ENDED: ("fairlead_jobs_ended", "Jobs that ended.", ("org", "kind", "state")),
    measuring.SECONDS: ("fairlead_job_seconds", "Seconds from begin to end of such jobs.", ("org", "kind", "state")),
    measuring.ROWS: ("fairlead_rows", "Rows of ended jobs, by what became of them.", ("org", "kind", "outcome")),
    calls.CALLS: ("fairlead_calls", "Calls to either side, counted when it is closed.", ("org", "side", "outcome")),
}
"""Name of a measure → the family (its samples end with `_total`), its help, its labels."""
GAUGES: Final[dict[str, tuple[str, str, tuple[str, ...]]]] = {
    measuring.LAST_DONE: (
        "fairlead_last_done_timestamp_seconds",
        "When a job of this kind last came to a good end.",
        ("org", "kind"),
    ),
    calls.CALLS_LEFT: (
        "fairlead_salesforce_calls_left",
        "API calls of the org until Fairlead stops by itself, as last seen.",
        ("org",),
    ),
    calls.CALLS_LIMIT: ("fairlead_salesforce_calls_limit", "API calls of the org in 24 hours.", ("org",)),
}
OTHERS: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    JOBS: ("Jobs that have not ended.", ("org", "kind", "state")),
    OLDEST: ("Seconds for which the oldest of them is in its state.", ("org", "kind", "state")),
    LATE: ("Seconds since a schedule should have asked for its job.", ("org", "kind")),
    WORKERS: ("Workers that beat.", ()),
    BEAT: ("Seconds since the last beat of any worker.", ()),
    MESSAGES: ("Messages that nobody has resolved.", ("org",)),
    INFO: ("The version.", ("version",)),
}


class NotLetToMeasure(FixTheSettings):
    """The metrics were asked for without the token, or from elsewhere while there is none."""

    code = "FL-640"
    next_step = "Set FAIRLEAD_METRICS_TOKEN, and send it as `Authorization: Bearer …`."


def names() -> set[str]:
    """Every sample that may be shown: what a dashboard or an alert may ask for."""
    counters = {f"{name}_total" for name, _, _ in COUNTERS.values()}
    return counters | {name for name, _, _ in GAUGES.values()} | set(OTHERS)


@login_not_required
@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """The numbers as text; 401 or 403 for who may not see them."""
    if not _may(request):
        status = 401 if settings.FAIRLEAD_METRICS_TOKEN else 403
        return refused(NotLetToMeasure("The metrics are not shown to everybody."), status)
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Everything())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE)


def _may(request: HttpRequest) -> bool:
    token = settings.FAIRLEAD_METRICS_TOKEN
    if token:
        scheme, _, sent = request.headers.get("Authorization", "").partition(" ")
        return scheme.lower() == "bearer" and hmac.compare_digest(sent.strip().encode(), token.encode())
    # behind a proxy everybody seems to be on this machine
    return request.META.get("REMOTE_ADDR") in LOOPBACK and not any(name in request.headers for name in PROXIED)


class _Everything(Collector):
    """Reads all numbers once."""

    def collect(self) -> Iterable[Metric]:
        yield from _measured()
        waiting = queue.waiting()
        yield _gauge(JOBS, [((str(one.org), one.kind, one.state), one.count) for one in waiting])
        yield _gauge(OLDEST, [((str(one.org), one.kind, one.state), one.oldest) for one in waiting])
        yield _gauge(LATE, [((str(one.org), one.kind), one.late) for one in queue.due()])
        yield _gauge(WORKERS, [((), engine.living_workers(settings.FAIRLEAD_STALE_SECONDS))])
        beat = engine.last_beat()
        yield _gauge(BEAT, [] if beat is None else [((), beat)])
        open_ones = Message.objects.filter(state=MessageState.OPEN).order_by().values_list("org_id")
        rows = open_ones.annotate(many=Count("id")).values_list("org_id", "many")
        yield _gauge(MESSAGES, [((str(org),), many) for org, many in rows])
        yield _gauge(INFO, [((importlib.metadata.version("fairlead"),), 1)])


def _measured() -> Iterator[Metric]:
    families: dict[str, Metric] = {}
    for measure, (name, says, labels) in COUNTERS.items():
        families[measure] = CounterMetricFamily(name, says, labels=labels)
    for measure, (name, says, labels) in GAUGES.items():
        families[measure] = GaugeMetricFamily(name, says, labels=labels)
    shapes = {**COUNTERS, **GAUGES}
    for one in measures.every():
        if one.name in families:  # an older or newer version may have measured something else
            told = {"org": str(one.org), **one.labels}
            family = families[one.name]
            sample = family.name + ("_total" if one.name in COUNTERS else "")
            family.add_sample(sample, {label: told.get(label, "") for label in shapes[one.name][2]}, one.value)
    yield from families.values()


def _gauge(name: str, rows: Iterable[tuple[tuple[str, ...], float]]) -> GaugeMetricFamily:
    says, labels = OTHERS[name]
    family = GaugeMetricFamily(name, says, labels=labels)
    for values, value in rows:
        family.add_metric(values, value)
    return family
