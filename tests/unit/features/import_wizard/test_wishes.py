"""What rows ask for, by column: the same as row by row, whatever stands in the cells."""

from hypothesis import given
from hypothesis import strategies as some

from fairlead.features.import_wizard.rules import rows, wishes
from fairlead.features.import_wizard.rules.columns import (
    CONSENT_TO_SEND_SMS,
    CONSENT_TO_TRACK,
    EMAIL,
    MOBILE,
    NAME,
    Line,
)
from fairlead.features.import_wizard.rules.rows import Person, Reading, Why

ORDER = ("email", "first", "middle", "last", "mobile", "track", "sms", "born", "size", "tags", "city")
TO = (EMAIL, NAME, NAME, NAME, MOBILE, CONSENT_TO_TRACK, CONSENT_TO_SEND_SMS, "[Born]", "[Size]", "[Tags]", "[City]")
TYPES = {"[Born]": "Date", "[Size]": "Number", "[Tags]": "MultiSelectMany"}
LINES = dict(zip(ORDER, (Line(column, to) for column, to in zip(ORDER, TO, strict=True)), strict=True))
ANYTHING = some.text(some.characters(exclude_categories=["Cs"]), max_size=6)
CELLS = {
    "email": some.sampled_from(
        ["ada@example.com", " Bea@Example.com ", "", " ", "no address", "a@b", "@example.com", "a\nb@example.com",
         "a@b@example.com", "a..b@example.com", "a@example..com", "a@.com", "a,b@example.com", "a@example.com."]
    ) | ANYTHING,
    "mobile": some.sampled_from(["", " ", "+61412345678", "0412", " +61412345678 "]),
    "track": some.sampled_from(["", " ", "yes", "NO", "true", "perhaps"]),
    "sms": some.sampled_from(["", "1", "off", "who knows"]),
    "born": some.sampled_from(["", "2001-02-03", "2001-02-03T04:05:06.000+0000", "yesterday"]),
    "size": some.sampled_from(["", "41", "-4.5", "4e3", "large"]),
    "tags": some.sampled_from(["", "a", "a;b", "a; a ;b", ";", "x" * 251]),
    "city": some.sampled_from(["", " Paris ", "x" * 250, "x" * 251, "a;b"]) | ANYTHING,
}  # fmt: skip
ROWS = some.lists(
    some.tuples(*(CELLS.get(name, some.sampled_from(["", " ", "Ada", " Ba ", "\x00"])) for name in ORDER))
)
CHOSEN = some.sets(some.sampled_from(ORDER[1:])).map(
    lambda names: [name for name in ORDER if name in names | {"email"}]
)


def by_row(how: Reading, table: list[tuple[str, ...]]) -> list[Person | Why]:
    return [rows.read(how, cells) for cells in table]


def by_column(how: Reading, table: list[tuple[str, ...]]) -> tuple[wishes.Wishes, dict[int, Why]]:
    return wishes.read(how, [[cells[place] for cells in table] for place in range(len(ORDER))])


@given(ROWS, CHOSEN, some.booleans(), some.sampled_from(["", "Yes"]))
def test_a_page_by_column_is_what_its_rows_are_one_by_one(table, chosen, clear, track) -> None:
    """The same wish or the same reason for every row, and the same texts for the digests."""
    how = Reading.of([LINES[name] for name in chosen], ORDER, TYPES, clear_blank=clear, track_default=track)
    found, why = by_column(how, table)
    expected = by_row(how, table)
    assert [why.get(place) or found.person(place) for place in range(len(table))] == expected
    texts = found.texts("3 ")
    assert [why.get(place) or texts[place] for place in range(len(table))] == [
        one if isinstance(one, Why) else f"3 {one.text}" for one in expected
    ]


@given(ROWS, some.data())
def test_some_of_them_are_what_they_were(table, data) -> None:
    """Chosen, cut, joined again, and with a field for all."""
    how = Reading.of([*LINES.values()], ORDER, TYPES)
    found, why = by_column(how, table)
    people = list(found.persons())
    places = data.draw(some.sets(some.sampled_from(range(len(table))))) if table else set()
    stays, moved = wishes.without(why, places, len(table))
    left = [place for place in range(len(table)) if place not in places]
    assert list(found.only(stays).persons()) == [people[place] for place in left]
    assert moved == {new: why[old] for new, old in enumerate(left) if old in why}
    middle = len(table) // 2
    again = found.cut(0, middle).and_then(found.cut(middle, len(table)))
    assert list(again.persons()) == people
    marked = found.all_with("[Mark]", "1")
    assert [one.values[-1] for one in marked.persons()] == [("[Mark]", "1")] * len(table)


def test_what_is_not_in_the_columns_is_said_of_nobody() -> None:
    """Nothing but the address: no name is emptied, no consent given."""
    how = Reading.of([LINES["email"]], ["email"], {})
    found, why = wishes.read(how, [["ada@example.com", ""]])
    assert list(found.persons())[0] == Person("ada@example.com")
    assert why == {1: Why.NO_ADDRESS}
    assert len(found) == 2
    assert "ada" not in repr(found)


def test_one_column_of_names_and_two_are_read_alike() -> None:
    """A name stands alone, or is put together of what is not blank."""
    one = Reading.of([LINES["email"], LINES["first"]], ORDER[:2], {})
    two = Reading.of([LINES["email"], LINES["first"], LINES["middle"]], ORDER[:3], {})
    emails = ["a@example.com", "b@example.com", "c@example.com"]
    assert wishes.read(one, [emails, [" Ada ", "", "C"]])[0].names == ["Ada", None, "C"]
    assert wishes.read(two, [emails, ["Ada", "", " "], ["Lo", "Bo", ""]])[0].names == ["Ada Lo", "Bo", None]
