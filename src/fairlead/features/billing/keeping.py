"""The row of an org as a customer, and what follows from it for pages and schedules. Plain Django; Stripe is not asked."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from fairlead.features.billing import rules
from fairlead.features.billing.models import Customer
from fairlead.features.billing.rules import Counted, Owing, Phase, Plan, Standing, Status, Subscription
from fairlead.jobs import api
from fairlead.jobs.models import Job
from fairlead.store import audit
from fairlead.store.models import Org
from fairlead.ui.banners import Banner


def on() -> bool:
    """Whether the deployment bills anybody. Read each time: nothing of Stripe's is loaded where it does not."""
    return bool(settings.FAIRLEAD_STRIPE_SECRET_KEY)


def check_on() -> None:
    """Raises BillingOff, or PlansMissing."""
    if not on():
        raise rules.BillingOff
    plans()


def plans() -> tuple[Plan, ...]:
    """The plans of the deployment. Raises PlansMissing."""
    return rules.plans_of(settings.FAIRLEAD_STRIPE_PLANS)


def grace() -> timedelta:
    """How long schedules go on unpaid."""
    return timedelta(days=settings.FAIRLEAD_BILLING_GRACE_DAYS)


def row_of(org: Org) -> Customer:
    """The org's row; made at the first time, with which its trial begins."""
    now = timezone.now()
    return Customer.objects.get_or_create(org=org, defaults={"began_at": now, "look_at": now})[0]


def standing_of(row: Customer) -> Standing:
    """What rules decide by."""
    return Standing(
        trial_until=row.began_at + timedelta(days=settings.FAIRLEAD_BILLING_TRIAL_DAYS),
        status=Status.of(row.status) if row.status else None,
        owing=Owing(row.owing),
        owing_since=row.owing_since,
        read_at=row.read_at,
    )


def phase_of(row: Customer) -> Phase:
    """Where the org stands."""
    return rules.phase(standing_of(row), grace())


def still_paid(org: Org) -> str | None:
    """Says that the org's subscription goes on at Stripe; None where there is none, or where it ends by itself."""
    row = Customer.objects.filter(org=org, ends_at=None).first()
    if row is None or not row.subscription or Status.of(row.status) not in rules.GOOD | rules.FAILED:
        return None
    return "Its subscription goes on: cancel that on the page Billing first."


def counted(row: Customer) -> Counted | None:
    """The last count; None before the first."""
    if row.counted_at is None or row.whole_at is None:
        return None
    return Counted(row.counted_at, row.whole_at, bytes(row.totals))


def note_reading(org: Org, found: Subscription | None, now: datetime, fence: Callable[[], None]) -> Standing:
    """Keep what was read at Stripe. Raises for a stale attempt of the job."""
    with transaction.atomic():
        fence()
        row = Customer.objects.select_for_update(no_key=True).get(org=org)
        standing = rules.read(standing_of(row), found.status if found else None, now)
        row.subscription, row.price = (found.id, found.price) if found else ("", "")
        row.status, row.owing = standing.status or "", standing.owing
        row.renews_at, row.ends_at = (found.renews_at, found.ends_at) if found else (None, None)
        row.owing_since, row.read_at = standing.owing_since, now
        row.look_at = rules.look_at(standing, grace(), now)
        row.save()
    return standing


def note_count(org: Org, people: int, lists: int, before: Counted, fence: Callable[[], None]) -> None:
    """Keep a count. Raises for a stale attempt of the job."""
    with transaction.atomic():
        fence()
        kept = {"counted_at": before.at, "whole_at": before.whole_at, "totals": before.totals}
        Customer.objects.filter(org=org).update(people=people, lists=lists, **kept)


def note_move(org: Org, before: str, after: str, fence: Callable[[], None]) -> None:
    """Keep that the plan has followed the count. Raises for a stale attempt of the job."""
    with transaction.atomic():
        fence()
        Customer.objects.filter(org=org).update(price=after)
        audit.record(org, "Fairlead", "change plan", "billing", before=before, after=after)


def note_customer(org: Org, customer: str) -> str:
    """Keep the id that Stripe gave; gives the one that is kept, which is another where somebody was quicker."""
    Customer.objects.filter(org=org, customer="").update(customer=customer)
    return row_of(org).customer


def told(org: Org) -> dict[str, Any]:
    """The standing, the count and the plan for programs; moments in ISO with offset. Raises PlansMissing."""
    row = row_of(org)
    standing = standing_of(row)
    fits = rules.plan_for(plans(), row.people) if row.people is not None else None
    moments = {
        "trial_until": standing.trial_until,
        "owing_since": row.owing_since,
        "grace_until": rules.grace_until(standing, grace()),
        "renews_at": row.renews_at,
        "ends_at": row.ends_at,
        "read_at": row.read_at,
        "counted_at": row.counted_at,
    }
    return {
        "phase": phase_of(row).name.lower(),
        "schedules_paused": phase_of(row) is Phase.PAUSED,
        "status": row.status,
        "people": row.people,
        "lists": row.lists,
        "counting": rules.COUNTING,
        "price": row.price,
        "fitting_price": fits.price if fits else None,
        **{name: moment.isoformat() if moment else None for name, moment in moments.items()},
    }


def paused(org_id: int) -> bool:
    """Whether the org's schedules wait for a payment (`jobs.pausing.Reader`)."""
    if not on():
        return False
    row = Customer.objects.filter(org=org_id).first()
    return row is not None and phase_of(row) is Phase.PAUSED


def banners(org: Org) -> list[Banner]:
    """What every page says while something is owed."""
    row = Customer.objects.filter(org=org).first() if on() else None
    failure = rules.problem(standing_of(row), grace()) if row else None
    if row is None or failure is None:
        return []
    kind = "error" if phase_of(row) is Phase.PAUSED else "warning"
    return [Banner(failure.text, "billing", "Open billing", kind)]


def ask(org: Org, by: str, *, count: bool = False) -> Job:
    """Ask for a look at Stripe; `count`: and for a count of people, due or not."""
    return api.ask(org, rules.KIND, args={"count": True} if count else {}, by=by)


def due(now: datetime) -> list[Job]:
    """Ask for the looks that are due. Several workers may call it at once."""
    if not on():
        return []
    for org in Org.objects.filter(customer=None):
        row_of(org)
    asked = []
    for row in Customer.objects.filter(look_at__lte=now).select_related("org").order_by("look_at", "id"):
        with transaction.atomic():
            mine = Customer.objects.filter(pk=row.pk, look_at=row.look_at)
            if mine.update(look_at=now + rules.LOOK_WHEN_OWING):
                asked.append(ask(row.org, "schedule"))
    return asked
