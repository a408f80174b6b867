"""What a new contact or lead holds, and when a list's rule cannot work."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlead.domain.field_values import DoesNotFit, value_of
from fairlead.domain.setting import Given
from fairlead.features.record_creation import names, rules, settings
from fairlead.features.record_creation.rules import Candidate, Rule, WrongRule

LIST = "l" * 32


@dataclass(frozen=True)
class Pick:
    value: str
    active: bool = True


@dataclass(frozen=True)
class AField:
    name: str
    type: str = "string"
    length: int = 0
    nillable: bool = True
    createable: bool = True
    defaulted_on_create: bool = False
    restricted_picklist: bool = False
    picklist_values: tuple[Pick, ...] = ()


@dataclass(frozen=True)
class AType:
    developer_name: str
    record_type_id: str = "012000000000001AAA"
    active: bool = True
    available: bool = True


@dataclass(frozen=True)
class AnObject:
    fields: tuple[AField, ...] = ()
    record_types: tuple[AType, ...] = ()
    createable: bool = True


COMPANY = AField("Company", length=255, nillable=False)
LAST = AField("LastName", length=80, nillable=False)
SOURCE = AField("LeadSource", "picklist", restricted_picklist=True, picklist_values=(Pick("Web"), Pick("Old", False)))
LEAD = AnObject((LAST, COMPANY, SOURCE, AField("Score__c", "double"), AField("Where", "location"), AField("Tiny", length=3),
                 AField("Fixed", createable=False)),
                (AType("Shop"), AType("Old", active=False), AType("Theirs", available=False)))  # fmt: skip


def line(name, value="", custom="", default=""):
    return {"field": name, "value": value, "custom_field": custom, "default": default}


def rule(*lines, record_type="", object="Lead"):
    return Rule(object, record_type, lines, "Not provided", allow_duplicates=False)


def candidate(name="Ada Berg", custom="", address="ada@example.com"):
    return Candidate("a0", LIST, f"{LIST}:{address}", address, name, custom)


@pytest.mark.parametrize(
    ("full", "first", "last"),
    [
        ("Ada Berg", "Ada", "Berg"),
        ("  Ada   Maria  Berg ", "Ada Maria", "Berg"),
        ("Vincent van Gogh", "Vincent", "van Gogh"),
        ("Ludwig Mies van der Rohe", "Ludwig Mies", "van der Rohe"),
        ("van Gogh", "van", "Gogh"),
        ("Berg, Ada Maria", "Ada Maria", "Berg"),
        ("Berg, Ada, Dr.", "Berg Ada", "Dr."),
        ("Berg,", "", "Berg"),
        ("Plato", "", "Plato"),
        (" , ", "", "Nobody"),
        ("", "", "Nobody"),
        ("F" * 50 + " " + "L" * 90, "F" * 40, "L" * 80),
    ],
)
def test_a_full_name_falls_into_two(full, first, last):
    assert names.split(full, "Nobody") == (first, last)


@given(st.text(max_size=200), st.text(max_size=100))
def test_a_last_name_is_never_blank_and_never_too_long(full, blank):
    first, last = names.split(full, blank)
    assert last.strip()
    assert len(last) <= 80
    assert len(first) <= 40


def test_a_list_without_a_rule_asks_for_nothing():
    assert rules.rule_of(Given({}), LIST) is None


def test_a_rule_is_made_of_the_lists_settings_and_of_the_orgs():
    chosen = Given(
        {
            (settings.RULE.name, LIST): "lead",
            (settings.RECORD_TYPE.name, LIST): "Shop",
            (settings.VALUES.name, LIST): [line("Company", "None")],
            (settings.LAST_NAME.name, ""): "Unnamed",
            (settings.DUPLICATES.name, ""): "save",
        }
    )
    made = rules.rule_of(chosen, LIST)
    assert made == Rule("Lead", "Shop", (line("Company", "None"),), "Unnamed", True)
    assert made.fingerprint != rule().fingerprint


def test_a_good_rule_becomes_a_plan():
    plan = rules.plan(
        rule(line("company", custom="[Firm]", default="-"), line("Score__c", "7"), record_type="shop"), LEAD
    )
    assert (plan.link_field, plan.record_type_id) == ("Lead__c", "012000000000001AAA")
    plan = rules.resolved(plan, [("Firm", "[Firm]")])
    record = rules.record_of(plan, candidate(custom="Other: x\nFirm: Acme: Sons"))
    assert record == {
        "LastName": "Berg", "FirstName": "Ada", "Email": "ada@example.com", "RecordTypeId": plan.record_type_id,
        "Company": "Acme: Sons", "Score__c": 7.0,
    }  # fmt: skip
    without = rules.record_of(plan, candidate(name="Plato"))
    assert without["Company"] == "-"
    assert "FirstName" not in without
    assert rules.content(plan, record) != rules.content(plan, without)


def test_a_blank_custom_field_without_default_leaves_the_field_out():
    plan = rules.plan(rule(line("Tiny", custom="Short")), AnObject((LAST, AField("Tiny", length=3))))
    plan = rules.resolved(plan, [("Short", "[Short]")])
    assert "Tiny" not in rules.record_of(plan, candidate())
    with pytest.raises(DoesNotFit, match="“Short” does not fit Tiny: it takes at most 3"):
        rules.record_of(plan, candidate(custom="short: abcd"))


def test_several_choices_are_joined_under_the_fields_name_or_its_key():
    assert rules.custom_value("Hobby: a\nhobby: b\nHobbyist: c\nhob by: d", ("hob by", "Hobby")) == "a;b;d"
    assert rules.custom_value("Hobby: a", ()) == ""


def test_a_rule_names_custom_fields_by_name_or_key_and_one_that_is_gone_is_told():
    info = AnObject((LAST, AField("Tiny", length=3), AField("Other")))
    plan = rules.plan(rule(line("Tiny", custom="[hobby]"), line("Other", "x")), info)
    assert plan.needs_custom_fields
    assert rules.resolved(plan, [("Hob by", "[Hobby]")]).fillings[0].labels == ("Hob by", "Hobby")
    with pytest.raises(WrongRule, match="the list has no custom field “\\[hobby\\]”"):
        rules.resolved(plan, [("Other", "[Other]")])
    assert not rules.plan(rule(line("Other", "x")), info).needs_custom_fields


@pytest.mark.parametrize(
    ("asked", "info", "told"),
    [
        (rule(), LEAD, "the required field Company has no value"),
        (rule(line("Company", custom="Firm")), LEAD, "Company needs a default"),
        (rule(line("Email", "x")), LEAD, "Email is filled by Fairlead itself"),
        (rule(line("Nope__c", "x")), LEAD, "Lead has no field Nope__c"),
        (rule(line("Fixed", "x")), LEAD, "Fixed cannot be filled"),
        (rule(line("Where", "x")), LEAD, "Where cannot be filled"),
        (rule(line("Tiny")), LEAD, "Tiny needs either a fixed value or a custom field"),
        (rule(line("Tiny", "a", "b")), LEAD, "Tiny needs either"),
        (rule(line("Tiny", "long")), LEAD, "the value for Tiny does not fit: it takes at most 3"),
        (rule(line("LeadSource", custom="S", default="Old")), LEAD, "the value for LeadSource does not fit"),
        (rule(record_type="Gone"), LEAD, "Lead has no record type Gone"),
        (rule(record_type="Old"), LEAD, "the record type Old is not active"),
        (rule(record_type="Theirs"), LEAD, "may not give the record type Theirs"),
        (rule(object="Contact"), AnObject(createable=False), "may not create Contact records"),
    ],
)
def test_a_rule_that_cannot_work_says_all_that_is_wrong(asked, info, told):
    with pytest.raises(WrongRule, match=told) as caught:
        rules.plan(asked, info)
    assert any(told in problem for problem in caught.value.problems)


@pytest.mark.parametrize(
    ("field", "text", "value"),
    [
        (AField("X", "textarea"), " a ", "a"),
        (AField("X", "email"), "a@example.com", "a@example.com"),
        (AField("X", "boolean"), "Yes", True),
        (AField("X", "boolean"), "0", False),
        (AField("X", "int"), "12", 12),
        (AField("X", "percent"), "1.5", 1.5),
        (AField("X", "date"), "2026/01/31", "2026-01-31"),
        (AField("X", "datetime"), "2026-01-31 12:00:00", "2026-01-31T12:00:00Z"),
        (AField("X", "datetime"), "2026-01-31T12:00:00+02:00", "2026-01-31T12:00:00+02:00"),
        (AField("X", "reference"), "001000000000001", "001000000000001"),
        (AField("X", "picklist"), "anything", "anything"),
        (SOURCE, "web", "Web"),
        (
            AField("X", "multipicklist", restricted_picklist=True, picklist_values=(Pick("A"), Pick("B"))),
            "a; b;",
            "A;B",
        ),
    ],
)
def test_texts_become_values_of_the_fields_type(field, text, value):
    assert value_of(field, text) == value


@pytest.mark.parametrize(
    ("kind", "text"),
    [("email", "nobody"), ("boolean", "perhaps"), ("int", "1.5"), ("double", "many"), ("double", "nan"), ("date", "soon"),
     ("datetime", "soon"), ("reference", "001")],
)  # fmt: skip
def test_a_text_that_does_not_fit_is_not_repeated(kind, text):
    with pytest.raises(DoesNotFit) as caught:
        value_of(AField("X", kind), text)
    assert text not in str(caught.value)


@pytest.mark.parametrize(
    ("rule_name", "state", "linked", "told"),
    [
        ("nothing", "Active", False, "Do nothing"),
        ("lead", "Bounced", False, "only active ones get a lead"),
        ("contact", "Active", False, "The next sync creates a contact"),
        ("contact", "Active", True, "matches, so none is created"),
    ],
)
def test_it_is_explained_which_setting_decided(rule_name, state, linked, told):
    values = Given({(settings.RULE.name, LIST): rule_name})
    assert told in rules.explain(values, LIST, state=state, linked=linked)
