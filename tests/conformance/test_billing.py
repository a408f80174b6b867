"""Billing against localstripe, a process of its own: customers, subscriptions, payments that fail and are mended, signed posts.

Checkout, portal, prices and sending again follow recorded shapes (`stripe_world`), which are assumed.
"""

import json
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import User
from django.test import Client

from fairlead.features.billing import at_stripe, flow, keeping, paying, rules
from fairlead.features.billing.at_stripe import Stripe
from fairlead.features.billing.models import Customer
from fairlead.features.billing.rules import Phase, Status
from fairlead.features.maintenance.listening import Listener
from fairlead.features.maintenance.models import Message
from fairlead.jobs.context import JobContext
from fairlead.jobs.models import Job
from fairlead.store.models import AuditEntry, Org
from fairlead.sync import known
from tests.conformance.stripe_world import BAD, GOOD, KEY, SECRET, World, stripe_world
from tests.faults.whole import Killed, Mortal

DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def stripe() -> Iterator[World]:
    with stripe_world() as world:
        yield world


@pytest.fixture
def org(transactional_db: None, stripe: World, settings: Any) -> Org:
    """An org of a deployment that bills; of its own at Stripe, whatever tests before made there."""
    settings.FAIRLEAD_STRIPE_SECRET_KEY = KEY
    settings.FAIRLEAD_STRIPE_WEBHOOK_SECRET = SECRET
    settings.FAIRLEAD_STRIPE_PLANS = ((2_500, "price_small"), (5_000, "price_large"))
    settings.FAIRLEAD_STRIPE_URL = stripe.url
    known.provide(lambda org_id: [])
    stripe.answers.clear()
    stripe.sent.clear()
    made = Org.objects.create(name="Customer")
    keeping.row_of(made)
    return made


def look(org: Org, dies_at: int = 0, **args: Any) -> Job:
    """One run of the job, as a worker runs it; gives its row. It may die at its `dies_at`-th word."""
    job = Job.objects.create(org=org, kind="billing", state="running", attempt=1, args=args)
    context = Mortal(job, dies_at) if dies_at else JobContext(job)

    async def attempt() -> None:
        try:
            await flow.run(context)
        finally:
            if not dies_at:
                await context.close()

    try:
        async_to_sync(attempt)()
    finally:
        Job.objects.filter(pk=job.pk).update(state="done")
    job.refresh_from_db()
    Listener().ended(job, None)
    Listener().ended(job, None)
    return job


def said(job: Job) -> dict[str, str]:
    """The codes that the stages of a job told."""
    return {stage["name"]: stage["code"] for stage in job.stages if stage.get("code")}


def messages(org: Org) -> set[str]:
    """Codes of what Maintenance shows as open."""
    return set(Message.objects.filter(org=org, state="open").values_list("code", flat=True))


def customer(org: Org) -> str:
    """The org's customer at Stripe, made where there is none."""
    return keeping.row_of(org).customer or keeping.note_customer(org, Stripe().make_customer(org.pk))


def past(org: Org, days: int) -> None:
    """So many days pass for what is kept of an org."""
    row = keeping.row_of(org)
    for name in ("began_at", "owing_since", "read_at"):
        moment = getattr(row, name)
        setattr(row, name, moment - days * DAY if moment else None)
    row.save()


def test_a_customer_is_made_once_also_when_the_answer_is_lost(org: Org, stripe: World) -> None:
    before = len(stripe.customers())
    stripe.lose.add("/v1/customers")
    with pytest.raises(at_stripe.StripeUnavailable):
        customer(org)
    assert keeping.row_of(org).customer == ""
    made = customer(org)
    assert len(stripe.customers()) == before + 1
    assert Stripe().make_customer(org.pk) == made
    told = next(one for one in stripe.customers() if one["id"] == made)
    assert (told["email"], told["name"], told["phone"]) == (None, None, None)


def test_nobody_at_stripe_is_on_trial_and_stripe_is_not_asked(org: Org, stripe: World) -> None:
    stripe.calls.clear()
    job = look(org)
    assert said(job) == {}
    assert keeping.phase_of(keeping.row_of(org)) is Phase.TRIAL
    assert stripe.calls == []
    past(org, 15)
    job = look(org)
    assert said(job) == {"standing": "FL-666"}
    assert keeping.phase_of(keeping.row_of(org)) is Phase.GRACE


def test_subscribing_leads_to_one_checkout_and_then_to_the_portal(org: Org, stripe: World) -> None:
    """Twice in two windows is the same page of Stripe's; who has subscribed is led to the portal instead."""
    first = paying.subscribe(org, "admin")
    assert paying.subscribe(org, "admin") == first
    name = first.rpartition("/")[2]
    asked = stripe.sessions[name]
    assert asked["line_items[0][price]"] == "price_small"
    assert asked["success_url"].endswith("/billing/?back=stripe")
    left = datetime.fromtimestamp(int(asked["subscription_data[trial_end]"]), UTC) - datetime.now(UTC)
    assert timedelta(days=13) < left <= timedelta(days=14)
    stripe.subscribe(customer(org), "price_small")
    assert "portal" in paying.subscribe(org, "admin")
    assert "portal" in paying.portal(org, "admin")
    assert set(AuditEntry.objects.filter(org=org).values_list("what", flat=True)) == {
        "subscribe",
        "open customer portal",
    }


def test_a_payment_fails_and_is_mended(org: Org, stripe: World) -> None:
    """Paid, failing with grace, paused, paid again: each from what Stripe says then, and nothing else."""
    subscription = stripe.subscribe(customer(org), "price_small")
    look(org)
    row = keeping.row_of(org)
    assert (row.subscription, row.status, row.price) == (subscription, "active", "price_small")
    assert row.renews_at is not None
    assert keeping.phase_of(row) is Phase.PAID

    stripe.pay_by(row.customer, BAD)
    stripe.next_month(row.customer, subscription)
    assert said(look(org)) == {"standing": "FL-665"}
    assert keeping.phase_of(keeping.row_of(org)) is Phase.GRACE
    assert not keeping.paused(org.pk)
    past(org, 14)
    assert not keeping.paused(org.pk)
    assert said(look(org)) == {"standing": "FL-667"}
    assert keeping.paused(org.pk)
    assert messages(org) == {"FL-667"}

    stripe.mend(row.customer)
    assert said(look(org)) == {}
    assert messages(org) == set()
    assert not keeping.paused(org.pk)
    assert keeping.phase_of(keeping.row_of(org)) is Phase.PAID


def test_while_stripe_is_away_nobody_is_paused_and_people_are_counted(org: Org, stripe: World) -> None:
    subscription = stripe.subscribe(customer(org), "price_small")
    stripe.pay_by(customer(org), BAD)
    stripe.next_month(customer(org), subscription)
    look(org)
    past(org, 20)
    Customer.objects.filter(org=org).update(counted_at=None)
    stripe.down = True
    try:
        with pytest.raises(at_stripe.StripeUnavailable):
            look(org)
    finally:
        stripe.down = False
    job = Job.objects.filter(org=org).latest("pk")
    assert said(job) == {"payment": "FL-662", "standing": "FL-665"}
    assert not keeping.paused(org.pk)
    assert keeping.row_of(org).counted_at is not None
    look(org)
    assert keeping.paused(org.pk)


def test_the_plan_follows_the_count(org: Org, stripe: World) -> None:
    """Up and down, each move once; what is beyond the largest plan is said and goes on."""
    stripe.subscribe(customer(org), "price_small")
    for people, price, codes in (
        (3_000, "price_large", {}),
        (9_000, "price_large", {"plan": "FL-669"}),
        (10, "price_small", {}),
    ):
        fresh = rules.Counted(datetime.now(UTC), datetime.now(UTC), b"")
        keeping.note_count(org, people, 1, fresh, lambda: None)
        assert said(look(org)) == codes
        assert keeping.row_of(org).price == price
        assert rules.chosen(Stripe().subscriptions(customer(org))).price == price  # type: ignore[union-attr]
    moves = AuditEntry.objects.filter(org=org, what="change plan").order_by("id").values_list("before", "after")
    assert list(moves) == [("price_small", "price_large"), ("price_large", "price_small")]


def test_killed_anywhere_and_begun_again_is_never_killed(org: Org, stripe: World) -> None:
    """At each word of a run that moves the plan: what is there in the end is the same, at Stripe and here."""
    subscription = stripe.subscribe(customer(org), "price_small")
    customers, killed = len(stripe.customers()), 0
    for dies_at in range(1, 30):
        people, price = (3_000, "price_large") if dies_at % 2 else (10, "price_small")
        fresh = rules.Counted(datetime.now(UTC), datetime.now(UTC), b"")
        keeping.note_count(org, people, 1, fresh, lambda: None)
        try:
            look(org, dies_at)
        except Killed:
            killed += 1
            look(org)
        else:
            break
        row, found = keeping.row_of(org), Stripe().subscriptions(customer(org))
        assert [(one.id, one.price) for one in found] == [(subscription, price)]
        assert (row.price, row.people, row.owing) == (price, people, "")
    assert killed >= 10
    assert len(stripe.customers()) == customers


def test_several_subscriptions_are_told_and_one_counts(org: Org, stripe: World) -> None:
    stripe.subscribe(customer(org), "price_small")
    stripe.subscribe(customer(org), "price_large")
    assert said(look(org)) == {"payment": "FL-668"}
    assert keeping.row_of(org).status == Status.ACTIVE


def test_invoices_are_listed_with_their_links_and_sent_again_to_their_owner_only(org: Org, stripe: World) -> None:
    stripe.subscribe(customer(org), "price_small")
    browser = Client()
    browser.force_login(User.objects.create_superuser("admin"))
    found = Stripe().invoices(customer(org))
    assert [(one.status, one.amount, one.currency) for one in found] == [("paid", 800, "EUR")]
    assert found[0].pdf.endswith("/pdf")
    paying.send_again(org, found[0].id, "admin")
    assert stripe.sent == [found[0].id]

    other = Stripe().make_customer(org.pk + 1_000)
    stripe.subscribe(other, "price_small")
    for strange in (Stripe().invoices(other)[0].id, "in_nothing"):
        with pytest.raises(at_stripe.NoSuchInvoice):
            paying.send_again(org, strange, "admin")
    assert stripe.sent == [found[0].id]
    assert {price.id: price.amount for price in Stripe().prices(["price_small", "price_large"]).values()} == {
        "price_small": 800,
        "price_large": 1500,
    }


def test_the_page_lists_invoices_and_prices(org: Org, stripe: World) -> None:
    """The first org is the one whose page is shown."""
    Org.objects.exclude(pk=org.pk).delete()
    stripe.subscribe(customer(org), "price_small")
    browser = Client()
    browser.force_login(User.objects.create_superuser("admin"))
    part = browser.get("/billing/bills/", headers={"hx-request": "true"}).text
    assert part.count("8.00 EUR") == 2
    assert "15.00 EUR / month" in part
    assert "/pdf" in part
    lead = browser.post("/billing/portal/")
    assert lead["Refresh"].startswith(f"0; url={stripe.url}/pages/billing_portal")
    assert "Go on to Stripe" in lead.text


def test_a_wrong_key_and_a_wrong_price_are_told_apart(org: Org, stripe: World, settings: Any) -> None:
    """Stripe's own texts are not repeated: they may name a person."""
    with pytest.raises(at_stripe.StripeRefused, match=r"read a price"):
        Stripe().prices(["price_nothing"])
    settings.FAIRLEAD_STRIPE_SECRET_KEY = "wrong"
    with pytest.raises(at_stripe.StripeSignIn):
        Stripe().subscriptions("cus_1")


def test_what_localstripe_posts_is_signed_as_we_read_it(org: Org, stripe: World) -> None:
    """A real post of the separate process: kept as it came, and taken by the door."""
    mine = customer(org)
    got: list[tuple[bytes, str]] = []
    arrived = threading.Event()

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            ours = rules.customer_of(json.loads(body)) == mine  # what earlier tests did is posted a second later
            if ours:
                got.append((body, self.headers["Stripe-Signature"]))
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()
            if ours:
                arrived.set()

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing is logged."""

    server = HTTPServer(("127.0.0.1", 0), Door)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        stripe.post_to(f"http://127.0.0.1:{server.server_address[1]}/")
        stripe.subscribe(mine, "price_small", GOOD)
        assert arrived.wait(60)
    finally:
        server.shutdown()
        server.server_close()
    body, header = got[0]
    assert rules.signed(body, header, SECRET, datetime.now(UTC))
    answer = Client(headers={"stripe-signature": header}).post(
        "/billing/stripe/", body, content_type="application/json"
    )
    assert answer.status_code == 200
    assert Job.objects.filter(org=org, requested_by="Stripe").count() == 1


@pytest.fixture(autouse=True)
def as_recorded(stripe: World) -> Callable[[], None]:
    """No fault of one test reaches the next."""
    stripe.lose.clear()
    stripe.down = False
    return stripe.lose.clear
