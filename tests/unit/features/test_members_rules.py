"""What the members room decides: when a list is due, what a message names, whom an ambiguous address belongs to."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlead.campaignmonitor.lists import ListStats
from fairlead.domain.failure import WaitAndRetry
from fairlead.domain.setting import Given
from fairlead.features.members import rules, settings
from fairlead.features.members.rules import Candidate

NOW = datetime(2026, 3, 10, 9, 30, tzinfo=UTC)
IDS = [f"{n:032x}" for n in range(2_000)]


@given(st.text(), st.integers(1, 365))
def test_a_list_is_read_whole_at_least_every_so_many_days(list_id: str, days: int) -> None:
    """An hourly run finds it due within the days, and not before half of them have passed."""
    due = rules.next_whole(list_id, NOW, days)

    assert due is not None
    span = timedelta(days=days)
    assert NOW + span / 2 - rules.AN_HOUR <= due <= NOW + span - rules.AN_HOUR


def test_lists_that_were_read_in_one_hour_do_not_fall_due_in_one_hour() -> None:
    """Two thousand lists are spread over a day: no hour has more than twice its share."""
    due = [rules.next_whole(list_id, NOW, 7) for list_id in IDS]

    hours = Counter(moment.replace(minute=0) for moment in due if moment)
    assert len(hours) >= 24
    assert max(hours.values()) <= 2 * len(IDS) / 24


def test_a_list_is_never_due_where_that_is_left_to_the_full_sync() -> None:
    """0 days is never."""
    assert rules.next_whole("l", NOW, 0) is None


def test_lists_whose_last_whole_reading_is_not_known_are_spread_over_all_days() -> None:
    """As after an update of Fairlead: they are not all due at once."""
    began = [rules.first_whole(list_id, NOW, 7) for list_id in IDS]

    assert all(NOW - timedelta(days=7) < moment <= NOW for moment in began)
    assert max(Counter(moment.date() for moment in began).values()) < len(IDS) / 4


def test_settings_of_a_list_are_due_at_first_and_then_once_in_the_hours() -> None:
    """Between half of the hours and all of them, at a moment of the list's own."""
    assert rules.details_due("l", None, NOW, 24)
    assert not rules.details_due("l", NOW - timedelta(hours=11), NOW, 24)
    assert rules.details_due("l", NOW - timedelta(hours=24), NOW, 24)


def test_what_was_left_out_is_named_and_counted() -> None:
    """Three by name with their reasons, the others by number."""
    assert rules.left_out([]) == ""
    assert rules.left_out([("A", "gone.")]) == "“A” was left out: gone."
    assert rules.left_out([(name, "x") for name in "ABCDE"]).endswith("“C” was left out: x; and 2 more.")


def test_counters_stand_in_the_order_of_the_fields() -> None:
    """All 24 of them, then the unconfirmed, the switch and the moment; what is not known is blank."""
    stats = ListStats(**{name: place for place, name in enumerate(rules.COUNTERS)})

    assert len(rules.COUNTERS) == 24
    assert set(rules.COUNTERS) == set(ListStats.__struct_fields__)
    assert rules.figure_texts(stats, 7, prevented=True, synced=NOW) == [
        *map(str, range(24)),
        "7",
        "true",
        "2026-03-10T09:30:00Z",
    ]
    assert rules.figure_texts(stats, None, prevented=False, synced=None)[24:] == ["", "false", ""]
    assert rules.totals(ListStats(active=1, bounced=2)) == {"active": 1, "unsubscribed": 0, "bounced": 2, "deleted": 0}
    assert rules.subscribers(ListStats(active=1, bounced=2)) == 3


def test_an_id_is_read_from_the_custom_field_whatever_its_spelling() -> None:
    """With or without brackets, in any case."""
    assert rules.given_id("Other: x\nSalesforce ID: 003A", "[salesforce ID]") == "003A"
    assert rules.given_id("Salesforce IDs: 003A", "Salesforce ID") == ""


def test_many_members_are_not_deleted_unasked() -> None:
    """A few go with the switch; many need a word more, which says how many."""
    rules.check_prevented("A", rules.PREVENTED_AT_MOST, allowed=False)
    rules.check_prevented("A", rules.PREVENTED_AT_MOST + 1, allowed=True)
    with pytest.raises(rules.PreventionTooLarge, match="10,001 members"):
        rules.check_prevented("A", rules.PREVENTED_AT_MOST + 1, allowed=False)


def test_the_failure_that_a_person_must_act_on_is_told_first() -> None:
    """What passes by itself comes last; of several, the number is told."""
    passing, other = WaitAndRetry("later"), rules.NothingSelected("list")

    assert rules.the_one_to_tell([passing, other], 5) is other
    assert "2 of 5 lists" in str(other)
    assert rules.the_one_to_tell([passing], 5) is passing


def test_links_are_counted_and_unknown_words_left_blank() -> None:
    """A member is linked to a contact, a lead, both or neither."""
    assert rules.linked(["a", "", "b", ""], ["", "c", "d", ""]) == {
        "linked_contact": 1,
        "linked_lead": 1,
        "linked_both": 1,
        "unlinked": 1,
    }
    assert rules.unsubscribe_setting("AllClientLists") == "All client lists"
    assert rules.unsubscribe_setting("New") == ""


def test_fields_to_match_by_must_be_there_and_hold_addresses() -> None:
    """Whatever the case of their names."""
    rules.check_address_fields("Contact", ["EMAIL"], {"email": "email"})
    with pytest.raises(rules.MatchFieldMissing, match="Contact has no field “Mail__c”"):
        rules.check_address_fields("Contact", ["Mail__c"], {"email": "email"})
    with pytest.raises(rules.NoAddressField, match="of the type string"):
        rules.check_address_fields("Contact", ["Name"], {"name": "string"})


def candidate(id_: str, *, rank: int = 64, modified: str = "2026-01-01", created: str = "2025-01-01") -> Candidate:
    return Candidate("Contact", id_, "", f"Contact.F{rank}", rank, modified, created)


@pytest.mark.parametrize(
    ("second", "oldest", "why", "why_not"),
    [
        (candidate("2", rank=63), False, "counts before", "counts after"),
        (candidate("2", modified="2025-12-01"), False, "modified last", "modified later"),
        (candidate("2"), False, "its Id is the lowest", "another Id is lower"),
        (candidate("2", created="2025-02-01"), True, "the oldest", "is older"),
        (candidate("2"), True, "its Id is the lowest", "another Id is lower"),
    ],
)
def test_each_candidate_is_told_why(second: Candidate, oldest: bool, why: str, why_not: str) -> None:
    """Field, then date, then Id; the same in whatever order they came."""
    judged = rules.judge([second, candidate("1")], oldest=oldest)

    assert judged == rules.judge([candidate("1"), second, second], oldest=oldest)
    assert [(one.candidate.id, one.wins) for one in judged] == [("1", True), ("2", False)]
    assert why in judged[0].why
    assert why_not in judged[1].why


def test_one_record_is_one_candidate() -> None:
    """An address in two fields of one record is not ambiguous."""
    assert len(rules.judge([candidate("1"), candidate("1", rank=63)], oldest=False)) == 1


def test_what_is_shown_tells_little() -> None:
    """Addresses are masked where nobody asked to see them."""
    assert rules.masked("ann@example.com") == "a…@example.com"


def test_rules_of_matching_are_those_that_were_chosen() -> None:
    """Words that cannot be names of fields never come into a query; without a field the standard one counts."""
    assert settings.match_rules(Given({})) == settings.MatchRules()
    chosen = {
        ("members.match_contact_fields", ""): ["Work__c", "Email"],
        ("members.match_lead_fields", ""): ["Email != null OR Id"],
        ("members.match_tie", ""): "oldest",
        ("members.salesforce_id_field", ""): "Salesforce ID",
    }
    found = settings.match_rules(Given(chosen))
    assert (found.contact_fields, found.lead_fields) == (("Work__c", "Email"), ("Email",))
    assert (found.oldest, found.by_id, found.told_by) == (True, True, "CreatedDate")
    assert str(found) != str(settings.MatchRules())


def test_another_custom_field_for_ids_is_another_rule() -> None:
    """What is linked already is then matched anew; brackets and capitals make no other one."""

    def rule(name: str) -> str:
        return str(settings.match_rules(Given({("members.salesforce_id_field", ""): name})))

    assert len({rule(""), rule("Salesforce ID"), rule("Contact ID")}) == 3
    assert rule("Salesforce ID") == rule("[salesforce id]")


def test_lists_without_the_custom_field_for_ids_are_named() -> None:
    """By its name or its key, with or without brackets; the first few lists are named, the others counted."""
    fields = [("Salesforce ID", "[SalesforceID]"), ("Other", "[Other]")]
    assert all(rules.has_field(fields, name) for name in ("salesforce id", "[SalesforceID]", " SalesforceID "))
    assert not rules.has_field(fields, "Salesforce")
    assert rules.no_id_field("Id", [], "Setting") == ""
    told = rules.no_id_field("Id", ["A", "B", "C", "D", "E"], "Setting")
    assert told.startswith(
        "No custom field “Id” on “A”, “B”, “C” and 2 more: people there are matched by address only."
    )
    assert "Correct “Setting”" in told
