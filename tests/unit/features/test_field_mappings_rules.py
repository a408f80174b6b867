"""What a mapping does for one subscriber and its record: what is written, what is agreed on, what an echo is."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from fairlead.domain.field_values import DoesNotFit
from fairlead.domain.mapping import Direction, Fitted, Line, Owner, OwnField
from fairlead.domain.mapping_merge import Act
from fairlead.features.field_mappings import rules, suggest
from fairlead.features.field_mappings.rules import CLEAR, Entry, Moved, Pair
from fairlead.features.sms.rules import checked
from tests.unit.domain.mapping_fields import ListField, Object, OrgField

OUT, IN = Act.TO_CAMPAIGN_MONITOR, Act.TO_SALESFORCE
CITY = ListField("Home city")


def digest(text: str) -> bytes:
    return text.encode()[:8].ljust(8, b"\0")


def phone(text: str) -> str:
    if not text.isdigit():
        raise DoesNotFit("it takes digits")
    return f"+{text}"


def fitted(direction: Direction = Direction.BOTH, target: Any = CITY, type: str = "string", **more: Any) -> Fitted:
    return Fitted(Line("Contact", "City__c", target.key, direction, **more), OrgField("City__c", type), target)


def pair(value: Any = None, shown: str = "", **more: Any) -> Pair:
    custom = f"Other: x\nHome city: {shown}\nLikes: a" if shown else "Other: x"
    return Pair("l:a", "l", "a@example.com", "Active", "Contact", "003", {"City__c": value, **more.pop("values", {})},
                custom_fields=custom, **more)  # fmt: skip


def planned(one: Fitted, of: Pair, way: Act, known: dict[bytes, Entry] | None = None) -> rules.Planned:
    return rules.plan([one], of, known or {}, digest, phone, way)


def test_a_value_is_written_once_and_then_known() -> None:
    one = fitted(Direction.TO_CAMPAIGN_MONITOR)
    first = planned(one, pair("Oslo", "Rome"), OUT)
    assert first.cells == {"[Home city]": "Oslo"}
    assert [(write.before, write.after) for write in first.writes] == [("Rome", "Oslo")]
    stale = planned(one, pair("Oslo", "Rome"), OUT, first.agreed)
    fresh = planned(one, pair("Oslo", "Oslo"), OUT, stale.agreed)
    assert (stale.cells, fresh.cells) == ({}, {})


def test_a_value_that_went_back_is_written_again_even_while_the_member_shows_the_old_one() -> None:
    one = fitted(Direction.TO_CAMPAIGN_MONITOR)
    first = planned(one, pair("Oslo", "Rome"), OUT)
    assert planned(one, pair("Rome", "Rome"), OUT, first.agreed).cells == {"[Home city]": "Rome"}


def test_each_way_leaves_to_the_other_what_is_due_there() -> None:
    one = fitted()
    agreed = planned(one, pair("Oslo", "Oslo"), OUT).agreed
    assert planned(one, pair("Oslo", "Rome"), OUT, agreed).agreed == {}
    inward = planned(one, pair("Oslo", "Rome"), IN, agreed)
    assert inward.fields == {"City__c": "Rome"}
    assert planned(one, pair("Bergen", "Oslo"), IN, agreed).fields == {}


def test_an_emptied_field_is_cleared_where_the_line_says_so_but_a_consent_cannot_be() -> None:
    one = fitted(Direction.TO_CAMPAIGN_MONITOR, clear_blank=True)
    agreed = planned(one, pair("Oslo", "Oslo"), OUT).agreed
    assert planned(one, pair(None, "Oslo"), OUT, agreed).cells == {"[Home city]": CLEAR}
    consent = fitted(Direction.TO_CAMPAIGN_MONITOR, OwnField("ConsentToTrack", "Consent"), clear_blank=True)
    agreed = planned(consent, pair("yes", consent_to_track="Yes"), OUT).agreed
    assert planned(consent, pair(None, consent_to_track="Yes"), OUT, agreed).cells == {}


def test_own_fields_are_read_from_the_member() -> None:
    for name, kind, more in (
        ("Name", "Text", {"name": "Ada"}), ("MobileNumber", "MobileNumber", {"mobile": "47"}),
        ("ConsentToTrack", "Consent", {"consent_to_track": "Yes"}),
        ("ConsentToSendSms", "Consent", {"consent_to_send_sms": "No"}),
    ):  # fmt: skip
        assert pair(**more).shown(fitted(target=OwnField(name, kind))) == next(iter(more.values()))


def test_what_does_not_fit_is_refused_for_the_way_that_would_write_it() -> None:
    one = fitted(Direction.TO_CAMPAIGN_MONITOR, ListField("N", "Number"))
    assert planned(one, pair("many"), OUT).refused == ["Contact.City__c and N: it takes a number"]
    assert planned(one, pair("many"), IN).refused == []
    back = fitted(Direction.TO_SALESFORCE, type="double")
    assert planned(back, pair(None, "many"), IN).refused == ["Contact.City__c and Home city: it takes a number"]
    assert planned(back, pair(None, "many"), OUT).refused == []


def test_a_default_stands_in_for_a_blank() -> None:
    assert planned(fitted(Direction.TO_CAMPAIGN_MONITOR, default="Rome"), pair(None), OUT).cells == {
        "[Home city]": "Rome"
    }
    assert planned(fitted(Direction.TO_SALESFORCE, default="Rome"), pair(None), IN).fields == {"City__c": "Rome"}


def test_lines_of_the_other_object_are_passed_over() -> None:
    assert planned(fitted(), replace(pair("Oslo"), object="Lead"), OUT) == rules.Planned(
        replace(pair("Oslo"), object="Lead")
    )


def test_values_of_members_are_found_by_name_or_key_whatever_stands_around() -> None:
    text = "City: Oslo\nCityHall: no\nLikes: Tea\nLikes: Rum: dark"
    assert rules.custom_value(text, {"city"}) == "Oslo"
    assert rules.custom_value(text, {"Likes", "likes"}) == "Tea\x1fRum: dark"
    assert rules.custom_value(text, {"Nowhere"}) == ""


@given(some.lists(some.tuples(some.booleans(), some.sampled_from(["", "Oslo", "Rome", "Kiel"])), max_size=8),
       some.sampled_from(Owner), some.booleans())  # fmt: skip
def test_after_quiet_both_sides_agree(changes: list[tuple[bool, str]], owner: Owner, clear: bool) -> None:
    """Whatever is edited where, runs each way bring a line in both directions to rest, and another writes nothing.

    The list is read after each writing: somebody who puts the old value back before that cannot be told from no reading.
    """
    one = fitted(owner=owner, clear_blank=clear)
    org, listed, agreed = "", "", {}
    for in_org, value in [*changes, (True, "Oslo")]:
        org, listed = (value, listed) if in_org else (org, value)
        for way in (IN, OUT, IN):
            done = planned(one, pair(org or None, listed), way, agreed)
            org = str(done.fields.get("City__c", org) or "")
            if "[Home city]" in done.cells:
                listed = done.cells["[Home city]"].replace(CLEAR, "")
            agreed = {**agreed, **done.agreed}
    again = [planned(one, pair(org or None, listed), way, agreed) for way in (IN, OUT)]
    assert all(not done.cells and not done.fields for done in again)
    assert org == listed or owner is Owner.FILL_BLANKS or (not clear and "" in (org, listed))


@pytest.mark.parametrize(
    ("was", "email", "address", "told"),
    [
        (None, "b@example.com", "a@example.com", Moved.AGREED), ("a", "A@example.com ", "a@example.com", Moved.AGREED),
        ("a", "b@example.com", "a@example.com", Moved.IN_SALESFORCE), ("a", "a@example.com", "b@example.com", Moved.IN_CAMPAIGN_MONITOR),
        ("a", "b@example.com", "c@example.com", Moved.ON_BOTH), ("a", None, "a@example.com", Moved.AGREED),
        ("ab", "c@example.com", "b@example.com", Moved.AGREED),
    ],
)  # fmt: skip
def test_an_address_moves_only_where_both_sides_once_shared_it(
    was: str | None, email: Any, address: str, told: Moved
) -> None:
    whole = lambda text: text.encode().ljust(20, b"\0")  # noqa: E731
    entry = None if was is None else Entry(whole(f"{was[0]}@example.com"), whole(f"{was[-1]}@example.com"), b"")
    assert rules.moved(replace(pair(values={"Email": email}), address=address), entry, whole) is told


def test_what_is_remembered_of_an_address_is_what_both_show() -> None:
    one = pair(values={"Email": "B@example.com "})
    assert rules.address_entry(one, str.encode) == Entry(b"b@example.com", b"a@example.com", b"a@example.com")


def test_an_old_value_goes_back_in_the_form_of_its_field() -> None:
    assert rules.restored(fitted(type="multipicklist"), "Tea\x1fRum") == "Tea;Rum"
    assert rules.restored(fitted(type="double"), "7.5") == 7.5


def test_names_suggest_lines_that_fit_and_are_not_there_yet() -> None:
    contact = Object((OrgField("Name"), OrgField("MobilePhone", "phone"), OrgField("MailingCity"), OrgField("Score__c", "double"),
                      OrgField("Colour__c", label="Favourite colour"), OrgField("Since__c", "location"), OrgField("Birthdate", "date")))  # fmt: skip
    fields = [ListField("City"), ListField("Score", "Number"), ListField("Favourite Colour"), ListField("Since", "Date"),
              ListField("Birthday", "Date")]  # fmt: skip
    there = [Line("Contact", "Title", "Name")]
    found = {line.target: line.source for line in suggest.lines({"Contact": contact}, fields, there)}
    assert found == {"MobileNumber": "MobilePhone", "[City]": "MailingCity", "[Score]": "Score__c",
                     "[Favourite Colour]": "Colour__c", "[Birthday]": "Birthdate"}  # fmt: skip
    assert ("Since__c", "Since__c") not in suggest.sources(contact)
    assert suggest.sources(contact)[0] == ("Birthdate", "Birthdate")


def test_numbers_are_shown_as_they_would_go_or_with_the_reason() -> None:
    good, wrong = checked([("003", "47"), ("00Q", "x")], phone)
    assert (good.sent, good.refused, wrong.sent, wrong.refused) == ("+47", "", "", "it takes digits")
