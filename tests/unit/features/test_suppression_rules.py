"""How much of a suppression list is read, and what its entries become."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from fairlead.features.suppression import rules
from fairlead.features.suppression.rules import Known, Reading

NOW = datetime.fromisoformat("2026-03-10T09:30:00")
CLIENT = "c" * 32


@dataclass(frozen=True)
class AnEntry:
    email: str
    date: str = "2026-03-09 10:55:31"
    reason: str = "Bounced"


def known(total=3, newest=b"n", hours=1):
    return Known(total, newest, NOW - timedelta(hours=hours) if hours else None)


@pytest.mark.parametrize(
    ("before", "total", "newest", "full", "reading"),
    [
        (None, 3, b"n", False, Reading.WHOLE),
        (known(), 3, b"n", False, Reading.NOTHING),
        (known(), 3, b"n", True, Reading.WHOLE),
        (known(hours=0), 3, b"n", False, Reading.WHOLE),
        (known(hours=23), 3, b"n", False, Reading.NOTHING),
        (known(hours=24), 3, b"n", False, Reading.WHOLE),
        (known(), 4, b"m", False, Reading.NEWEST),
        (known(), 2, b"m", False, Reading.WHOLE),
        (known(), 3, b"m", False, Reading.WHOLE),
    ],
)
def test_an_unchanged_list_is_not_read_a_grown_one_from_its_newest_and_any_other_whole(
    before, total, newest, full, reading
):
    assert rules.how_much(before, total, newest, NOW, full=full) is reading


@pytest.mark.parametrize(
    ("word", "reason"),
    [("Bounced", "Bounced"), ("Unsubscribed", "Unsubscribed"), ("Reason Unavailable", "Reason unavailable"),
     ("", "Reason unavailable"), ("Something new", "Reason unavailable")],
)  # fmt: skip
def test_reasons_are_the_picklists_words(word, reason):
    assert rules.reason(word) == reason


def test_an_entry_becomes_a_row_of_its_client():
    rows = rules.rows(
        [AnEntry("Ada@Example.com ")], CLIENT, ["003"], [""], lambda texts: [f"utc {t}" for t in texts], 7
    )
    assert dict(zip(rows.fields, next(rows.records()), strict=True)) == {
        "Suppression_Key__c": f"{CLIENT}:ada@example.com",
        "Client__r.Client_Id__c": CLIENT,
        "Email__c": "Ada@Example.com ",
        "Suppressed_Date__c": "utc 2026-03-09 10:55:31",
        "Reason__c": "Bounced",
        "Contact__c": "003",
        "Lead__c": "",
        "Sync_Run__c": "7",
    }


def test_pages_are_told_apart_by_address_date_and_reason():
    texts = {
        rules.fingerprint(page)
        for page in (
            [],
            [AnEntry("a@example.com")],
            [AnEntry("b@example.com")],
            [AnEntry("a@example.com", reason="Unsubscribed")],
            [AnEntry("a@example.com", date="2026-03-09 10:55:32")],
        )
    }
    assert len(texts) == 5


@pytest.mark.parametrize(
    ("wanted", "suppressed", "told"),
    [(False, True, "is off"), (True, True, "a record says so"), (True, False, "not on")],
)
def test_it_is_explained_which_setting_decided(wanted, suppressed, told):
    assert told in rules.explain(wanted=wanted, suppressed=suppressed)
