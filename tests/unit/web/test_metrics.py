"""Laws of the numbers for Prometheus: who sees them, what they count, and that nothing of people is among them."""

import asyncio
import re

import pytest
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from fairlead.features.connections import calls
from fairlead.features.maintenance import notes
from fairlead.features.maintenance.rules import Of, Seen
from fairlead.jobs import api, registry
from fairlead.jobs.models import Frequency, Job, Schedule
from fairlead.jobs.run import run
from fairlead.salesforce.limits import Budget, Limit
from fairlead.salesforce.transport import Call
from fairlead.store.models import Org
from fairlead.store.orgs import default_org
from fairlead.web import metrics

TOKEN = "a-token-for-prometheus"


def numbers(**headers: str) -> dict[tuple[str, ...], float]:
    """Every sample: its name and label values → its value."""
    answer = Client().get("/metrics", headers=headers)
    assert answer.status_code == 200, answer.text
    found = {}
    for family in text_string_to_metric_families(answer.text):
        for sample in family.samples:
            found[(sample.name, *(sample.labels[name] for name in sorted(sample.labels)))] = sample.value
    return found


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("header", "value"),
    [("X-Forwarded-For", "10.1.2.3"), ("X-Forwarded-Proto", "https"), ("Forwarded", "for=10.1.2.3")],
)
def test_without_a_token_nobody_behind_a_proxy_sees_them(header: str, value: str) -> None:
    """A proxy on the same machine makes everybody look near: then a token is wanted."""
    assert Client().get("/metrics").status_code == 200
    answer = Client().get("/metrics", headers={header: value})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "FL-640")
    assert Client().get("/metrics", REMOTE_ADDR="10.1.2.3").status_code == 403


@pytest.mark.django_db
def test_with_a_token_only_the_token_opens_them(settings) -> None:
    """From this machine, too."""
    settings.FAIRLEAD_METRICS_TOKEN = TOKEN
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Basic {TOKEN}"}):
        assert Client().get("/metrics", headers=headers).status_code == 401
    told = Client().get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}, REMOTE_ADDR="10.1.2.3")
    assert told.status_code == 200
    assert TOKEN not in told.text


@pytest.mark.django_db
def test_they_are_asked_by_any_address(settings) -> None:
    """A scraper knows a container by its number; no page is opened by it."""
    settings.FAIRLEAD_METRICS_TOKEN = TOKEN
    assert (
        Client().get("/metrics", headers={"Host": "10.1.2.3:8800", "Authorization": f"Bearer {TOKEN}"}).status_code
        == 200
    )
    assert Client().get("/healthz", headers={"Host": "10.1.2.3:8800"}).status_code == 200
    assert Client().get("/sign-in/", headers={"Host": "10.1.2.3:8800"}).status_code == 400


@pytest.mark.django_db(transaction=True)
def test_an_ended_job_counts_once_with_its_rows() -> None:
    """How it ended, how many rows became of what, and when a kind last did well."""

    async def runner(context):
        await context.counts(read=10, written=7, refused=3, cm_calls=99)

    registry.register("primary_sync", "Sync", runner)
    org = default_org()
    began = timezone.now().timestamp()
    for _ in range(2):
        job = api.ask(org, "primary_sync")
        asyncio.run(run(job.pk, delivery=job.engine_id))
        asyncio.run(run(job.pk, delivery=job.engine_id))  # a late delivery counts for nothing

    told = numbers()
    number = str(org.pk)
    assert told["fairlead_jobs_ended_total", "primary_sync", number, "done"] == 2
    assert told["fairlead_rows_total", "primary_sync", number, "written"] == 14
    assert told["fairlead_rows_total", "primary_sync", number, "refused"] == 6
    assert told["fairlead_last_done_timestamp_seconds", "primary_sync", number] >= began - 1
    assert told["fairlead_job_seconds_total", "primary_sync", number, "done"] >= 0
    assert not any("cm_calls" in key for key in told)


@pytest.mark.django_db(transaction=True)
async def test_calls_to_both_sides_are_counted_by_how_they_ended() -> None:
    """Who listened before still hears of each."""
    from asgiref.sync import sync_to_async

    heard: list[object] = []

    class Beside:
        def campaign_monitor_call(self, *call: object) -> None:
            heard.append(call)

        def salesforce_call(self, call: object) -> None:
            heard.append(call)

    org = await sync_to_async(default_org)()
    budget = Budget(0.5)
    budget.learn(Limit(1000, 900))
    counting = calls.Counting(org.pk, Beside())
    for status in (200, 201, 404, 429, 503, 0):
        counting.campaign_monitor_call("GET", "lists/{id}", status)
        counting.salesforce_call(Call("GET", "query", status, 0.1))
    await counting.write(budget)
    await counting.write(budget)  # nothing twice

    assert len(heard) == 12
    told = await sync_to_async(numbers)()
    number = str(org.pk)
    for side in ("campaign_monitor", "salesforce"):
        found = {how: told["fairlead_calls_total", number, how, side] for how in ("ok", "refused", "limited", "failed")}
        assert found == {"ok": 2, "refused": 1, "limited": 1, "failed": 1}
        assert told["fairlead_calls_total", number, "no_answer", side] == 1
    assert told["fairlead_salesforce_calls_left", number] == 400
    assert told["fairlead_salesforce_calls_limit", number] == 1000


@pytest.mark.django_db
def test_what_waits_and_what_is_late_is_told() -> None:
    """A queue that stands still, and a schedule that nobody keeps, are what somebody must be called for."""
    org = default_org()
    hour = timezone.now() - timezone.timedelta(hours=1)
    for state in ("holding", "holding", "running", "done"):
        job = Job.objects.create(org=org, kind="primary_sync", key=state, state=state, started_at=hour)
        Job.objects.filter(pk=job.pk).update(created_at=hour)
    Schedule.objects.create(org=org, kind="primary_sync", frequency=Frequency.DAILY, next_run_at=hour)
    notes.note(org, Seen(Of("primary_sync"), "FL-211", "It failed.", "Connect again."))

    told, number = numbers(), str(org.pk)
    assert told["fairlead_jobs", "primary_sync", number, "holding"] == 2
    assert told["fairlead_oldest_job_seconds", "primary_sync", number, "running"] == pytest.approx(3600, abs=60)
    assert told["fairlead_schedule_late_seconds", "primary_sync", number] == pytest.approx(3600, abs=60)
    assert told["fairlead_open_messages", number] == 1
    assert told["fairlead_workers",] == 0


@pytest.mark.django_db
def test_the_queries_are_few_however_much_there_is(django_assert_max_num_queries) -> None:
    """Asked every 15 seconds, it must cost nothing."""
    for name in "abc":
        org = Org.objects.create(name=name)
        Job.objects.bulk_create(Job(org=org, kind="primary_sync", state="done") for _ in range(20))
    with django_assert_max_num_queries(7):
        numbers()


@pytest.mark.django_db
def test_every_sample_is_one_that_dashboards_may_ask_for_and_none_names_a_person() -> None:
    """Labels are words of ours and numbers."""
    Org.objects.create(name="Ann Example ann@example.com")
    shown = Client().get("/metrics").text
    assert "example" not in shown
    declared = metrics.names()
    assert all(re.fullmatch(r"fairlead_[a-z_]+", name) for name in declared)
    assert {key[0] for key in numbers()} <= declared
