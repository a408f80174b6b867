"""Compare, guard, convert and the window: what is decided, without anything else."""

from datetime import date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlead.domain.address import member_key, member_keys, normal
from fairlead.domain.records import Cursor, Kind, Outcome, RowFailure, Rows, Scope
from fairlead.sync import guard
from fairlead.sync.compare import compare
from fairlead.sync.convert import MEMBER_FIELDS, members
from fairlead.sync.pull import OVERLAP, window
from fairlead.sync.seen import Seen, text_hashes
from tests.laws.flow_world import Person

ROWS = Rows(("Key__c",), (Kind.TEXT,), (["a", "b", "c"],))
HASHES = [b"A", b"B", b"C"]
DAYS = ["2026-01-01", "2026-03-09", "2026-03-10"]


def test_rows_that_equal_what_was_written_are_left_out() -> None:
    """Re-reading is free: only what differs from the digest is written."""
    decisions = compare(
        ROWS, DAYS, HASHES, [b"1", b"2", b"3"], {b"A": b"1", b"B": b"0"}, recent_from="2026-03-09", write_all=False
    )

    assert decisions.write.keys == ["b", "c"]
    assert decisions.unchanged == 1


def test_only_rows_that_the_next_reading_sees_again_are_remembered() -> None:
    """Digests are kept for the overlap, not for all rows that exist."""
    decisions = compare(ROWS, DAYS, HASHES, [b"1", b"2", b"3"], {}, recent_from="2026-03-10", write_all=False)

    assert set(decisions.digests) == {b"C"}


def test_a_full_sync_writes_even_what_is_unchanged() -> None:
    """Each row must carry the full run's number, or the sweep would take it."""
    known = {b"A": b"1", b"B": b"2", b"C": b"3"}
    decisions = compare(ROWS, DAYS, HASHES, [b"1", b"2", b"3"], known, recent_from="2026-03-09", write_all=True)

    assert (len(decisions.write), decisions.unchanged) == (3, 0)


def test_old_rows_of_a_first_sync_need_no_hash() -> None:
    """Nothing known and nothing recent: the page is written as it is."""
    assert compare(ROWS, DAYS, None, (), {}, recent_from="2027-01-01", write_all=False).write is ROWS


@pytest.mark.parametrize(
    ("read", "older", "known", "error"),
    [
        (0, 3, 3, guard.NothingListed),
        (1000, 501, 1000, guard.SweepTooLarge),
        (10_000, 2_001, 10_000, guard.SweepTooLarge),
    ],
)
def test_a_sweep_too_large_or_too_strange_is_refused(read: int, older: int, known: int, error: type[Exception]) -> None:
    """A side that answers nothing, or too much change at once, stops and asks; one override lets it pass."""
    with pytest.raises(error, match="allow-large-changes"):
        guard.check_sweep("a list", read=read, older=older, known=known, limits=guard.SweepLimits(), allowed=False)
    guard.check_sweep("a list", read=read, older=older, known=known, limits=guard.SweepLimits(), allowed=True)


@pytest.mark.parametrize(("read", "older", "known"), [(0, 0, 0), (10, 500, 510), (10_000, 2_000, 10_000)])
def test_an_ordinary_sweep_passes(read: int, older: int, known: int) -> None:
    """Up to 500 records or a fifth of the list may go unasked."""
    guard.check_sweep("a list", read=read, older=older, known=known, limits=guard.SweepLimits(), allowed=False)


def test_a_member_holds_what_the_list_shows() -> None:
    """Key in lower case, address as stored, links, UTC dates, custom fields as lines, the run's number."""
    person = Person(
        "Ann.O'Neill@Example.com",
        "Active",
        "2026-03-10 09:30:00",
        name="Ann",
        consent_to_track="Yes",
        mobile_number="+61491570156",
        custom_text='Colour: red\nColour: blue\nNote: say "hi",\nthen',
    )
    rows = members([person], "L1", ["003C"], [""], lambda texts: [text + "Z" for text in texts], 7)

    record = dict(zip(rows.fields, next(rows.records()), strict=True))
    assert rows.fields == MEMBER_FIELDS
    assert record == {
        "Member_Key__c": "L1:ann.o'neill@example.com",
        "List__r.List_Id__c": "L1",
        "Email__c": "Ann.O'Neill@Example.com",
        "Full_Name__c": "Ann",
        "State__c": "Active",
        "State_Date__c": "2026-03-10 09:30:00Z",
        "Joined_Date__c": "2020-01-01 00:00:00Z",
        "Contact__c": "003C",
        "Lead__c": "",
        "Reads_Email_With__c": "",
        "Custom_Fields__c": 'Colour: red\nColour: blue\nNote: say "hi",\nthen',
        "Consent_To_Track__c": "Yes",
        "Mobile_Number__c": "+61491570156",
        "Consent_To_Send_SMS__c": "",
        "Sync_Run__c": "7",
    }


@given(st.text(), st.text(min_size=1))
def test_a_member_key_does_not_depend_on_the_spelling(list_id: str, address: str) -> None:
    """Two spellings of one address are one member; a column of keys equals the keys one by one."""
    assert member_key(list_id, f" {address} ") == member_key(list_id, address)
    assert member_keys(list_id, [address]) == [member_key(list_id, address)]
    assert normal(normal(address)) == normal(address)


def test_texts_end_where_the_fields_of_the_org_end() -> None:
    """A long text area takes 32,000 characters from a bulk job; more would refuse the whole member."""
    person = Person("a@example.com", "Active", "", name="n" * 300, mobile_number="+" * 50, custom_text="x" * 40_000)
    rows = members([person], "L1", [""], [""], list, 7)

    assert rows.column("Custom_Fields__c") == ["x" * 32_000]
    assert rows.column("Full_Name__c") == ["n" * 255]
    assert rows.column("Mobile_Number__c") == ["+" * 40]


def test_a_word_that_is_no_consent_is_left_blank() -> None:
    """The picklist of the org has two words only."""
    people = [Person(f"{word}@example.com", "Active", "", consent_to_track=word) for word in ("Yes", "Maybe", "No", "")]
    rows = members(people, "L1", [""] * 4, [""] * 4, list, 7)

    assert rows.column("Consent_To_Track__c") == ["Yes", "", "No", ""]


def test_the_next_reading_covers_the_whole_day_before() -> None:
    """The overlap starts at the beginning of a day, because dates are rounded and have no offset."""
    now = datetime(2026, 3, 10, 23, 59)
    first = window(None, now, OVERLAP, everything=False)
    second = window(first.cursor, now + timedelta(hours=1), OVERLAP, everything=False)

    assert first.since is None
    assert second.since == date(2026, 3, 9)
    assert first.recent_from == "2026-03-09"
    assert window(Cursor(now), now, OVERLAP, everything=True).since is None


@given(st.lists(st.lists(st.integers(-5, 5))))
def test_seen_tells_what_came_by(pages: list[list[int]]) -> None:
    """However the pages fall, a hash is known exactly if it came before."""
    seen, before = Seen(), set()
    for page in pages:
        expected = []
        for number in page:
            expected.append(number in before)
            before.add(number)
        assert seen.add(np.array(page, dtype=np.int64)).tolist() == expected
    assert len(seen) == len(before)
    assert seen.contains(np.arange(-7, 8)).tolist() == [number in before for number in range(-7, 8)]


def test_a_text_has_one_hash() -> None:
    """Equal texts, equal hashes."""
    assert text_hashes(["a", "b", "a"]).tolist() == [hash("a"), hash("b"), hash("a")]


def test_rows_are_taken_and_joined_by_column() -> None:
    """Positions give rows in that order; joined pages read as one."""
    assert ROWS.take([2, 0]).keys == ["c", "a"]
    assert ROWS.take([0, 1, 2]) is ROWS
    assert ROWS.take([2, 1, 0]).keys == ["c", "b", "a"]
    assert Rows.join([ROWS, ROWS.take([1])]).keys == ["a", "b", "c", "b"]
    assert Rows.join([ROWS]) is ROWS
    assert str(Scope("members", "c", "l")) == "members/c/l"
    assert str(Scope("lists", "c")) == "lists/c"


def test_outcomes_add_up() -> None:
    """Counts are summed, refusals kept."""
    total = Outcome(1)
    total.add(Outcome(3, [RowFailure("k", "c", "r", retryable=False)]))

    assert (total.written, len(total.failures)) == (4, 1)
