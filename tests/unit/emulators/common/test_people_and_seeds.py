"""Laws of the shared universe of people, and of the named seeds drawn from it."""

import re

import pytest

from fairlead_emulators import seeds
from fairlead_emulators.campaignmonitor.app import create
from fairlead_emulators.campaignmonitor.tracking.kept import RECIPIENT
from fairlead_emulators.clock import Clock
from fairlead_emulators.people import person

PEOPLE = [person(n) for n in range(25_000)]


def test_a_person_is_the_same_every_time():
    assert [person(n) for n in (0, 777, 24_999)] == [PEOPLE[0], PEOPLE[777], PEOPLE[24_999]]


def test_addresses_are_unique_whatever_their_case():
    assert len({each.email.lower() for each in PEOPLE}) == len(PEOPLE)


def test_addresses_are_well_formed_and_lead_nowhere():
    form = re.compile(r"[A-Za-z0-9.'+]{1,64}@([a-z]+\.)?example\.(com|org|net)", re.IGNORECASE)
    assert [each.email for each in PEOPLE if not form.fullmatch(each.email)] == []


def test_about_one_in_two_thousand_has_an_address_too_long_for_an_email_field():
    long = [len(each.email) for each in PEOPLE if len(each.email) > 80]
    assert 8 <= len(long) <= 18
    assert all(85 <= length <= 100 for length in long)


def test_phones_are_from_the_fictional_range():
    assert all(re.fullmatch(r"\+1\d{3}55501\d\d", each.phone) for each in PEOPLE)


@pytest.mark.parametrize(
    "awkward",
    [
        lambda each: not each.name.isascii(),
        lambda each: "'" in each.last,
        lambda each: '"' in each.first,
        lambda each: "+" in each.email,
        lambda each: each.email.isupper(),
        lambda each: "'" in each.email,
        lambda each: len(each.last) > 30,
    ],
    ids=["accent", "apostrophe", "quotes", "tag", "upper case", "apostrophe in address", "long name"],
)
def test_every_kind_of_awkwardness_occurs_and_none_is_the_rule(awkward):
    count = sum(map(awkward, PEOPLE))
    assert 10 <= count <= len(PEOPLE) - 5_000


def test_names_fit_the_fields_they_are_for():
    assert max(len(each.first) for each in PEOPLE) <= 40
    assert max(len(each.last) for each in PEOPLE) <= 80


def test_the_demo_has_25000_subscribers_in_3_zones_and_8_lists():
    clients = seeds.spec("demo", "campaign_monitor")["clients"]
    lists = [each for client in clients for each in client["lists"]]
    assert sum(count for each in lists for _, count in each["people"]) == 25_000
    assert len(lists) == 8
    assert len({client["time_zone"] for client in clients}) == len(clients) == 3


def test_the_million_is_one():
    clients = seeds.spec("million", "campaign_monitor")["clients"]
    spans = [span for client in clients for each in client["lists"] for span in each["people"]]
    assert sum(count for _, count in spans) == 1_000_000


def test_the_million_with_events_is_the_million_with_campaigns():
    bare, told = (seeds.spec(name, "campaign_monitor") for name in ("million", "million-events"))
    assert all(client.pop("campaigns") for client in told["clients"])
    assert told["clients"] == bare["clients"]
    assert seeds.spec("million-events", "salesforce") == seeds.spec("million", "salesforce") | {
        "name": "million-events"
    }


def test_the_million_with_events_leaves_five_of_them_for_each_subscriber():
    """Measured on a hundredth: what somebody does depends on the person and the mail, not on how many there are."""
    spec = seeds.spec("million-events", "campaign_monitor")
    for client in spec["clients"]:
        for each in client["lists"]:
            each["people"] = [[first, count // 100] for first, count in each["people"]]
    emulator = create(Clock())
    counts = emulator.seed(spec)
    done = emulator.store.db.execute("SELECT count(*) FROM tracked WHERE kind <> ?", (RECIPIENT,)).fetchone()[0]
    assert counts["subscribers"] == 10_000
    assert 5 <= done / counts["subscribers"] < 7


def test_the_demo_org_has_12000_contacts_and_6000_leads():
    org = seeds.spec("demo", "salesforce")
    assert sum(each["count"] for each in org["contacts"]) == 12_000
    assert sum(each["count"] for each in org["leads"]) == 6_000


@pytest.mark.parametrize(("name", "size"), [("demo", (25_000, 12_000, 6_000)), ("small", (1_200, 600, 300))])
def test_subscribers_meet_contacts_leads_both_and_nobody(name, size):
    """All four outcomes of matching occur, and persons with two records are among the subscribers."""
    account, org = seeds.spec(name, "campaign_monitor"), seeds.spec(name, "salesforce")
    spans = [tuple(span) for client in account["clients"] for on in client["lists"] for span in on["people"]]
    rows = [n for first, count in spans for n in range(first, first + count)]
    persons = set(rows)

    def covered(entries):
        return {n for each in entries for n in range(each["first"], each["first"] + each["count"])}

    contacts, leads = covered(org["contacts"]), covered(org["leads"])
    assert (
        len(rows),
        sum(each["count"] for each in org["contacts"]),
        sum(each["count"] for each in org["leads"]),
    ) == size
    assert len(persons) < len(rows), "duplicates over lists"
    assert persons & contacts - leads
    assert persons & leads - contacts
    assert persons & leads & contacts
    assert persons - leads - contacts
    assert persons & covered(each for each in org["contacts"] if each["second"])
    assert persons & covered(each for each in org["leads"] if "contact_of" in each)


def test_unknown_names_are_refused_with_the_known_ones():
    with pytest.raises(
        LookupError, match=r"'nope'.*'demo', 'empty', 'million', 'million-events', 'old-package', 'small'"
    ):
        seeds.spec("nope", "salesforce")
    with pytest.raises(LookupError, match="mailchimp"):
        seeds.spec("demo", "mailchimp")


def test_the_small_year_is_the_whole_one_in_small():
    """Both have lists of two clients in different zones, campaigns over a year, journeys with history, and an org that overlaps."""
    for name, lists, campaigns in (("year", 20, 60), ("year-small", 6, 8)):
        account, org = seeds.spec(name, "campaign_monitor"), seeds.spec(name, "salesforce")
        assert len({each["time_zone"] for each in account["clients"]}) == len(account["clients"]) == 2
        assert sum(len(each["lists"]) for each in account["clients"]) == lists
        sent = [one for each in account["clients"] for one in each["campaigns"] if "sent_days_ago" in one]
        assert len(sent) == campaigns
        assert max(one["sent_days_ago"] for one in sent) > 180 > min(one["sent_days_ago"] for one in sent)
        assert all(any(one.get("history_days") for one in each["journeys"]) for each in account["clients"])
        assert any(each["second"] for each in org["contacts"])
        assert any("contact_of" in each for each in org["leads"])
    people = sum(
        count
        for each in seeds.spec("year", "campaign_monitor")["clients"]
        for one in each["lists"]
        for _, count in one["people"]
    )
    assert people == 200_000
