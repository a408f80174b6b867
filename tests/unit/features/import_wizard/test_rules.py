"""What is decided about imports, without anything running: columns, rows, removals, words, what people type."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from fairlead.domain.setting import defaults
from fairlead.features.import_wizard.rules import given as typed
from fairlead.features.import_wizard.rules import removal, rows, words
from fairlead.features.import_wizard.rules.columns import (
    CONSENT_TO_SEND_SMS,
    CONSENT_TO_TRACK,
    EMAIL,
    FIXED,
    MOBILE,
    NAME,
    Column,
    Line,
    ListField,
    lines_of,
    problems,
    suggest,
    type_for,
)
from fairlead.features.import_wizard.rules.rows import CLEAR, SEVERAL, Person, Reading, Why
from fairlead.features.import_wizard.rules.words import Refresh, SourceKind, Status

FIELDS = (
    ListField("[City]", "City"),
    ListField("[SalesforceID]", "Salesforce ID"),
    ListField("[Born]", "Born", "Date"),
)


def went(*columns: Column, fields: tuple[ListField, ...] = FIELDS) -> dict[str, str]:
    return {line.column: line.to for line in suggest(columns, fields)}


# ---- columns


@pytest.mark.parametrize(
    ("name", "label", "kind", "to"),
    [
        ("Email", "Email", "email", EMAIL),
        ("EMAIL", "Email", "email", EMAIL),
        ("Contact.Email", "", "", EMAIL),
        ("Work__c", "Work", "email", EMAIL),
        ("Name", "Full Name", "string", NAME),
        ("MobilePhone", "Mobile", "phone", MOBILE),
        ("Consent_To_Track__c", "", "boolean", CONSENT_TO_TRACK),
        ("Sms__c", "Consent To Send SMS", "boolean", CONSENT_TO_SEND_SMS),
        ("MailingCity", "City", "string", "[City]"),
        ("CONTACT_ID", "Contact ID", "id", "[SalesforceID]"),
    ],
)
def test_a_column_is_suggested_by_its_name_label_or_type(name: str, label: str, kind: str, to: str) -> None:
    assert went(Column(name, label, kind)) == {name: to}


def test_first_and_last_name_make_a_name_where_there_is_no_whole_one() -> None:
    first, last, whole = Column("FIRST_NAME"), Column("LAST_NAME"), Column("Name")
    assert went(first, last) == {"FIRST_NAME": NAME, "LAST_NAME": NAME}
    assert went(first, last, whole) == {"Name": NAME}


def test_an_id_goes_to_a_new_field_where_the_list_has_none() -> None:
    (line,) = suggest([Column("ContactId", "Contact ID", "reference")], ())
    assert (line.new_name, line.type) == ("Salesforce ID", "Text")


SOME_COLUMNS = some.lists(
    some.builds(
        Column,
        some.sampled_from(["Email", "Name", "FirstName", "LastName", "City", "ContactId", "LeadId", "X__c", "Born"]),
        some.sampled_from(["", "Email", "City", "Salesforce ID", "Mobile"]),
        some.sampled_from(["", "email", "id", "date"]),
    ),
    max_size=8,
    unique_by=lambda column: column.name,
)


@given(columns=SOME_COLUMNS, fields=some.sets(some.sampled_from(FIELDS)))
def test_what_is_suggested_can_be_kept_but_for_a_missing_address(columns, fields) -> None:
    """Nothing goes to two places or from none, and nothing is suggested that is refused on saving."""
    found = suggest(columns, list(fields))
    wrong = problems(found, columns, list(fields))
    assert all("e-mail address" in one for one in wrong)
    assert len({line.column for line in found}) == len(found)
    assert [line.column for line in found] == [
        one.name for one in columns if one.name in {line.column for line in found}
    ]


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ([], "No column goes to the e-mail address"),
        ([Line("Nowhere", EMAIL)], "no column Nowhere"),
        ([Line("A", EMAIL), Line("B", EMAIL)], "E-mail address is chosen for several columns"),
        ([Line("A", EMAIL), Line("B", "[City]"), Line("C", "[City]")], "“City” is chosen for several columns"),
        ([Line("A", EMAIL), Line("B", "[Gone]")], "no custom field [Gone]"),
        ([Line("A", EMAIL), Line("B", "new:")], "has no name"),
        ([Line("A", EMAIL), Line("B", "new:city", "Text")], "has a custom field “city” already"),
        ([Line("A", EMAIL), Line("B", "new:Shoe", "Blob")], "cannot be of the type Blob"),
        ([Line("A", EMAIL), Line("B", "new:S", "Text"), Line("C", "new:s", "Text")], "“S” is chosen for several"),
        ([Line("A", EMAIL), Line("B", "new:x", "Text"), Line("C", "[Odd]"), Line("B", "[Odd]")], "[Odd] is chosen"),
    ],
)
def test_what_cannot_be_kept_is_told(lines: list[Line], told: str) -> None:
    assert any(told in one for one in problems(lines, [Column(name) for name in "ABC"], FIELDS))


def test_lines_survive_being_kept() -> None:
    lines = (Line("A", EMAIL), Line("B", "new:Shoe", "Number"))
    assert lines_of([line.as_json() for line in lines]) == lines
    assert Column("Name").title == "Name"
    assert Column("Name", "Whole").title == "Whole"


@pytest.mark.parametrize(
    ("kind", "made"), [("date", "Date"), ("double", "Number"), ("multipicklist", "MultiSelectMany"), ("", "Text")]
)
def test_a_new_field_has_the_type_that_fits(kind: str, made: str) -> None:
    assert type_for(Column("X", "", kind)) == made


# ---- rows

ORDER = ("email", "first", "last", "mobile", "track", "sms", "born", "size", "tags", "city")
TO = (EMAIL, NAME, NAME, MOBILE, CONSENT_TO_TRACK, CONSENT_TO_SEND_SMS, "[Born]", "[Size]", "[Tags]", "[City]")
TYPES = {"[Born]": "Date", "[Size]": "Number", "[Tags]": "MultiSelectMany"}
LINES = tuple(Line(column, to) for column, to in zip(ORDER, TO, strict=True))


def row(clear_blank: bool = False, **cells: str) -> Person | Why:
    how = Reading.of(LINES, ORDER, TYPES, clear_blank=clear_blank)
    whole = {"email": "ada@example.com", **cells}
    return rows.read(how, [whole.get(name, "") for name in ORDER])


def test_a_whole_row_asks_for_what_it_says() -> None:
    found = row(
        first=" Ada ", last="Berg", mobile="+61412345678", track="true", sms="0", born="2001-02-03T00:00:00Z", size="3.5",
        tags="a; b;a", city="Oslo",
    )  # fmt: skip
    values = (("[Born]", "2001/02/03"), ("[Size]", "3.5"), ("[Tags]", f"a{SEVERAL}b"), ("[City]", "Oslo"))
    assert found == Person("ada@example.com", "Ada Berg", "+61412345678", "Yes", "No", values)
    assert "ada@" not in repr(found)


def test_a_blank_leaves_what_is_there_or_empties_it_as_chosen() -> None:
    kept, cleared = row(), row(clear_blank=True)
    assert kept == Person("ada@example.com")
    assert isinstance(cleared, Person)
    assert cleared.name == CLEAR
    assert {text for _, text in cleared.values} == {CLEAR}
    assert cleared.text != kept.text


@pytest.mark.parametrize(
    ("cells", "why"),
    [
        ({"email": " "}, Why.NO_ADDRESS),
        ({"email": "nobody"}, Why.BAD_ADDRESS),
        ({"email": "a@b"}, Why.BAD_ADDRESS),
        ({"email": "a b@example.com"}, Why.BAD_ADDRESS),
        ({"track": "perhaps"}, Why.BAD_CONSENT),
        ({"sms": "2"}, Why.BAD_CONSENT),
        ({"mobile": "0412 345 678"}, Why.BAD_MOBILE),
        ({"born": "3 Feb"}, Why.BAD_VALUE),
        ({"size": "big"}, Why.BAD_VALUE),
        ({"city": "x" * 251}, Why.TOO_LONG),
    ],
)
def test_a_bad_row_is_refused_with_its_reason(cells: dict[str, str], why: Why) -> None:
    assert row(**cells) is why
    assert rows.reason(why) == why.text


def test_a_number_is_made_international_by_who_knows_how() -> None:
    how = Reading.of(LINES, ORDER, TYPES)
    cells = ["ada@example.com", "", "", "0412 345 678", *[""] * 6]
    found = rows.read(how, cells, lambda text: "+61" + text.replace(" ", "")[1:])
    assert isinstance(found, Person)
    assert found.mobile == "+61412345678"


def test_a_consent_for_all_counts_where_no_column_says_it() -> None:
    how = Reading.of([Line("email", EMAIL)], ["email"], {}, track_default="No")
    found = rows.read(how, ["ADA@example.com"])
    assert isinstance(found, Person)
    assert (found.track, found.key) == ("No", "ada@example.com")


@given(some.lists(some.text(max_size=12), min_size=len(ORDER), max_size=len(ORDER)))
def test_no_row_raises(cells: list[str]) -> None:
    assert isinstance(rows.read(Reading.of(LINES, ORDER, TYPES, clear_blank=True), cells), Person | Why)


def test_every_reason_is_a_sentence_that_names_nobody() -> None:
    for code in (*Why, *rows.CM_WORDS, "999"):
        assert rows.reason(str(code)).endswith(".")
    assert "999" in rows.reason("999")


# ---- removals

KEPT = some.builds(removal.Kept, some.binary(min_size=4, max_size=4), some.booleans(), some.booleans(), some.booleans())


@given(some.lists(KEPT, unique_by=lambda one: one.address))
def test_only_who_was_added_here_and_is_wanted_nowhere_is_missing(kept) -> None:
    found = set(removal.missing(kept))
    for one in kept:
        assert (one.address in found) is (one.added and not one.seen and not one.elsewhere)


@given(read=some.integers(0, 3), missing=some.integers(0, 50), more=some.integers(0, 50), allowed=some.booleans())
def test_an_empty_source_removes_nobody_whatever_is_allowed(read, missing, more, allowed) -> None:
    try:
        removal.check(
            "x", read=read, missing=missing, added=missing + more, limits=removal.Limits(0.5, 10), allowed=allowed
        )
    except removal.EmptySource as refused:
        assert read == 0
        assert missing > 0
        assert "lists nobody" in str(refused)
    except removal.TooManyRemovals:
        assert not allowed
        assert missing > 10
        assert missing > 0.5 * (missing + more)
    else:
        assert missing == 0 or read > 0


def test_the_limits_are_those_chosen() -> None:
    assert removal.limits(defaults()) == removal.Limits(0.2, 100)


def test_two_imports_that_remove_are_told() -> None:
    removal.check_others(False, [("Other", True)])
    removal.check_others(True, [("Other", False)])
    with pytest.raises(removal.TwoRemove, match="“Other”"):
        removal.check_others(True, [("Third", False), ("Other", True)])


@given(some.lists(some.binary(max_size=3), unique=True), some.integers(0, 6))
def test_nobody_counts_as_added_where_the_numbers_differ(candidates, new) -> None:
    assert removal.surely_added(candidates, new) == (candidates if len(candidates) == new else [])


# ---- words


@pytest.mark.parametrize(
    ("state", "stage", "written", "attempts", "paused", "code", "status"),
    [
        ("", "", False, 0, False, "", Status.NEVER),
        ("holding", "", False, 0, False, "", Status.HOLDING),
        ("queued", "", False, 0, False, "", Status.QUEUED),
        ("queued", "", False, 1, False, "", Status.WAITING),
        ("done", "", False, 1, True, "", Status.WAITING),
        ("running", "source", False, 1, False, "", Status.RUNNING),
        ("running", "people", False, 1, False, "", Status.PROCESSING),
        ("running", "people", True, 1, False, "", Status.UPDATING),
        ("running", "gone", True, 1, False, "", Status.UPDATING),
        ("running", "segment", True, 1, False, "", Status.SEGMENTING),
        ("done", "", True, 1, False, "", Status.COMPLETED),
        ("failed", "", True, 1, False, "FL-111", Status.FAILED),
        ("failed", "", True, 1, False, "FL-472", Status.TOO_LARGE),
        ("cancelled", "", True, 1, False, "", Status.CANCELLED),
    ],
)
def test_the_status_in_words(state, stage, written, attempts, paused, code, status) -> None:
    found = words.status(state, stage, written=written, attempts=attempts, paused=paused, code=code)
    assert found is status
    assert found.meaning.endswith(".")


def test_every_word_is_told() -> None:
    assert all(one.label for one in SourceKind)
    assert all(one.label and one.help.endswith(".") for one in Refresh)
    assert [one for one in Refresh if one.removes and one.adds_deleted] == [Refresh.REMOVE_ADD_DELETED]
    assert set(FIXED) == {EMAIL, NAME, MOBILE, CONSENT_TO_TRACK, CONSENT_TO_SEND_SMS}


# ---- what people type


def test_a_source_is_read_from_what_was_given() -> None:
    assert typed.source(None, [], None, None, None) is None
    assert typed.source("701", ["Sent"], None, None, None) == ("campaign", {"id": "701", "statuses": ["Sent"]})
    assert typed.source(None, [], "00O", None, None) == ("report", {"id": "00O"})
    assert typed.source(None, [], None, "Lead:00B", None) == ("list-view", {"object": "Lead", "id": "00B"})
    assert typed.source(None, [], None, None, "SELECT Id") == ("soql", {"soql": "SELECT Id"})
    for wrong in (("701", [], "00O", None, None), (None, [], None, "Lead", None)):
        with pytest.raises(typed.BadSource):
            typed.source(*wrong)


def test_hours_and_days_are_read() -> None:
    found = typed.changes({"name": None, "track": "Yes"}, "13, 1,1", None)
    assert found == {"track": "Yes", "hours": [1, 13], "days": list(range(7))}
    assert typed.changes({}, "all", "Mon, thursday") == {"hours": list(range(24)), "days": [0, 3]}
    assert typed.changes({}, "", "all") == {"hours": [], "days": list(range(7))}
    assert typed.changes({}, "", None) == {"hours": []}
    for hours, days in (("24", None), ("x", None), (None, "someday")):
        with pytest.raises(typed.BadSource):
            typed.changes({}, hours, days)


def test_columns_are_read_from_the_command_line() -> None:
    columns = [Column("Born__c", "", "date")]
    found = typed.lines(["Email=EmailAddress", "Born__c = new:Born", "A=B=[City]"], columns)
    assert found == (Line("Email", EMAIL), Line("Born__c", "new:Born", "Date"), Line("A=B", "[City]"))
    for wrong in ("Email", "=x", "Email="):
        with pytest.raises(typed.BadSource):
            typed.lines([wrong], columns)
