"""Laws of the verdict: which reason decides, in which order, and what is said of it."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlead.features.people.facts import Facts, Matching, Member, OnList, Person, Refusal, Syncs
from fairlead.features.people.rules.verdicts import Reason, Winner, decide, link_of, verdict, verdicts, winners
from fairlead.sync.match import MatchBuilder

ON = OnList("l1", "News", "c1", "Client", state="Active", since="2026-03-04 05:00:00", cursor="2026-03-04T06:00:00")
MEMBER = Member("a0B000000000001", "Active", "2026-03-04T05:10:00.000+0000")
GONE = replace(MEMBER, deleted=True)
REFUSED = Refusal("STRING_TOO_LONG", "Shorten it.", 1, again=False)
OK = Facts("somebody@example.com")
FAILED = Syncs(last=7, last_state="failed", last_reason="No luck.", failed_stages=("Members",))

TABLE = [
    # the list, the rest of the facts, what decides, whether it is there
    (ON, replace(OK, org_problem="Down."), Reason.ORG_UNREACHABLE, None),
    (ON, replace(OK, account_problem="Key refused."), Reason.ACCOUNT_UNREACHABLE, None),
    (replace(ON, member=MEMBER), OK, Reason.THERE, True),
    (replace(ON, member=MEMBER, state="Unsubscribed"), OK, Reason.BEHIND, True),
    (replace(ON, member=MEMBER, state=""), OK, Reason.LEFT_BEHIND, True),
    (replace(ON, state=""), OK, Reason.NOT_ON_THE_LIST, False),
    (replace(ON, selected=False), OK, Reason.CLIENT_NOT_SYNCED, False),
    (replace(ON, prevented=True), OK, Reason.LIST_PREVENTED, False),
    (ON, replace(OK, address="x" * 70 + "@example.com"), Reason.ADDRESS_TOO_LONG, False),
    (replace(ON, refusal=REFUSED), OK, Reason.REFUSED, False),
    (ON, replace(OK, syncs=Syncs(running=True)), Reason.RUNNING, False),
    (replace(ON, cursor=""), replace(OK, syncs=FAILED), Reason.LAST_RUN_FAILED, False),
    (replace(ON, since="2026-03-04 06:00:00"), replace(OK, syncs=FAILED), Reason.LAST_RUN_FAILED, False),
    (replace(ON, cursor=""), OK, Reason.NOT_READ_YET, False),
    (replace(ON, since="2026-03-04 07:00:00", cursor="2026-03-04 06:00:00"), OK, Reason.CHANGED_SINCE, False),
    (replace(ON, member=GONE), OK, Reason.DELETED_IN_THE_ORG, False),
    (ON, OK, Reason.LOST, False),
]


@pytest.mark.parametrize(("one", "facts", "reason", "there"), TABLE)
def test_the_first_reason_that_applies_decides(one: OnList, facts: Facts, reason: Reason, there: bool | None) -> None:
    """The table is the order: what stands above hides what stands below."""
    found = verdict(one, facts)
    assert (found.reason, found.there) == (reason, there)
    assert found.text


def test_every_reason_is_in_the_table() -> None:
    """No reason is without a case, so that none is without words."""
    assert {row[2] for row in TABLE} == set(Reason)


def test_whoever_is_not_there_is_told_what_to_do() -> None:
    """“Not there” without a next step would be half an answer."""
    told = [verdict(one, facts) for one, facts, _, there in TABLE if there is False]
    assert [each.reason for each in told if not each.next_step] == []


@pytest.mark.parametrize(
    ("above", "below"),
    [
        ({"state": ""}, {"selected": False}),
        ({"selected": False}, {"prevented": True}),
        ({"prevented": True}, {"refusal": REFUSED}),
        ({"refusal": REFUSED}, {"cursor": ""}),
    ],
)
def test_what_stands_above_hides_what_stands_below(above: dict[str, object], below: dict[str, object]) -> None:
    """Of two reasons the earlier is told: the later alone would not help."""
    assert decide(replace(ON, **above, **below), OK) == decide(replace(ON, **above), OK)
    assert decide(replace(ON, **above), OK) != decide(replace(ON, **below), OK)


def test_words_name_what_was_found() -> None:
    """Codes, numbers, stages, names and times of the facts stand in the sentences."""
    refused = verdict(replace(ON, refusal=REFUSED), OK)
    assert "once (STRING_TOO_LONG): Shorten it." in refused.text
    assert refused.next_step == "It is offered again when it changes."
    again = verdict(replace(ON, refusal=replace(REFUSED, attempts=3, again=True)), OK)
    assert "3 times" in again.text
    assert again.next_step == "The next sync offers it again."
    failed = verdict(replace(ON, cursor=""), replace(OK, syncs=FAILED)).text
    assert "job 7, failed (Members): No luck." in failed
    assert (
        "job 7, failed: No luck."
        in verdict(replace(ON, cursor=""), replace(OK, syncs=replace(FAILED, failed_stages=()))).text
    )
    due = verdict(replace(ON, cursor=""), replace(OK, syncs=Syncs(next_run="4 Mar 2026, 06:00 UTC"))).next_step
    assert "due at 4 Mar 2026, 06:00 UTC" in due
    assert "fairlead sync --list l1" in due
    assert "No sync is scheduled." in verdict(replace(ON, cursor=""), OK).next_step
    assert "“Client”" in verdict(replace(ON, selected=False), OK).text
    nameless = replace(MEMBER, state="")
    assert "a member without a state" in verdict(replace(ON, member=nameless), OK).text


def test_what_needs_doing_comes_first() -> None:
    """Lists on which the person is missing stand above those on which all is well; then by name."""
    lists = (
        replace(ON, id="1", name="b", member=MEMBER),
        replace(ON, id="2", name="z"),
        replace(ON, id="3", name="A", member=MEMBER),
    )
    assert [each.list for each in verdicts(replace(OK, lists=lists))] == ["2", "3", "1"]


OLD, NEW = "2025-01-01T00:00:00.000+0000", "2025-06-01T00:00:00.000+0000"


def contact(number: int, modified: str = OLD, field: str = "Email", **more: object) -> Person:
    return Person(f"00300000000000{number}", "Contact", field, modified, **more)


def lead(number: int, modified: str = OLD, field: str = "Email", **more: object) -> Person:
    return Person(f"00Q00000000000{number}", "Lead", field, modified, **more)


def chosen(people: Sequence[Person], matching: Matching, named_id: str = "") -> tuple[Winner, Winner]:
    return winners(people, matching, OK.address, named_id)


def test_of_several_the_most_recently_modified_wins_or_the_oldest_if_so_chosen() -> None:
    """And the reason names how many there were."""
    both = [contact(1), contact(2, NEW)]
    assert chosen(both, Matching())[0].id == contact(2).id
    assert "of 2 with the address in Email the most recently modified" in chosen(both, Matching())[0].why
    both = [contact(1, NEW, created=OLD), contact(2, OLD, created=NEW)]
    oldest = chosen(both, Matching(oldest_wins=True))[0]
    assert (oldest.id, oldest.why) == (contact(1).id, "of 2 with the address in Email the oldest")


def test_an_earlier_field_wins_over_a_newer_record() -> None:
    """The admin's order of fields counts before the time."""
    fields = Matching(contact_fields=("Work__c", "Email"))
    found = chosen([contact(1, NEW), contact(2, OLD, "Work__c")], fields)[0]
    assert (found.id, found.why) == (contact(2).id, "Work__c counts before the other address fields")


def test_an_id_that_the_subscriber_names_wins_over_everything() -> None:
    """In its form of 15 or of 18 characters."""
    both = [contact(1), contact(2, NEW)]
    named = chosen(both, Matching(id_field="Id"), contact(1).id + "AAA")[0]
    assert (named.id, named.why) == (contact(1).id, "the subscriber names its id")


def test_a_converted_lead_leads_to_its_contact_unless_a_contact_has_the_address() -> None:
    """As the flow links it; a converted lead itself is nobody's lead."""
    became = lead(5, converted=True, became="003000000000009")
    alone, as_lead = chosen([became], Matching())
    assert (alone.id, alone.why, as_lead.id) == ("003000000000009", "a lead with the address was converted to it", "")
    assert chosen([became, contact(1)], Matching())[0].id == contact(1).id


def test_a_record_with_the_address_in_a_field_that_does_not_count_is_not_chosen() -> None:
    """Only the fields of the rules match."""
    assert chosen([contact(1, field="Other__c")], Matching())[0].id == ""


@given(st.permutations([contact(1, NEW), contact(2, NEW), contact(3, OLD), lead(1), lead(2, NEW)]))
def test_who_wins_does_not_depend_on_the_order_of_reading(people: list[Person]) -> None:
    """Of two alike the smaller id wins."""
    found = chosen(people, Matching())
    assert (found[0].id, found[1].id) == (contact(1).id, lead(2).id)


def test_the_link_is_held_against_what_the_rules_choose_now() -> None:
    """Linked as chosen, not yet, no longer, otherwise, and to nobody: each in words."""
    people = (contact(1), lead(1))
    facts = replace(OK, people=people)

    def link(who: Facts = facts, **linked: str) -> str:
        return link_of(replace(ON, member=replace(MEMBER, **linked)), who)

    as_chosen = link(contact=contact(1).id, lead=lead(1).id)
    assert f"Linked to the contact {contact(1).id}: the only one with the address in Email." in as_chosen
    assert f"Linked to the lead {lead(1).id}" in as_chosen
    assert "which the rules choose now" in link()
    assert "does not have the address any more" in link(OK, contact="003000000000009")
    assert f"the rules choose {contact(1).id} now" in link(contact="003000000000009")
    assert link(OK).startswith("Linked to nobody: no contact and no lead has the address; perhaps")
    assert verdict(replace(ON, member=MEMBER), OK).link == link(OK)


def test_an_address_in_a_field_that_is_not_matched_by_is_told_with_the_setting() -> None:
    """The record is there, and the rules do not look into that field."""
    elsewhere = replace(OK, people=(contact(1, field="Work__c"),))
    told = link_of(replace(ON, member=MEMBER), elsewhere)
    assert f"the contact {contact(1).id} has the address in Work__c, which is not matched by" in told
    assert "“Match contacts by”" in told
    assert "“Match leads by”" in link_of(replace(ON, member=MEMBER), replace(OK, people=(lead(1, field="Other__c"),)))


MADE = [
    (ON, "“Do nothing”"),
    (replace(ON, creates="lead"), "The next sync creates a lead"),
    (replace(ON, creates="lead", state="Unsubscribed"), "creates a lead for active subscribers only"),
    (replace(ON, creates="contact", not_created=REFUSED), "which Salesforce refused (STRING_TOO_LONG): Shorten it."),
    (replace(ON, creates="contact", not_created=replace(REFUSED, again=True)), "It is tried again."),
]


@pytest.mark.parametrize(("one", "says"), MADE)
def test_who_is_linked_to_nobody_is_told_whether_a_record_is_made(one: OnList, says: str) -> None:
    """By the list's rule, the state, and what Salesforce said against it."""
    assert says in link_of(replace(one, member=MEMBER), OK)


@given(
    st.permutations(
        [
            contact(1, NEW, "Work__c"),
            contact(2, NEW),
            contact(3, OLD),
            lead(1),
            lead(2, NEW, converted=True, became="003000000000009"),
        ]
    )
)
def test_who_is_said_to_win_is_whom_the_index_of_the_sync_finds(people: list[Person]) -> None:
    """The words follow what decides, not the other way round."""
    matching = Matching(contact_fields=("Email", "Work__c"))
    index = MatchBuilder(matching.rules)
    index.contacts(
        [
            (c.id, c.modified, *(OK.address if c.field == f else "" for f in matching.contact_fields))
            for c in people
            if c.kind == "Contact"
        ]
    )
    index.leads(
        [(c.id, c.modified, str(c.converted).lower(), c.became, OK.address) for c in people if c.kind == "Lead"]
    )
    found = chosen(people, matching)
    assert ([found[0].id], [found[1].id]) == index.build().match([OK.address])


def test_somebody_is_found_who_is_known_to_any_side() -> None:
    """A list without state and member is no trace of a person."""
    assert not OK.found
    assert not replace(OK, lists=(replace(ON, state=""),)).found
    assert replace(OK, lists=(ON,)).found
    assert replace(OK, people=(contact(1),)).found
