"""Lines of field mappings: how they are read, where paths lead, and what is refused before anything is saved."""

import pytest

from fairlead.domain import mapping
from fairlead.domain.field_values import DoesNotFit
from fairlead.domain.mapping import Direction, Line, Owner, WrongMapping
from fairlead.domain.mapping_check import fit, remarks, working
from tests.unit.domain.mapping_fields import ListField, Object, OrgField, Value

CONTACT = Object(
    (
        OrgField("FirstName"),
        OrgField("Email", "email"),
        OrgField("Title", length=128),
        OrgField("Notes__c", "textarea", length=32_000),
        OrgField("Birthdate", "date"),
        OrgField("Score__c", "double"),
        OrgField("Total__c", "double", calculated=True, updateable=False),
        OrgField("Locked__c", updateable=False),
        OrgField("Level__c", "picklist", restricted_picklist=True, picklist_values=(Value("Gold"), Value("Tin"))),
        OrgField("Place__c", "location"),
        OrgField("MobilePhone", "phone"),
        OrgField("Consent__c", "boolean"),
        OrgField("HasOptedOutOfEmail", "boolean"),
        OrgField("AccountId", "reference", reference_to=("Account",), relationship_name="Account"),
        OrgField("OwnerId", "reference", reference_to=("Group", "User"), relationship_name="Owner"),
        OrgField("WhatId", "reference", reference_to=("Case", "Order"), relationship_name="What"),
    )
)
ACCOUNT = Object((OrgField("Industry", "picklist"), OrgField("ParentId", "reference", "", 0, True, True, True, False,
                  False, False, (), ("Account",), "Parent")))  # fmt: skip
USER = Object((OrgField("Name"),))
DESCRIBED = {"Contact": CONTACT, "Account": ACCOUNT, "User": USER}
FIELDS = (
    ListField("City"), ListField("Score", "Number"), ListField("Since", "Date"), ListField("Pick", "MultiSelectOne", ("Gold",)),
    ListField("Odd", "Picture"),
)  # fmt: skip


def phone(text: str) -> str:
    if not text.startswith("+"):
        raise DoesNotFit("it takes a number")
    return text


def line(source: str, target: str, direction: str = "to_campaign_monitor", **more: object) -> Line:
    return mapping.read([{"object": "Contact", "source": source, "target": target, "direction": direction, **more}])[0]


def problems(*lines: Line) -> tuple[str, ...]:
    with pytest.raises(WrongMapping) as wrong:
        fit(lines, DESCRIBED, FIELDS, phone)
    return wrong.value.problems


def test_a_line_is_read_as_it_was_typed_and_kept_as_it_is_read() -> None:
    typed = {"object": " contact", "source": " Account.Industry ", "target": "City", "owner": "fill_blanks",
             "default": " x ", "create_only": True, "clear_blank": True}  # fmt: skip
    (one,) = mapping.read([typed])
    assert one == Line(
        "Contact", "Account.Industry", "[City]", Direction.TO_CAMPAIGN_MONITOR, Owner.FILL_BLANKS, "x", True, True
    )
    assert mapping.read([one.as_json()]) == (one,)
    assert one.told == "Contact.Account.Industry and City"
    assert mapping.read([{"object": "Lead", "source": "Name", "target": "name"}])[0].target == "Name"


@pytest.mark.parametrize(
    "given",
    [
        "no list", [1], [{"object": "Contact", "source": "A", "target": "B", "colour": "red"}],
        [{"object": "Account", "source": "A", "target": "B"}], [{"object": "Contact", "source": "", "target": "B"}],
        [{"object": "Contact", "source": "A; DROP", "target": "B"}], [{"object": "Contact", "source": "A", "target": " [] "}],
        [{"object": "Contact", "source": "A", "target": "B", "direction": "up"}],
        [{"object": "Contact", "source": "A", "target": "B", "owner": "me"}], [{}] * 201,
    ],
)  # fmt: skip
def test_what_is_no_line_is_refused(given: object) -> None:
    with pytest.raises(WrongMapping):
        mapping.read(given)


def test_paths_lead_through_parents_and_what_is_not_there_leads_nowhere() -> None:
    assert mapping.field_of("Account.Parent.Industry", "Contact", DESCRIBED) is ACCOUNT.fields[0]
    assert mapping.field_of("owner.name", "Contact", DESCRIBED) is USER.fields[0]
    for path in ("Nowhere", "Nowhere.Name", "What.Name", "FirstName.Name", "Account.Nowhere.Name"):
        assert mapping.field_of(path, "Contact", DESCRIBED) is None
    assert mapping.field_of("Name", "Lead", DESCRIBED) is None


def test_objects_on_the_way_are_asked_for_until_all_are_known() -> None:
    lines = [line("Account.Parent.Industry", "City"), line("What.Name", "City"), line("Owner.Name", "Name")]
    assert mapping.parents(lines, {}) == {"Contact"}
    assert mapping.parents(lines, {"Contact": CONTACT}) == {"Account", "User"}
    assert mapping.parents(lines, DESCRIBED) == set()


def test_lines_that_can_work_are_given_with_both_fields() -> None:
    (one, other, *_) = fit(
        [line("Title", "city"), line("Score__c", "[Score]", "both"), line("MobilePhone", "MobileNumber", default="+1"),
         line("Consent__c", "ConsentToTrack"), line("Birthdate", "Since", "to_salesforce", default="2026-01-31"),
         line("FirstName", "Name", "none")],
        DESCRIBED, FIELDS, phone,
    )  # fmt: skip
    assert (one.source.name, one.target.name, other.target.data_type) == ("Title", "City", "Number")


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (line("Nowhere__c", "City"), "has no field Nowhere__c"),
        (line("Title", "Nowhere"), "the list has no field Nowhere"),
        (line("Title", "Odd"), "of the kind Picture"),
        (line("Place__c", "City"), "a field of the type location cannot fill"),
        (line("Birthdate", "Score"), "cannot fill one of Number"),
        (line("Account.Industry", "City", "both"), "belongs to another record"),
        (line("Total__c", "Score", "both"), "is a formula"),
        (line("Locked__c", "City", "to_salesforce"), "cannot be written by the integration user"),
        (line("Email", "City", "to_salesforce"), "is not written by mappings"),
        (line("HasOptedOutOfEmail", "City", "to_salesforce"), "is not written by mappings"),
        (line("MobilePhone", "MobileNumber", "both"), "only goes to Campaign Monitor"),
        (line("Consent__c", "ConsentToSendSms", "to_salesforce"), "only goes to Campaign Monitor"),
        (line("MobilePhone", "Since", "to_salesforce"), "cannot fill a field of the type phone"),
        (line("Title", "City", default="x" * 251), "the default does not fit: it takes at most 250"),
        (line("Score__c", "Score", default="many"), "the default does not fit: it takes a number"),
        (line("Birthdate", "Since", default="31.1."), "the default does not fit: it takes a date"),
        (line("Level__c", "Pick", default="Lead"), "the default does not fit: it takes only the choices"),
        (line("MobilePhone", "MobileNumber", default="12"), "the default does not fit: it takes a number"),
        (
            line("Level__c", "Pick", "to_salesforce", default="Mud"),
            "the default does not fit: it takes only the values",
        ),
        (line("Consent__c", "ConsentToTrack", default="perhaps"), "the default does not fit: it takes yes or no"),
    ],
)
def test_what_cannot_work_is_refused_before_it_is_saved(wrong: Line, words: str) -> None:
    assert any(words in told for told in problems(wrong)), problems(wrong)


def test_no_field_is_filled_by_two_lines_and_every_problem_is_told_at_once() -> None:
    told = problems(
        line("Title", "City"), line("FirstName", "[city]"), line("Title", "Score", "to_salesforce"),
        line("title", "Since", "to_salesforce"), line("Nowhere", "Name"),
    )  # fmt: skip
    assert len([one for one in told if "more than one line" in one]) == 2
    assert any("Nowhere" in one for one in told)
    fit([line("Title", "City"), line("FirstName", "City", "none")], DESCRIBED, FIELDS, phone)


def test_lines_that_stopped_working_are_left_out_and_the_others_go_on() -> None:
    good, wrong = working(
        [line("Title", "City"), line("Gone__c", "Since"), line("Title", "Odd", "none")], DESCRIBED, FIELDS, phone
    )
    assert [one.line.source for one in good] == ["Title"]
    assert len(wrong) == 1


def test_texts_that_may_be_too_long_are_remarked_upon() -> None:
    fitted = fit([line("Notes__c", "City"), line("Title", "Name")], DESCRIBED, FIELDS, phone)
    assert len(remarks(fitted)) == 1
