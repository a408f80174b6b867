"""What is decided about paying: the plan that fits, what Stripe's word means, how long the grace lasts. Pure.

Moments are aware. A customer's standing follows from what was last read at Stripe, never from the order in which news came.
"""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from fairlead.domain.failure import Failure, FixTheSettings

KIND: Final = "billing"
TITLE: Final = "Look at the subscription and count people"

COUNT_EVERY: Final = timedelta(days=1)
WHOLE_EVERY: Final = timedelta(days=7)
LOOK_EVERY: Final = timedelta(hours=6)
LOOK_WHEN_OWING: Final = timedelta(hours=1)
TOLERANCE: Final = timedelta(minutes=5)
"""How old a signed post may be; Stripe signs each delivery anew."""
SHORTEST_TRIAL: Final = timedelta(hours=49)
"""A trial that Checkout is told of ends 48 hours later or more (Stripe's reference, `subscription_data.trial_end`)."""

COUNTING: Final = (
    "Active people on all lists of the clients that are synced. One address counts once, on however many lists it is; "
    "who is unconfirmed, unsubscribed, bounced or deleted does not count."
)


class BillingOff(FixTheSettings):
    """Somebody asks what is to be paid where Fairlead is self-hosted."""

    code = "FL-660"
    next_step = "Nothing need be done. Whoever runs Fairlead for others sets FAIRLEAD_STRIPE_SECRET_KEY."

    def __init__(self) -> None:
        super().__init__("This Fairlead is self-hosted: there is nothing to pay.")


class PlansMissing(FixTheSettings):
    """There is a key of Stripe, and no plan."""

    code = "FL-661"
    next_step = "Set FAIRLEAD_STRIPE_PLANS, for example to 2500=price_1,5000=price_2, then start Fairlead again."

    def __init__(self) -> None:
        super().__init__("FAIRLEAD_STRIPE_SECRET_KEY is set, and FAIRLEAD_STRIPE_PLANS is not.")


class PaymentFailed(FixTheSettings):
    """A payment failed; schedules go on for the days of grace."""

    code = "FL-665"
    next_step = "Open Billing, choose “Card, address and payments at Stripe”, and put the card right."

    def __init__(self, until: datetime) -> None:
        super().__init__(f"The last payment failed. Schedules go on until {day(until)}.")


class NothingSubscribed(FixTheSettings):
    """The trial or the subscription has ended; schedules go on for the days of grace."""

    code = "FL-666"
    next_step = "Open Billing and choose “Subscribe”."

    def __init__(self, until: datetime) -> None:
        super().__init__(f"The trial or the subscription has ended. Schedules go on until {day(until)}.")


class SchedulesPaused(FixTheSettings):
    """The grace has ended unpaid: schedules wait. Nothing is lost, and they resume by themselves."""

    code = "FL-667"
    next_step = "Open Billing and pay: schedules resume by themselves, and what was missed is made up for."

    def __init__(self, since: datetime) -> None:
        super().__init__(f"Schedules are paused: payment is due since {day(since)}.")


class SeveralSubscriptions(FixTheSettings):
    """The customer has more than one subscription that is paid for."""

    code = "FL-668"
    next_step = "Open Billing, choose “Card, address and payments at Stripe”, and cancel those that are not wanted."

    def __init__(self, count: int) -> None:
        super().__init__(f"There are {count} subscriptions at Stripe, and one is enough.")


class BeyondPlans(FixTheSettings):
    """More people are active than the largest plan holds. Everything goes on."""

    code = "FL-669"
    next_step = "Ask who runs this Fairlead for a larger plan. Nothing stops meanwhile."

    def __init__(self, people: int, most: int) -> None:
        super().__init__(f"{people:,} people are active; the largest plan is for {most:,}.")


@dataclass(frozen=True, slots=True)
class Plan:
    """A price at Stripe, for at most so many people; None: for any number."""

    price: str
    most: int | None = None


def plans_of(rows: Sequence[tuple[int, str]]) -> tuple[Plan, ...]:
    """The plans as the deployment sets them, upwards. Raises PlansMissing."""
    if not rows:
        raise PlansMissing
    return tuple(Plan(price, most or None) for most, price in rows)


def plan_for(plans: Sequence[Plan], people: int) -> Plan:
    """The smallest plan that holds so many people; the largest where none does."""
    return next((plan for plan in plans if plan.most is None or people <= plan.most), plans[-1])


def beyond(plans: Sequence[Plan], people: int) -> BeyondPlans | None:
    """What is to be said where no plan holds so many."""
    most = plans[-1].most
    return BeyondPlans(people, most) if most is not None and people > most else None


class Status(StrEnum):
    """How a subscription stands at Stripe; a word that is not known counts as OTHER."""

    TRIALING = "trialing"
    ACTIVE = "active"
    PAST_DUE = "past_due"
    UNPAID = "unpaid"
    INCOMPLETE = "incomplete"
    PAUSED = "paused"
    INCOMPLETE_EXPIRED = "incomplete_expired"
    CANCELED = "canceled"
    OTHER = "other"

    @classmethod
    def of(cls, word: str) -> "Status":
        """The status that Stripe calls so."""
        return cls(word) if word in set(cls) else cls.OTHER


GOOD: Final = frozenset({Status.TRIALING, Status.ACTIVE})
FAILED: Final = frozenset({Status.PAST_DUE, Status.UNPAID})
OVER: Final = frozenset({Status.CANCELED, Status.INCOMPLETE_EXPIRED})


@dataclass(frozen=True, slots=True)
class Subscription:
    """One subscription as it was read. `made_at` is Stripe's own clock; `ends_at` of one that was cancelled for later."""

    id: str
    status: Status
    made_at: datetime
    price: str = ""
    item: str = ""
    renews_at: datetime | None = None
    ends_at: datetime | None = None


def chosen(found: Sequence[Subscription]) -> Subscription | None:
    """The subscription that counts: one that is paid for before one that fails, that before one that is over; the newest."""
    ranks = {status: rank for rank, group in enumerate((OVER, FAILED, GOOD)) for status in group}
    # between what is over and what fails: not begun
    return max(found, key=lambda one: (ranks.get(one.status, 0.5), one.made_at, one.id), default=None)


def living(found: Sequence[Subscription]) -> int:
    """How many subscriptions will be charged for."""
    return sum(one.status in GOOD | FAILED for one in found)


def move_to(plans: Sequence[Plan], people: int, found: Subscription | None) -> Plan | None:
    """The plan that a subscription is to be moved to; None where it fits, fails, or has a price of its own agreement."""
    if found is None or found.status not in GOOD or found.price not in {plan.price for plan in plans}:
        return None
    fits = plan_for(plans, people)
    return fits if fits.price != found.price else None


class Owing(StrEnum):
    """Why something is owed."""

    NOTHING = ""
    PAYMENT = "payment"
    PLAN = "plan"


class Phase(StrEnum):
    """Where a customer stands, in the words of the page."""

    TRIAL = "Trial"
    PAID = "Paid"
    GRACE = "Payment due"
    PAUSED = "Schedules paused"


@dataclass(frozen=True, slots=True)
class Standing:
    """What is kept of a customer. `owing_since`: when it was first read that something is owed; `read_at`: the last reading."""

    trial_until: datetime
    status: Status | None = None
    owing: Owing = Owing.NOTHING
    owing_since: datetime | None = None
    read_at: datetime | None = None


def owes(status: Status | None, trial_until: datetime, now: datetime) -> Owing:
    """What is owed by a reading. Before the trial ends nobody has to have subscribed."""
    if status in GOOD:
        return Owing.NOTHING
    if status in FAILED:
        return Owing.PAYMENT
    return Owing.PLAN if now >= trial_until else Owing.NOTHING


def read(kept: Standing, status: Status | None, now: datetime) -> Standing:
    """The standing after a reading at `now`. What was read before counts for one thing only: since when something is owed."""
    owing = owes(status, kept.trial_until, now)
    since = (kept.owing_since or now) if owing else None
    return replace(kept, status=status, owing=owing, owing_since=since, read_at=now)


def grace_until(kept: Standing, grace: timedelta) -> datetime | None:
    """When the grace ends; None where nothing is owed."""
    return kept.owing_since + grace if kept.owing_since else None


def phase(kept: Standing, grace: timedelta) -> Phase:
    """Where the customer stands. Only a reading after the end of the grace pauses: silence of Stripe never does."""
    until = grace_until(kept, grace)
    if until is None:
        return Phase.PAID if kept.status is Status.ACTIVE else Phase.TRIAL
    return Phase.PAUSED if kept.read_at is not None and kept.read_at >= until else Phase.GRACE


def problem(kept: Standing, grace: timedelta) -> Failure | None:
    """What is to be said of the standing, with its next step."""
    until = grace_until(kept, grace)
    if until is None or kept.owing_since is None:
        return None
    if phase(kept, grace) is Phase.PAUSED:
        return SchedulesPaused(kept.owing_since)
    return PaymentFailed(until) if kept.owing is Owing.PAYMENT else NothingSubscribed(until)


def look_at(kept: Standing, grace: timedelta, now: datetime) -> datetime:
    """When Stripe is to be asked again, news or not: sooner where something is owed, and when the trial or grace ends."""
    until = grace_until(kept, grace)
    end = until or (kept.trial_until if kept.status not in GOOD else None)
    regular = now + (LOOK_WHEN_OWING if kept.owing else LOOK_EVERY)
    return min(regular, end) if end and end > now else regular


def trial_for_checkout(trial_until: datetime, ever: int, now: datetime) -> datetime | None:
    """What is left of the trial, for the first subscription; None where it is over, or too short to be told."""
    return trial_until if not ever and trial_until - now >= SHORTEST_TRIAL else None


@dataclass(frozen=True, slots=True)
class Counted:
    """An earlier count: when, when last person by person, and what the lists' own totals were then."""

    at: datetime
    whole_at: datetime
    totals: bytes


def count_due(before: Counted | None, now: datetime) -> bool:
    """Whether people are to be counted again."""
    return before is None or now - before.at >= COUNT_EVERY


def still_counts(before: Counted | None, totals: bytes, now: datetime) -> bool:
    """Whether an earlier count holds: no list's totals differ, and it is not too old to be trusted."""
    return before is not None and before.totals == totals and now - before.whole_at < WHOLE_EVERY


def signed(body: bytes, header: str, secret: str, now: datetime) -> bool:
    """Whether Stripe signed this post, not long ago: HMAC-SHA256 of `time.body`, one of the header's `v1` (Stripe's docs)."""
    parts = [part.partition("=") for part in header.split(",")]
    times = [value for name, _, value in parts if name.strip() == "t"]
    if not secret or len(times) != 1 or not times[0].isascii() or not times[0].isdigit() or len(times[0]) > 12:
        return False
    if abs(now.timestamp() - int(times[0])) > TOLERANCE.total_seconds():
        return False
    wanted = hmac.new(secret.encode(), times[0].encode() + b"." + body, hashlib.sha256).hexdigest().encode()
    given = [value.strip().encode() for name, _, value in parts if name.strip() == "v1"]
    return any(hmac.compare_digest(wanted, each) for each in given)


LOOK_FOR: Final = ("customer.", "invoice.", "checkout.session.")


def customer_of(event: Any) -> str:
    """The id of the customer whom an event is about; blank where it is of no interest. An event only says: look."""
    kind = event.get("type") if isinstance(event, dict) else None
    data = event.get("data") if isinstance(event, dict) else None
    about = data.get("object") if isinstance(data, dict) else None
    if not isinstance(kind, str) or not kind.startswith(LOOK_FOR) or not isinstance(about, dict):
        return ""
    customer = about.get("id") if about.get("object") == "customer" else about.get("customer")
    return customer if isinstance(customer, str) else ""


SAYS: Final = {
    Phase.TRIAL: "Nothing is to be paid until the trial ends.",
    Phase.PAID: "Everything is paid.",
    Phase.GRACE: "Something is due. Schedules go on until the grace ends; nothing that runs is stopped.",
    Phase.PAUSED: "Schedules wait for the payment. Settings and records stay, and what was missed is made up for.",
}
BADGES: Final = {Phase.TRIAL: "queued", Phase.PAID: "done", Phase.GRACE: "holding", Phase.PAUSED: "failed"}
"""Colours of the badge, by states of jobs."""


def money(amount: int | None, currency: str) -> str:
    """An amount in the smallest unit as people read it; what is not told is left open."""
    if amount is None:
        return ""
    whole = f"{amount:,}" if currency in NO_CENTS else f"{amount / 100:,.2f}"
    return f"{whole} {currency}"


NO_CENTS: Final = frozenset(
    ("BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF")
)
"""Currencies without a smaller unit (Stripe's docs, "zero-decimal currencies")."""


def day(moment: datetime) -> str:
    """As sentences name a day."""
    return f"{moment:%Y-%m-%d}"
