"""Mappings held against an org: the query of those that fit, all that is wrong with the others."""

from dataclasses import replace

import pytest

from fairlead.domain.criteria import Criterion
from fairlead.features.transactional_email.rules import compiling, notation
from fairlead.features.transactional_email.rules.compiling import Org, compiled, is_address
from fairlead.features.transactional_email.rules.failures import AttachmentsRefused, BadMapping
from fairlead.features.transactional_email.rules.words import Draft, Listing, Recipient, Variable
from tests.unit.features.transactional_email.described import GOOD, ITEMS, ORG, with_listing


def wrong(draft: Draft, org: Org = ORG, variables: tuple[str, ...] = ()) -> str:
    with pytest.raises(BadMapping) as told:
        compiled(draft, org, variables)
    return str(told.value)


def test_a_mapping_is_one_query_by_the_orgs_own_names() -> None:
    plan = compiled(GOOD, ORG, ("name", "day", "items", "other"))
    assert plan.soql == (
        "SELECT Id, Account.Name, CloseDate, Buyer.Email, Buyer.Id, "
        "(SELECT Id, Description, TotalPrice FROM OpportunityLineItems WHERE TotalPrice > 10 "
        "ORDER BY TotalPrice DESC NULLS LAST, Id LIMIT 5), "
        "(SELECT Id, Contact.Email, Contact.Id FROM OpportunityContactRoles LIMIT 25) FROM Opportunity"
    )
    assert plan.type_of(" closedate ") == "date"
    assert plan.type_of("Elsewhere") == ""
    assert compiling.plan_from(compiling.plan_as_json(plan)) == plan


def test_the_id_is_read_once_and_its_own_e_mail_field_names_nobody() -> None:
    draft = replace(
        GOOD, variables=(Variable("id", "Id"),), listings=(), recipients=(Recipient("To", "field", "Mail__c"),)
    )
    assert compiled(draft, ORG, ()).soql == "SELECT Id, Mail__c FROM Opportunity"
    person = replace(draft, object="contact", recipients=(Recipient("To", "field", "Email"),))
    assert compiled(person, ORG, ()).soql == "SELECT Id, Email FROM Contact"


@pytest.mark.parametrize(
    ("draft", "says"),
    [
        (replace(GOOD, name=""), "needs a name"), (replace(GOOD, name="x" * 121), "at most 120"),
        (replace(GOOD, name="a@example.com"), "cannot hold an e-mail address"),
        (replace(GOOD, track="Maybe"), "Unchanged, Yes, No"), (replace(GOOD, zone="Mars/Base"), "no time zone"),
        (replace(GOOD, variables=(Variable("a", "Name"),) * 61), "at most 60 lines"),
        (replace(GOOD, variables=(Variable("", "Name"),)), "it has no name"),
        (replace(GOOD, variables=(Variable("items", "Name"),)), "stands in another line"),
        (replace(GOOD, variables=(Variable("a", "Nothing"),)), "has no field “Nothing”"),
        (replace(GOOD, variables=(Variable("a", ""),)), "no field is chosen"),
        (replace(GOOD, variables=(Variable("a", "Amount", "lots"),)), "a number is written as"),
        (replace(GOOD, variables=(Variable("a", "Body__c", "0"),)), "take a format"),
        (replace(GOOD, recipients=(Recipient("CC", "field", "Mail__c"),)), "Nobody gets it"),
        (replace(GOOD, recipients=(Recipient("For", "field", "Mail__c"),)), "one of To, CC, BCC"),
        (replace(GOOD, recipients=(Recipient("To", "heart", "Mail__c"),)), "one of field, children, address"),
        (replace(GOOD, recipients=(Recipient("To", "address", "nobody"),)), "no e-mail address"),
        (replace(GOOD, recipients=(Recipient("To", "field", "Amount"),)), "no address stands in it"),
        (replace(GOOD, recipients=(Recipient("To", "field", "Gone"),)), "no field “Gone”"),
        (replace(GOOD, recipients=(Recipient("To", "children", "Nobody/Email"),)), "no children “Nobody”"),
        (replace(GOOD, recipients=(Recipient("To", "children", "OpportunityLineItems/Description"),)), "filtered for a list"),
        (with_listing(relationship="Toys"), "no children “Toys”"), (with_listing(columns=()), "needs a field"),
        (with_listing(limit=0), "1 to 100 rows"), (with_listing(criteria=(Criterion("A", "equals", "b"),) * 31), "at most 30"),
        (with_listing(columns=(Variable("a", "Nothing"),)), "Items 1: "), (with_listing(sort="Long__c"), "cannot be sorted"),
        (with_listing(columns=(Variable("", "Description"), Variable("", "TotalPrice"))), "needs a name"),
        (with_listing(logic="1 AND 2"), "names row 2"), (with_listing(criteria=(Criterion("Nope", "equals", "b"),)), "Row 1"),
        (replace(GOOD, listings=(ITEMS, replace(ITEMS, name="more"))), "another list already"),
        (replace(GOOD, object="Toy"), "no object “Toy”"),
        (replace(GOOD, object="account", message=True, listings=(), variables=(), recipients=()), "choose the task"),
        (with_listing(columns=tuple(Variable(f"c{n}", "Description") for n in range(9))), ""),
    ],
)  # fmt: skip
def test_all_that_is_wrong_is_told(draft: Draft, says: str) -> None:
    if not says:
        assert compiled(draft, ORG, ()).child("OPPORTUNITYLINEITEMS") is not None
        return
    assert says in wrong(draft)


def test_a_variable_that_the_smart_e_mail_lacks_is_told_and_a_query_has_bounds() -> None:
    assert "no variable “day”" in wrong(GOOD, variables=("name", "items"))
    criteria = tuple(Criterion("Description", "equals", "x" * 250) for _ in range(30))
    long = (
        replace(ITEMS, criteria=criteria),
        replace(ITEMS, name="b", relationship="OpportunityContactRoles", criteria=()),
    )
    roles = replace(long[1], columns=(Variable("m", "Contact.Name"),), sort="")
    draft = replace(GOOD, listings=(long[0], roles), recipients=(Recipient("To", "field", "Mail__c"),))
    assert "reads too much" in wrong(draft)


def test_what_a_mapping_names_is_told_for_descriptions() -> None:
    assert compiling.relationships(GOOD) == ["opportunitylineitems", "OpportunityContactRoles"]
    assert compiling.paths(GOOD) == ["account.name", "CloseDate", "Buyer.Email"]
    assert compiling.child_paths(GOOD, "OpportunityLineItems") == [
        "description",
        "TotalPrice",
        "TotalPrice",
        "TotalPrice",
    ]
    assert compiling.child_paths(GOOD, "OpportunityContactRoles") == ["Contact.Email"]
    assert compiling.parts_of("Mail__c") == ("", "Mail__c")


@pytest.mark.parametrize(
    "text", ["", "a", "a@b", "a@b..", "a b@example.com", "a@example.com,b@example.com", "<a@example.com>", "a@@b.de"]
)
def test_what_is_no_address_is_known(text: str) -> None:
    assert not is_address(text)
    assert is_address("ada.o'brien+news@example.com")


def test_a_mapping_goes_through_json_and_back() -> None:
    assert notation.draft_from(notation.as_json(GOOD)) == GOOD
    assert notation.draft_from({}) == Draft()
    assert notation.draft_from({"version": 3, "task": 0, "listings": [{"limit": "many"}]}) == Draft(
        version=3, task=False, listings=(Listing("", "", limit=-1),)
    )


@pytest.mark.parametrize(
    ("told", "says"),
    [
        ({"colour": "red"}, "no “colour”"), ({"variables": "all"}, "list of objects"), ({"variables": ["a"]}, "list of objects"),
        ({"recipients": [{"address": "x"}]}, "no “address”"), ({"listings": [{"where": "x"}]}, "no “where”"),
    ],
)  # fmt: skip
def test_json_that_is_no_mapping_is_refused(told: dict, says: str) -> None:
    with pytest.raises(BadMapping, match=says):
        notation.draft_from(told)


def test_attachments_are_refused_with_the_reason() -> None:
    with pytest.raises(AttachmentsRefused, match="spam filters"):
        notation.draft_from({"Attachments": []})
