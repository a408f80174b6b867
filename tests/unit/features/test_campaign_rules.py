"""Whose figures are asked for, what moved, and how campaigns and journeys look as records."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from fairlead.campaignmonitor.campaigns import SentCampaign, Summary
from fairlead.campaignmonitor.journeys import JourneyDetails, JourneyEmail
from fairlead.features.campaigns import rules
from fairlead.salesforce import names

NOW = datetime(2026, 3, 10, 9, 30)
OLD = "2025-01-01 10:00:00"


def test_the_fields_are_those_of_the_org_but_for_those_of_other_hands() -> None:
    others = {"Salesforce_Campaign__c", "Suspicious_Opens__c", "Suspicious_Clicks__c"}
    assert set(names.CAMPAIGN_FIELDS) - set(rules.CAMPAIGN_FIELDS) == others
    assert rules.JOURNEY_FIELDS == names.JOURNEY_FIELDS
    assert rules.EMAIL_FIELDS == names.JOURNEY_EMAIL_FIELDS


def test_recent_campaigns_are_always_asked_and_so_is_who_never_was() -> None:
    assert rules.to_ask("c", "2026-03-01 10:00:00", "2026-03-10T09:29:00", NOW, 180)
    assert rules.to_ask("c", OLD, "", NOW, 180)


def test_a_campaign_is_not_old_before_it_is_so_in_every_time_zone() -> None:
    """It was sent by a wall clock that may be hours behind the one that is compared with."""
    sent = f"{NOW - timedelta(days=180, hours=9):%Y-%m-%d %H:%M:%S}"
    assert rules.to_ask("c", sent, f"{NOW - timedelta(minutes=1):%Y-%m-%dT%H:%M:%S}", NOW, 180)


@pytest.mark.parametrize("campaign", [f"{n:032x}" for n in range(24)])
def test_an_old_campaign_is_asked_once_a_day_whatever_the_pace_of_the_syncs(campaign: str) -> None:
    hourly = ["2026-03-08T00:00:00"]
    for hour in range(24, 72):
        now = datetime(2026, 3, 8 + hour // 24, hour % 24, 5)
        if rules.to_ask(campaign, OLD, hourly[-1], now, 180):
            hourly.append(f"{now:%Y-%m-%dT%H:%M:%S}")
    assert 2 <= len(hourly) - 1 <= 3
    assert rules.to_ask(campaign, OLD, "2026-03-09T03:00:00", datetime(2026, 3, 10, 3, 0), 180)


def test_old_campaigns_are_spread_over_the_hours() -> None:
    due = [
        sum(
            rules.to_ask(f"{n:032x}", OLD, f"2026-03-10T{hour:02}:01:00", datetime(2026, 3, 10, hour + 1, 1), 180)
            for n in range(240)
        )
        for hour in range(20)
    ]
    assert max(due) < 40


def test_what_moved_is_told_by_counters() -> None:
    figures = rules.counters(rules.figures_of(Summary(recipients=5, opens=3, clicks=0)))
    seen = {("m", "recipients"): 5, ("m", "opens"): 2}
    assert rules.moved("m", figures, seen) == {"opens"}
    assert rules.moved("m", figures, {}) == {"recipients", "opens"}
    assert rules.counters({}) == {}


def test_tags_that_do_not_fit_are_left_out_whole() -> None:
    assert rules.joined_tags(["a", "b"]) == "a; b"
    assert rules.joined_tags(["x" * 200, "y" * 200]) == "x" * 200


def test_campaigns_as_records_are_cut_to_what_fields_take() -> None:
    sent = SentCampaign("id", "n" * 99, "s" * 300, "f", "team@example.com", "r" * 90 + "@example.com", OLD, 5, ("a",))
    rows = rules.campaign_rows([sent], [{"Opens__c": 3}], ["2025-01-01T00:00:00.000Z"], "client", 7)
    record = dict(zip(rows.fields, next(rows.records()), strict=True))
    assert (len(record["Name"]), len(record["Subject__c"])) == (80, 255)
    assert (record["From_Email__c"], record["Reply_To__c"]) == ("team@example.com", "")
    assert (record["Opens__c"], record["Clicks__c"], record["Sync_Run__c"]) == ("3", "", "7")


def test_journeys_and_their_emails_as_records() -> None:
    journeys = [
        JourneyDetails("j", "Welcome", "On Subscription", "Odd", (JourneyEmail("e", "Hello", 9, 4, 3, 2, 1, 0),))
    ]
    (journey,) = rules.journey_rows(journeys, {"j": "l"}, 7).records()
    (email,) = rules.email_rows(journeys, 7).records()
    assert journey == ("j", "Welcome", "l", "", "On Subscription", "7")
    assert email == ("e", "Hello", "j", "9", "4", "3", "2", "0", "1", "7")
    assert rules.email_counters(journeys[0].emails[0])["bounces"] == 0


@dataclass
class Told:
    code: int


def test_a_campaign_that_is_not_there_is_told_from_one_that_cannot_be_read() -> None:
    assert rules.is_gone(Told(301))  # type: ignore[arg-type]
    assert not rules.is_gone(Told(500))  # type: ignore[arg-type]
    assert not rules.is_gone(None)


def test_an_opt_out_in_a_scanners_minute_is_to_be_reviewed() -> None:
    row = {"Email__c": "Ann@example.com", "Campaign__c": "a0", "Activity_Date__c": "2026-03-10T09:30:00.000+0000"}
    scanned = row | {"Email__c": "ann@example.com", "Activity_Date__c": "2026-03-10T09:30:59.000+0000"}
    assert rules.to_review([row], [scanned]) == [row]
    assert not rules.to_review([row], [scanned | {"Campaign__c": "a1"}])
    assert not rules.to_review([row], [scanned | {"Activity_Date__c": "2026-03-10T09:31:00.000+0000"}])


def test_a_rate_of_nothing_is_none() -> None:
    assert rules.rate(1, 0) is None
    assert rules.rate(None, 8) == 0
    assert rules.rate(2, 8) == 25
