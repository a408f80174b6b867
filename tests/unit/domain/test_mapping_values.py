"""Values of a mapping: every type of Salesforce as every kind of a list's field, and back; what does not fit says why."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from fairlead.domain.field_values import DoesNotFit, fillable
from fairlead.domain.mapping import Fitted, Line, OwnField
from fairlead.domain.mapping_values import (
    GIVES,
    SEVERAL,
    TAKES,
    fits_inward,
    fits_outward,
    kind_for,
    list_text,
    org_text,
    shown_text,
    to_list,
    to_org,
    wire_text,
)
from tests.unit.domain.mapping_fields import ListField, OrgField, Value

LIKES = ListField("Likes", "MultiSelectMany", ("Tea", "Rum", "Milk"))
ONE = ListField("One", "MultiSelectOne", ("Yes", "No", "Gold"))
TEXT, NUMBER, DATE = ListField("T"), ListField("N", "Number"), ListField("D", "Date")
LAND, STATE = ListField("L", "Country", ("Norway", "Spain")), ListField("S", "USState", ("Ohio",))
CONSENT, MOBILE, NAME = (
    OwnField("ConsentToTrack", "Consent"), OwnField("MobileNumber", "MobileNumber"), OwnField("Name", "Text"),
)  # fmt: skip


def phone(text: str) -> str:
    return f"+{text}"


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, ""), (True, "Yes"), (False, "No"), (7, "7"), (7.0, "7"), (7.5, "7.5"), (0.0, "0"), (1e20, "100000000000000000000"),
     (" a ", "a"), ("2026-01-31", "2026-01-31")],
)  # fmt: skip
def test_values_of_salesforce_have_one_text(value: Any, text: str) -> None:
    assert org_text(value) == text


@pytest.mark.parametrize(
    ("type", "value", "field", "text"),
    [
        ("string", "Oslo", TEXT, "Oslo"), ("textarea", "a\r\n  b", TEXT, "a b"), ("double", 7.50, TEXT, "7.5"),
        ("multipicklist", "Rum;Tea", TEXT, "Rum;Tea"), ("boolean", True, TEXT, "Yes"), ("date", "2026-01-31", TEXT, "2026-01-31"),
        ("currency", 1200.0, NUMBER, "1200"), ("string", "07.10", NUMBER, "7.1"), ("date", "2026-01-31", DATE, "2026-01-31"),
        ("datetime", "2026-01-31T10:00:00.000+0000", DATE, "2026-01-31"), ("picklist", "gold", ONE, "Gold"),
        ("boolean", False, ONE, "No"), ("multipicklist", "milk;Tea", LIKES, f"Tea{SEVERAL}Milk"),
        ("string", "rum ; rum", LIKES, "Rum"), ("string", "norway", LAND, "Norway"), ("picklist", "OHIO", STATE, "Ohio"),
        ("phone", "47", MOBILE, "+47"), ("boolean", True, CONSENT, "Yes"), ("string", "no", CONSENT, "No"),
        ("string", "Ada", NAME, "Ada"), ("string", None, TEXT, "default"), ("string", "  ", TEXT, "default"),
    ],
)  # fmt: skip
def test_a_value_goes_over_in_the_form_of_the_list_s_field(type: str, value: Any, field: Any, text: str) -> None:
    fitted = Fitted(Line("Contact", "X", field.key, default="default"), OrgField("X", type), field)
    assert to_list(fitted, value, phone) == text


@pytest.mark.parametrize(
    ("field", "text", "why"),
    [
        (TEXT, "x" * 251, "at most 250"), (NAME, "x" * 251, "at most 250"), (NUMBER, "many", "a number"), (NUMBER, "NaN", "a number"),
        (NUMBER, "Infinity", "a number"), (DATE, "31.1.2026", "a date"), (DATE, "1899-12-31", "days from"),
        (DATE, "2076-06-07", "days from"), (ONE, "Silver", "the choices"), (LIKES, "Tea;Silver", "the choices"),
        (LAND, "Atlantis", "the choices"), (CONSENT, "perhaps", "yes or no"),
    ],
)  # fmt: skip
def test_a_value_that_does_not_fit_is_refused_and_never_repeated(field: Any, text: str, why: str) -> None:
    with pytest.raises(DoesNotFit, match=why) as wrong:
        list_text(field, text, phone)
    assert text not in str(wrong.value)
    assert shown_text(field, text) == text


def test_dates_are_told_with_slashes_and_all_else_as_it_is() -> None:
    assert (wire_text(DATE, "2026-01-31"), wire_text(TEXT, "a-b")) == ("2026/01/31", "a-b")


@pytest.mark.parametrize(
    ("type", "kind", "text", "value"),
    [
        ("string", "Text", "Oslo", "Oslo"), ("string", "Text", "", None), ("boolean", "Text", "", False),
        ("boolean", "MultiSelectOne", "Yes", True), ("double", "Number", "7.5", 7.5), ("date", "Date", "2026/01/31", "2026-01-31"),
        ("multipicklist", "MultiSelectMany", f"Tea{SEVERAL}Rum", "Tea;Rum"), ("string", "MultiSelectMany", f"Tea{SEVERAL}Rum", "Tea;Rum"),
        ("int", "Number", "7", 7),
    ],
)  # fmt: skip
def test_a_value_of_a_list_goes_back_in_the_form_of_the_salesforce_field(
    type: str, kind: str, text: str, value: Any
) -> None:
    assert to_org(OrgField("X", type), kind, text) == value


def test_a_value_that_the_salesforce_field_does_not_take_is_refused() -> None:
    with pytest.raises(DoesNotFit):
        to_org(OrgField("X", "double"), "Text", "many")


@given(
    some.sampled_from(sorted(TAKES)),
    some.sampled_from(sorted({one for kinds in TAKES.values() for one in kinds} | {"location"})),
)
def test_what_fits_is_what_the_tables_say(kind: str, type: str) -> None:
    """Outward and inward alike: a pair is let pass when its table has it, and can be filled."""
    field, source = ListField("F", kind), OrgField("X", type)
    assert fits_outward(source, field) == (type in TAKES[kind])
    assert fits_inward(field, source) == (type in GIVES[kind] and fillable(source))
    assert not fits_outward(source, ListField("F", "Picture"))


@given(some.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**9), max_value=10**9))
def test_a_number_goes_over_and_back_unchanged(number: Any) -> None:
    """Whatever number Salesforce has, what comes back of it is the same number."""
    text = list_text(NUMBER, str(number), phone)
    assert float(to_org(OrgField("X", "double"), "Number", text)) == float(number)
    assert list_text(NUMBER, text, phone) == text


@given(some.text(max_size=250))
def test_a_text_that_went_over_is_the_same_when_it_is_read_again(text: str) -> None:
    """What a list shows of a text is what was written: so an echo is known for one."""
    try:
        once = list_text(TEXT, text, phone)
    except DoesNotFit:
        return
    assert list_text(TEXT, once, phone) == once
    assert "\n" not in once


@given(some.lists(some.sampled_from(LIKES.options)))
def test_several_choices_have_one_order(chosen: list[str]) -> None:
    """The same choices in another order are the same value."""
    assert list_text(LIKES, ";".join(chosen), phone) == list_text(LIKES, SEVERAL.join(reversed(chosen)), phone)


@pytest.mark.parametrize(
    ("field", "kind"),
    [
        (OrgField("X"), ("Text", ())), (OrgField("X", "percent"), ("Number", ())), (OrgField("X", "datetime"), ("Date", ())),
        (OrgField("X", "boolean"), ("MultiSelectOne", ("Yes", "No"))), (OrgField("X", "picklist"), ("Text", ())),
        (OrgField("X", "picklist", picklist_values=(Value("A"),), restricted_picklist=True), ("MultiSelectOne", ["A"])),
        (OrgField("X", "multipicklist", picklist_values=(Value("A"), Value("B", active=False))), ("MultiSelectMany", ["A"])),
    ],
)  # fmt: skip
def test_a_new_custom_field_is_of_the_kind_that_suits(field: OrgField, kind: Any) -> None:
    assert kind_for(field) == kind


def test_the_page_says_what_the_tables_say() -> None:
    page = (Path(__file__).parents[3] / "docs" / "howto" / "map-fields.md").read_text("utf-8")
    lines = {cells[1].strip(): cells for line in page.splitlines() if len(cells := line.split("|")) == 5}
    words = {
        "MobileNumber": "Mobile number",
        "MultiSelectOne": "One of several",
        "MultiSelectMany": "Several of several",
        "USState": "US state",
    }
    for kind, types in TAKES.items():
        _, _, outward, inward, _ = lines[words.get(kind, kind)]
        assert sorted(word.strip() for word in outward.split(",")) == sorted(types), kind
        assert sorted(word.strip() for word in inward.replace("–", "").split(",") if word.strip()) == sorted(
            GIVES[kind]
        ), kind
