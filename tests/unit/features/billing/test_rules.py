"""What is decided about paying: plans, Stripe's word, grace and pause, signatures."""

import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlead.features.billing import rules
from fairlead.features.billing.rules import Counted, Owing, Phase, Plan, Standing, Status, Subscription

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
DAY = timedelta(days=1)
GRACE = 14 * DAY
SMALL, LARGE, ENDLESS = Plan("price_s", 2_500), Plan("price_l", 5_000), Plan("price_m")
PLANS = (SMALL, LARGE, ENDLESS)
STATUSES = st.sampled_from([None, *Status])
READINGS = st.lists(st.tuples(STATUSES, st.integers(1, 60 * 24 * 20)), max_size=12)
"""What Stripe says, and how many minutes after the reading before."""


def subscription(status: Status, made: int = 0, price: str = "price_s", **more: object) -> Subscription:
    return Subscription(f"sub_{status}_{made}", status, NOW + made * DAY, price, "si_1", **more)


def standings(readings: list[tuple[Status | None, int]], trial: timedelta = 14 * DAY) -> list[Standing]:
    """The standing after each reading."""
    kept, now, found = Standing(NOW + trial), NOW, []
    for status, minutes in readings:
        now += timedelta(minutes=minutes)
        kept = rules.read(kept, status, now)
        found.append(kept)
    return found


def test_the_smallest_plan_that_holds_all_is_chosen() -> None:
    assert [rules.plan_for(PLANS, people) for people in (0, 2_500, 2_501, 5_000, 5_001)] == [
        SMALL, SMALL, LARGE, LARGE, ENDLESS,
    ]  # fmt: skip


def test_too_many_people_keep_the_largest_plan_and_are_told() -> None:
    assert rules.plan_for((SMALL, LARGE), 9_999) == LARGE
    told = rules.beyond((SMALL, LARGE), 9_999)
    assert told is not None
    assert told.text == "9,999 people are active; the largest plan is for 5,000."
    assert rules.beyond(PLANS, 9_999) is None
    assert rules.beyond((SMALL, LARGE), 5_000) is None


def test_plans_are_read_from_the_deployment_and_missed_where_there_are_none() -> None:
    assert rules.plans_of([(2_500, "price_s"), (5_000, "price_l"), (0, "price_m")]) == PLANS
    with pytest.raises(rules.PlansMissing):
        rules.plans_of([])


def test_the_plan_follows_the_count_only_where_it_is_one_of_ours_and_paid() -> None:
    """A price of its own agreement, or a subscription that fails, is left alone."""
    assert rules.move_to(PLANS, 3_000, subscription(Status.ACTIVE)) == LARGE
    assert rules.move_to(PLANS, 100, subscription(Status.TRIALING, price="price_l")) == SMALL
    assert rules.move_to(PLANS, 100, subscription(Status.ACTIVE)) is None
    assert rules.move_to(PLANS, 3_000, subscription(Status.PAST_DUE)) is None
    assert rules.move_to(PLANS, 3_000, subscription(Status.ACTIVE, price="price_special")) is None
    assert rules.move_to(PLANS, 3_000, None) is None


@given(st.permutations([subscription(status, made) for status in Status for made in (0, 1)]))
def test_the_subscription_that_counts_does_not_depend_on_the_order(found: list[Subscription]) -> None:
    best = rules.chosen(found)
    assert best is not None
    assert best.status in rules.GOOD
    assert best.made_at == NOW + DAY
    left = [one for one in found if one.status not in rules.GOOD]
    failing = rules.chosen(left)
    assert failing is not None
    assert failing.status in rules.FAILED
    assert rules.living(found) == 8


def test_nobody_without_a_subscription_has_one_that_counts() -> None:
    assert rules.chosen([]) is None
    over = subscription(Status.CANCELED)
    assert rules.chosen([over, subscription(Status.INCOMPLETE)]) == subscription(Status.INCOMPLETE)
    assert rules.living([over]) == 0


def test_words_of_stripe_that_are_new_count_as_neither_paid_nor_failed() -> None:
    assert Status.of("past_due") is Status.PAST_DUE
    assert Status.of("resting") is Status.OTHER
    assert rules.owes(Status.OTHER, NOW, NOW - DAY) is Owing.NOTHING
    assert rules.owes(Status.OTHER, NOW, NOW) is Owing.PLAN


@given(READINGS)
def test_a_paid_reading_ends_whatever_was_before(readings: list[tuple[Status | None, int]]) -> None:
    """Resuming needs nobody: the first reading that says paid is enough, at once."""
    for good in rules.GOOD:
        kept = standings([*readings, (good, 1)])[-1]
        assert rules.phase(kept, GRACE) in (Phase.PAID, Phase.TRIAL)
        assert rules.problem(kept, GRACE) is None


@given(READINGS)
def test_nobody_is_paused_before_the_whole_grace_was_owed_without_a_break(
    readings: list[tuple[Status | None, int]],
) -> None:
    """Paused: every reading since `owing_since` said owed, and the last of them came after the grace."""
    found = standings(readings)
    for n, kept in enumerate(found):
        if rules.phase(kept, GRACE) is Phase.PAUSED:
            assert kept.read_at is not None
            assert kept.owing_since is not None
            assert kept.read_at - kept.owing_since >= GRACE
            since = [one for one in found[: n + 1] if one.read_at and one.read_at >= kept.owing_since]
            assert all(one.owing for one in since)


@given(READINGS)
def test_owed_without_a_break_leads_from_grace_to_pause_and_never_back(
    readings: list[tuple[Status | None, int]],
) -> None:
    owed = [(Status.PAST_DUE, minutes) for _, minutes in readings]
    phases = [rules.phase(kept, GRACE) for kept in standings(owed)]
    assert phases == sorted(phases, key=[Phase.GRACE, Phase.PAUSED].index)


@given(READINGS, STATUSES)
def test_reading_the_same_again_changes_nothing_but_the_time(
    readings: list[tuple[Status | None, int]], last: Status
) -> None:
    """A webhook that comes twice, or late, only has Stripe read again: what is owed since when stays."""
    once = standings([*readings, (last, 1)])[-1]
    assert once.read_at is not None
    twice = rules.read(once, last, once.read_at)
    assert twice == once


@given(READINGS)
def test_silence_of_stripe_never_pauses(readings: list[tuple[Status | None, int]]) -> None:
    """The phase follows from readings alone: no clock can turn it while Stripe is not reached."""
    for kept in standings(readings):
        until = rules.grace_until(kept, GRACE)
        if until is not None and kept.read_at is not None and kept.read_at < until:
            assert rules.phase(kept, GRACE) is Phase.GRACE


def test_the_trial_asks_for_nothing_and_its_end_for_a_plan() -> None:
    before, after = standings([(None, 60), (None, 60 * 24 * 15)])
    assert rules.phase(before, GRACE) is Phase.TRIAL
    assert rules.phase(after, GRACE) is Phase.GRACE
    told = rules.problem(after, GRACE)
    assert isinstance(told, rules.NothingSubscribed)
    assert "Schedules go on until 2026-04-02" in told.text


def test_what_is_owed_is_told_with_the_next_step() -> None:
    failing, paused = standings([(Status.PAST_DUE, 60), (Status.UNPAID, 60 * 24 * 14)])
    first, then = rules.problem(failing, GRACE), rules.problem(paused, GRACE)
    assert isinstance(first, rules.PaymentFailed)
    assert isinstance(then, rules.SchedulesPaused)
    assert then.text == "Schedules are paused: payment is due since 2026-03-04."
    assert rules.phase(standings([(Status.ACTIVE, 1)])[-1], GRACE) is Phase.PAID


def test_stripe_is_asked_sooner_where_something_is_owed_or_ends() -> None:
    trial = Standing(NOW + timedelta(hours=2))
    assert rules.look_at(trial, GRACE, NOW) == NOW + timedelta(hours=2)
    paid = Standing(NOW - DAY, Status.ACTIVE)
    assert rules.look_at(paid, GRACE, NOW) == NOW + rules.LOOK_EVERY
    owing = Standing(NOW - DAY, Status.PAST_DUE, Owing.PAYMENT, NOW - DAY)
    assert rules.look_at(owing, GRACE, NOW) == NOW + rules.LOOK_WHEN_OWING
    assert rules.look_at(owing, DAY + timedelta(minutes=5), NOW) == NOW + timedelta(minutes=5)
    assert rules.look_at(owing, timedelta(hours=1), NOW) == NOW + rules.LOOK_WHEN_OWING


def test_what_is_left_of_the_trial_goes_to_the_first_checkout_only() -> None:
    until = NOW + 5 * DAY
    assert rules.trial_for_checkout(until, 0, NOW) == until
    assert rules.trial_for_checkout(until, 1, NOW) is None
    assert rules.trial_for_checkout(NOW + 2 * DAY, 0, NOW) is None


def test_a_count_is_due_daily_and_holds_while_no_total_differs_for_a_week() -> None:
    before = Counted(NOW, NOW, b"same")
    assert rules.count_due(None, NOW)
    assert not rules.count_due(before, NOW + timedelta(hours=23))
    assert rules.count_due(before, NOW + DAY)
    assert rules.still_counts(before, b"same", NOW + 6 * DAY)
    assert not rules.still_counts(before, b"other", NOW + DAY)
    assert not rules.still_counts(before, b"same", NOW + 7 * DAY)
    assert not rules.still_counts(None, b"same", NOW)


SECRET = "whsec_0123456789"


def header(body: bytes, at: datetime = NOW, secret: str = SECRET) -> str:
    seconds = int(at.timestamp())
    made = hmac.new(secret.encode(), f"{seconds}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={seconds},v1={made}"


def test_what_stripe_signed_just_now_is_taken() -> None:
    body = b'{"type": "invoice.paid"}'
    good = header(body)
    assert rules.signed(body, good, SECRET, NOW)
    assert rules.signed(body, good.replace(",v1=", ",v0=00,v1=00,v1="), SECRET, NOW + rules.TOLERANCE)


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "t=",
        "t=abc,v1=00",
        "v1=00",
        "t=1,t=2,v1=00",
        "t=\u0663,v1=00",
        "t=9999999999999,v1=00",
        "t=-5,v1=00",
        ",,,",
        "t=1",
    ],
)
def test_a_header_that_is_none_is_refused(wrong: str) -> None:
    assert not rules.signed(b"{}", wrong, SECRET, NOW)


def test_what_was_changed_is_old_or_signed_by_others_is_refused() -> None:
    body = b'{"type": "invoice.paid"}'
    good = header(body)
    assert not rules.signed(body + b" ", good, SECRET, NOW)
    assert not rules.signed(body, header(body, secret="other"), SECRET, NOW)
    assert not rules.signed(body, good, SECRET, NOW + rules.TOLERANCE + timedelta(seconds=1))
    assert not rules.signed(body, good, SECRET, NOW - rules.TOLERANCE - timedelta(seconds=1))
    assert not rules.signed(body, header(body, secret=""), "", NOW)
    assert not rules.signed(body, f"t={int(NOW.timestamp())},v1=ü", SECRET, NOW)


@given(st.binary(max_size=200), st.text(max_size=60))
def test_no_header_of_a_stranger_is_taken(body: bytes, wrong: str) -> None:
    assert not rules.signed(body, wrong, SECRET, NOW)


def test_an_event_names_the_customer_or_is_of_no_interest() -> None:
    def event(kind: object, about: object) -> dict[str, object]:
        return {"type": kind, "data": {"object": about}}

    assert rules.customer_of(event("invoice.paid", {"object": "invoice", "customer": "cus_1"})) == "cus_1"
    assert rules.customer_of(event("customer.updated", {"object": "customer", "id": "cus_2"})) == "cus_2"
    for nothing in (
        None, [], {}, event("payout.paid", {"customer": "cus_1"}), event(1, {}), event("invoice.paid", None),
        event("invoice.paid", {"customer": {"id": "cus_1"}}), {"type": "invoice.paid", "data": []},
    ):  # fmt: skip
        assert rules.customer_of(nothing) == ""


def test_amounts_are_written_as_people_read_them() -> None:
    assert rules.money(123_450, "EUR") == "1,234.50 EUR"
    assert rules.money(1_500, "JPY") == "1,500 JPY"
    assert rules.money(None, "EUR") == ""


def test_every_phase_has_words_and_a_badge() -> None:
    assert set(rules.SAYS) == set(rules.BADGES) == set(Phase)
    assert rules.BillingOff().text.startswith("This Fairlead is self-hosted")
    assert rules.SeveralSubscriptions(2).text.startswith("There are 2")
