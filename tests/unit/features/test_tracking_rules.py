"""Which events look like the work of a machine, which are kept, and what is read together."""

from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import ip_network

import pytest

from fairlead.domain.activity import Activity
from fairlead.domain.failure import FixTheSettings, WaitAndRetry
from fairlead.domain.setting import Given
from fairlead.domain.tracking_plan import NEVER
from fairlead.features.tracking_history import flow, rules

SENT = "2026-03-10 09:00:00"
LATER = "2026-03-10 11:30:00"


@dataclass
class Columns:
    emails: list[str]
    dates: list[str]
    urls: list[str] = field(default_factory=list)
    ips: list[str] = field(default_factory=list)


def clicks(*events: tuple[str, str, str]) -> Columns:
    return Columns([who for who, _, _ in events], [at for _, at, _ in events], [url for _, _, url in events])


def suspicion(links: int = 3) -> rules.Suspicion:
    return rules.Suspicion((ip_network("203.0.113.0/24"), ip_network("2001:db8::/32")), links, SENT)


@pytest.mark.parametrize(
    ("ip", "machine"),
    [("203.0.113.9", True), ("2001:db8::1", True), ("198.51.100.1", False), ("", False), ("nonsense", False)],
)
def test_an_open_from_a_proxys_network_was_made_by_a_machine(ip: str, machine: bool) -> None:
    assert suspicion().opens(Columns(["ann@example.com"], [LATER], ips=[ip])) == [machine]


def test_many_different_links_within_a_minute_are_a_scanners() -> None:
    burst = [("Ann@example.com", LATER, f"https://www.example.com/{i}") for i in range(3)]
    assert suspicion().clicks(clicks(*burst)) == [True] * 3
    assert suspicion(4).clicks(clicks(*burst)) == [False] * 3


def test_the_same_link_many_times_or_other_minutes_or_other_people_are_no_burst() -> None:
    same = [("ann@example.com", LATER, "https://www.example.com/")] * 5
    spread = [("ann@example.com", f"2026-03-10 12:0{i}:00", f"https://www.example.com/{i}") for i in range(4)]
    several = [(f"p{i}@example.com", LATER, f"https://www.example.com/{i}") for i in range(4)]
    assert not any(suspicion().clicks(clicks(*same, *spread, *several)))


def test_a_burst_goes_on_over_the_edge_of_a_page() -> None:
    rule = suspicion()
    assert rule.clicks(clicks(("ann@example.com", LATER, "/1"), ("ann@example.com", LATER, "/2"))) == [False, False]
    assert rule.clicks(clicks(("ann@example.com", LATER, "/3"))) == [True]


def test_a_click_in_the_very_minute_of_sending_is_a_scanners() -> None:
    found = suspicion().clicks(
        clicks(("ann@example.com", SENT, "/1"), ("ann@example.com", "2026-03-10 09:01:00", "/1"))
    )
    assert found == [True, False]
    assert rules.Suspicion((), 3).clicks(clicks(("ann@example.com", SENT, "/1"))) == [False]


def test_the_published_networks_are_read_with_what_they_hold() -> None:
    assert rules.Suspicion(flow.proxies(), 3).opens(
        Columns(["a"] * 3, [LATER] * 3, ips=["17.58.1.1", "104.28.7.7", "192.0.2.1"])
    ) == [
        True,
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("chosen", "activity", "journey", "start"),
    [
        ({}, Activity.SENT, False, "2026-01-01 00:00"),
        ({"days_to_keep": 0}, Activity.SENT, False, NEVER),
        ({"types": ["Opened"]}, Activity.SENT, False, NEVER),
        ({"types": ["Opened"]}, Activity.OPENED, True, "2026-01-01 00:00"),
        ({"journeys": False}, Activity.OPENED, True, NEVER),
        ({"journeys": False}, Activity.OPENED, False, "2026-01-01 00:00"),
    ],
)
def test_what_is_kept_follows_the_settings(chosen: dict, activity: Activity, journey: bool, start: str) -> None:
    values = Given({(f"tracking_history.{name}", ""): value for name, value in chosen.items()})
    assert rules.write_from(values, "2026-01-01 00:00", activity, journey=journey) == start


def test_clicks_are_looked_at_when_opens_moved_if_the_counter_counts_people() -> None:
    seen = {"opens": 5, "clicks": 3}
    assert rules.may_have_moved("clicks", {"opens": 6, "clicks": 3}, seen, events=4)
    assert not rules.may_have_moved("clicks", {"opens": 6, "clicks": 3}, seen, events=3)
    assert not rules.may_have_moved("clicks", {"opens": 5, "clicks": 3}, seen, events=4)
    assert not rules.may_have_moved("opens", {"opens": 6}, seen, events=9)


def test_recipients_may_grow_for_two_days() -> None:
    assert not rules.has_settled(SENT, datetime(2026, 3, 11, 9, 0))
    assert rules.has_settled(SENT, datetime(2026, 3, 12, 9, 1))
    assert not rules.has_settled("", datetime(2026, 3, 12))


@dataclass
class Some:
    expected: int


def test_small_reports_share_a_group_and_large_ones_stand_alone() -> None:
    together, alone = rules.groups([Some(n) for n in (5, 9_000, 3, 2_000, 1_000, 900)], small=2_000)
    assert alone == [1]
    assert sorted(sorted(group) for group in together) == [[0, 2, 4, 5], [3]]
    assert len(rules.groups([Some(1)] * (rules.GROUP * 2 + 1))[0]) == 3
    assert rules.groups([]) == ([], [])


def test_the_failure_to_act_on_is_told_before_those_that_pass() -> None:
    passing, acting = WaitAndRetry("It is busy."), FixTheSettings("Mend it.")
    assert rules.the_one_to_tell([passing], 4) is passing
    told = rules.the_one_to_tell([passing, acting], 4)
    assert told is acting
    assert str(told).startswith("2 of 4 reports of e-mails did not come to their end; the first says: Mend it.")
