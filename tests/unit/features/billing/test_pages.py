"""The billing page, its acts and banners; the door for Stripe; the pause of schedules."""

import hashlib
import hmac
import json
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from fairlead.features.billing import keeping, rules
from fairlead.features.billing.models import Customer
from fairlead.features.billing.rules import Phase, Status
from fairlead.features.import_wizard import running
from fairlead.features.import_wizard.models import Import
from fairlead.features.maintenance.rules import place_of
from fairlead.jobs import pausing, schedules
from fairlead.jobs.models import Job, Schedule
from fairlead.store.models import Org
from fairlead.ui.access import SESSION_ROLE, Role
from tests.unit.features.billing.conftest import SECRET

HOUR = timedelta(hours=1)


def post(body: bytes, *, secret: str = SECRET, at: float = 0, header: str | None = None) -> int:
    seconds = int(time.time() + at)
    made = hmac.new(secret.encode(), f"{seconds}.".encode() + body, hashlib.sha256).hexdigest()
    sent = {"stripe-signature": f"t={seconds},v1={made}" if header is None else header}
    browser = Client(enforce_csrf_checks=True, headers=sent)
    return browser.post("/billing/stripe/", body, content_type="application/json").status_code


def event(customer: str, kind: str = "invoice.payment_failed") -> bytes:
    return json.dumps({"type": kind, "data": {"object": {"object": "invoice", "customer": customer}}}).encode()


def test_a_self_hoster_has_nothing_to_pay_and_loads_nothing_of_stripe() -> None:
    """Wired, ticked, its page drawn and its commands known: neither Stripe's library nor what speaks to it is loaded."""
    code = (
        "import os, sys, django\n"
        "django.setup()\n"
        "from django.test import RequestFactory\n"
        "from fairlead import wiring\n"
        "wiring.register_runners()\n"
        "from fairlead.features.billing import keeping, views, flow\n"
        "from fairlead.cli import main\n"
        "from datetime import datetime, UTC\n"
        "assert keeping.due(datetime.now(UTC)) == [] and keeping.banners(None) == [] and not keeping.paused(1)\n"
        "post = RequestFactory().post('/billing/stripe/', b'{}', content_type='application/json')\n"
        "assert views.stripe(post).status_code == 404\n"
        "print([name for name in sys.modules if name.split('.')[0] == 'stripe' or name.endswith(('at_stripe', 'paying'))])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout.strip().splitlines()[-1:] == ["[]"], done.stderr


def test_the_page_of_a_self_hoster_says_so_and_every_act_leads_back(admin: Client) -> None:
    assert "Self-hosted: nothing to pay." in admin.get("/billing/").text
    for act in ("subscribe", "portal", "count", "invoices/in_1/send"):
        answer = admin.post(f"/billing/{act}/", follow=True)
        assert answer.redirect_chain[-1][0] == "/billing/"
        assert "This Fairlead is self-hosted" in answer.text
    assert admin.get("/billing/bills/")["Location"] == "/billing/"
    assert not Job.objects.exists()
    assert not Customer.objects.exists()


def test_the_count_when_it_was_made_and_its_rule_are_on_the_page(admin: Client, org: Org, billed: Customer) -> None:
    before = admin.get("/billing/").text
    assert "Nobody has been counted yet." in before
    keeping.note_count(
        org, 3_210, 7, rules.Counted(datetime(2026, 3, 4, 5, 6, tzinfo=UTC), datetime.now(UTC), b""), int
    )
    page = admin.get("/billing/").text
    assert "3,210" in page
    assert 'datetime="2026-03-04T05:06' in page
    assert "One address counts once, on however many lists it is" in page
    assert "Up to 5,000 people" in page
    assert page.index("Up to 5,000 people") < page.index("Fits")
    assert ">Trial<" in page.replace("\n", "")


def test_a_deployment_without_plans_is_told_so(admin: Client, billed: Customer, settings: Any) -> None:
    settings.FAIRLEAD_STRIPE_PLANS = ()
    assert "FAIRLEAD_STRIPE_PLANS" in admin.get("/billing/").text
    answer = admin.post("/billing/count/", follow=True)
    assert "FAIRLEAD_STRIPE_PLANS is not" in answer.text


def test_who_may_only_look_sees_no_acts_and_no_invoices(admin: Client, billed: Customer) -> None:
    session = admin.session
    session[SESSION_ROLE] = int(Role.GUEST)
    session.save()
    page = admin.get("/billing/?back=stripe").text
    assert "Active people" in page
    assert "Subscribe" not in page
    assert "/billing/bills/" not in page
    assert not Job.objects.exists()


def test_coming_back_from_stripe_asks_for_a_look(admin: Client, billed: Customer) -> None:
    assert admin.get("/billing/?back=stripe")["Location"] == "/billing/"
    job = Job.objects.get()
    assert (job.kind, job.args) == ("billing", {})
    assert admin.post("/billing/count/").status_code == 302
    assert Job.objects.filter(args={"count": True}).count() == 1


def test_stripe_out_of_reach_is_said_on_the_page(admin: Client, billed: Customer) -> None:
    Customer.objects.update(customer="cus_1")
    part = admin.get("/billing/bills/", headers={"hx-request": "true"}).text
    assert "it does not answer at the moment" in part
    assert "FL-662" in part
    assert "<html" not in part
    assert "<html" in admin.get("/billing/bills/").text
    for act in ("subscribe", "portal", "invoices/in_1/send"):
        assert "it does not answer at the moment" in admin.post(f"/billing/{act}/", follow=True).text


def test_a_signed_post_asks_for_one_look_however_often_it_comes(org: Org, billed: Customer) -> None:
    """Again, late or in another order: each only has the subscription read as it is."""
    Customer.objects.update(customer="cus_1")
    bodies = [event("cus_1"), event("cus_1", "invoice.paid"), event("cus_1")]
    assert [post(body) for body in (*bodies, *reversed(bodies))] == [200] * 6
    job = Job.objects.get()
    assert (job.kind, job.args, job.requested_by) == ("billing", {}, "Stripe")


def test_what_is_about_others_is_taken_and_nothing_follows(billed: Customer) -> None:
    for body in (event("cus_2"), event(""), b"[]", b"{", event("cus_1", "payout.paid"), b"\xff"):
        assert post(body) == 200
    assert not Job.objects.exists()


def test_a_stranger_learns_nothing_at_the_door(billed: Customer, settings: Any) -> None:
    Customer.objects.update(customer="cus_1")
    body = event("cus_1")
    assert post(body, secret="whsec_other") == 404
    assert post(body, at=-3600) == 404
    assert post(body, header="") == 404
    assert post(b" " * 600_000) == 404
    assert Client().get("/billing/stripe/").status_code == 404
    settings.FAIRLEAD_STRIPE_WEBHOOK_SECRET = ""
    assert post(body, secret="") == 404
    assert not Job.objects.exists()


def test_our_reading_of_a_signature_is_that_of_stripes_own_library() -> None:
    """The same header, made by the library, is taken by both; changed, by neither."""
    stripe = pytest.importorskip("stripe")
    body = event("cus_1")
    signature = stripe.WebhookSignature._compute_signature(f"{int(time.time())}.{body.decode()}", SECRET)
    header = f"t={int(time.time())},v1={signature}"
    assert stripe.WebhookSignature.verify_header(body.decode(), header, SECRET, 300)
    assert rules.signed(body, header, SECRET, datetime.now(UTC))


def test_grace_and_pause_are_said_on_every_page_and_go_with_the_payment(
    admin: Client, org: Org, reads: Callable[..., Customer]
) -> None:
    reads(Status.ACTIVE)
    assert keeping.banners(org) == []
    reads(Status.PAST_DUE)
    page = admin.get("/help/").text
    assert "The last payment failed. Schedules go on until" in page
    assert 'href="/billing/"' in page
    reads(Status.PAST_DUE, days=14)
    assert "Schedules are paused: payment is due since" in admin.get("/help/").text
    assert "Schedules paused" in admin.get("/billing/").text
    reads(Status.ACTIVE, days=15)
    assert "payment is due" not in admin.get("/help/").text
    assert keeping.banners(org) == []


def test_a_pause_lets_what_is_due_wait_and_changes_no_schedule(org: Org, reads: Callable[..., Customer]) -> None:
    """When it is paid, what was missed is made up for once; a job under way is never touched."""
    now = datetime.now(UTC)
    schedules.set_frequency(org, "primary_sync", "hourly", "admin", now=now - 5 * HOUR)
    running = Job.objects.create(org=org, kind="opt_status", state="running", attempt=1)
    owner = Import.objects.create(
        org=org, name="People", client="c1", list_id="abc", kind="soql", hours=list(range(24)), days=list(range(7)),
        next_run_at=now - HOUR,
    )  # fmt: skip
    before = Schedule.objects.values().get()
    reads(Status.PAST_DUE)
    reads(Status.PAST_DUE, days=14)
    assert pausing.paused(org.pk)
    Customer.objects.update(look_at=now + HOUR)

    assert schedules.tick(now) == []
    assert running.pk and Job.objects.get(pk=running.pk).state == "running"
    assert Schedule.objects.values().get() == before
    assert Import.objects.get().next_run_at == owner.next_run_at

    reads(Status.ACTIVE, days=15)
    Customer.objects.update(look_at=now + HOUR)
    assert sorted(job.kind for job in schedules.tick(now)) == sorted(["primary_sync", running_kind()])
    assert schedules.tick(now) == []


def running_kind() -> str:
    """The kind of job of an import."""
    return running.KIND


def test_looks_are_asked_for_by_themselves_also_while_schedules_are_paused(
    org: Org, reads: Callable[..., Customer]
) -> None:
    """Else nobody would hear of a payment whose post was lost."""
    reads(Status.UNPAID)
    row = reads(Status.UNPAID, days=14)
    assert row.look_at is not None
    assert keeping.phase_of(row) is Phase.PAUSED
    assert keeping.due(row.look_at - timedelta(seconds=1)) == []
    assert [job.kind for job in keeping.due(row.look_at)] == ["billing"]
    assert keeping.due(row.look_at) == []


def test_an_org_that_nobody_has_looked_at_begins_its_trial(org: Org, billed: Customer) -> None:
    Customer.objects.all().delete()
    assert [job.org_id for job in keeping.due(datetime.now(UTC) + HOUR)] == [org.pk]
    assert keeping.phase_of(keeping.row_of(org)) is Phase.TRIAL


def test_messages_about_billing_lead_to_its_page() -> None:
    for failure in (rules.SchedulesPaused, rules.PaymentFailed, rules.BillingOff):
        place = place_of(failure.code)
        assert place is not None
        assert place.url == "billing"


def test_a_customer_is_noted_once(org: Org, billed: Customer) -> None:
    assert keeping.note_customer(org, "cus_1") == "cus_1"
    assert keeping.note_customer(org, "cus_2") == "cus_1"
