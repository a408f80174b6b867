"""E-mails filled from records, and messages of the log recognised."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from fairlead.features.transactional_email.rules import failures, log
from fairlead.features.transactional_email.rules.compiling import compiled
from fairlead.features.transactional_email.rules.failures import (
    BadRecipient,
    NoRecipient,
    TooManyRecipients,
    TooMuchData,
)
from fairlead.features.transactional_email.rules.filling import children, letter, values
from fairlead.features.transactional_email.rules.log import Logged, Unclear
from fairlead.features.transactional_email.rules.words import Recipient, Variable
from tests.unit.features.transactional_email.described import GOOD, ORG, with_listing

PLAN = compiled(GOOD, ORG, ())
RECORD = {
    "Id": "006000000000001AAA",
    "Account": {"Name": "Acme"},
    "CloseDate": "2026-03-09",
    "Buyer": {"Email": "Buyer@example.com", "Id": "003000000000001AAA"},
    "OpportunityLineItems": {"records": [{"Description": "Rope", "TotalPrice": 20.0}, {"Description": None}]},
    "OpportunityContactRoles": {
        "records": [{"Contact": {"Email": "buyer@example.com; other@example.com", "Id": "x"}}, {"Contact": None}]
    },
}


def test_an_e_mail_says_what_the_record_says_now() -> None:
    """Each address once, the first line wins; people are told for the task, records' addresses for the list."""
    made = letter(GOOD, PLAN, RECORD)
    assert made.data == {
        "name": "Acme",
        "day": "9 Mar 2026",
        "items": [{"what": "Rope", "price": "20.00"}, {"what": "", "price": ""}],
    }
    assert made.lines == {"To": ("Buyer@example.com",), "CC": ("other@example.com",), "BCC": ("archive@example.com",)}
    assert made.joins == ("Buyer@example.com",)
    assert made.who == "003000000000001AAA"
    assert len(made.everybody) == 3
    assert "buyer" not in repr(made).lower()


def test_blank_parents_say_what_is_said_otherwise_and_one_field_is_a_plain_list() -> None:
    draft = with_listing(columns=(Variable("", "Description"),), criteria=(), sort="")
    plan = compiled(draft, ORG, ())
    found = values(draft, plan, {**RECORD, "Account": None, "OpportunityLineItems": None})
    assert found == {"name": "you", "day": "9 Mar 2026", "items": []}
    assert values(draft, plan, RECORD)["items"] == ["Rope", ""]
    assert values(draft, replace(plan, children=()), RECORD)["items"] == []
    assert children({"Rows": "none"}, "Rows") == []


def test_what_cannot_be_sent_says_why() -> None:
    with pytest.raises(NoRecipient):
        letter(GOOD, PLAN, {**RECORD, "Buyer": None})
    with pytest.raises(BadRecipient, match=r"Buyer\.Email"):
        letter(GOOD, PLAN, {**RECORD, "Buyer": {"Email": "call me"}})
    roles = {"records": [{"Contact": {"Email": f"a{n}@example.com"}} for n in range(24)]}
    with pytest.raises(TooManyRecipients, match="26"):
        letter(GOOD, PLAN, {**RECORD, "OpportunityContactRoles": roles})
    with pytest.raises(TooMuchData):
        letter(GOOD, PLAN, {**RECORD, "Account": {"Name": "x" * 110_000}})
    fixed = replace(GOOD, recipients=(Recipient("To", "address", "a@example.com"),))
    assert letter(fixed, PLAN, RECORD).joins == ()


NOW = datetime(2026, 3, 9, 12, tzinfo=UTC)
FIRST = Unclear(1, "t1", frozenset({"a@example.com", "b@example.com"}), NOW)
SECOND = Unclear(2, "t2", frozenset({"a@example.com"}), NOW)


def test_messages_belong_to_the_send_whose_mark_they_bear() -> None:
    logged = [
        Logged("m1", "a@example.com", "t2"),
        Logged("m2", "a@example.com", "other"),
        Logged("m3", "a@example.com", ""),
    ]
    assert log.belongings([FIRST, SECOND], logged) == {2: (logged[0],)}


def test_without_marks_a_message_is_taken_for_one_send_rather_than_for_none() -> None:
    logged = [Logged("m1", "A@example.com"), Logged("m2", "a@example.com"), Logged("m3", "a@example.com")]
    assert log.belongings([FIRST, SECOND], logged) == {1: (logged[0],), 2: (logged[1],)}
    assert log.belongings([FIRST], [Logged("m", "c@example.com")]) == {}


def test_which_messages_are_looked_at() -> None:
    assert log.recipient("Ada <ADA@example.com>") == "ada@example.com"
    assert log.may_be(["b@example.com"], [FIRST, SECOND])
    assert not log.may_be(["c@example.com"], [FIRST, SECOND])
    assert log.beyond((NOW - timedelta(hours=26)).isoformat(), NOW)
    assert not log.beyond((NOW - timedelta(hours=24)).isoformat(), NOW)
    assert not log.beyond("sometime", NOW)
    assert not log.beyond("2020-01-01T00:00:00", NOW)


@pytest.mark.parametrize(
    ("told", "opens", "clicks", "word"),
    [
        ("Accepted", 0, 0, "Sent"), ("", 0, 0, "Sent"), ("delivered", 0, 0, "Delivered"), ("Delivered", 1, 0, "Opened"),
        ("Delivered", 1, 1, "Clicked"), ("Bounced", 1, 1, "Bounced"), ("spam", 0, 0, "Spam"),
    ],
)  # fmt: skip
def test_what_became_of_a_message_is_one_word(told: str, opens: int, clicks: int, word: str) -> None:
    assert log.status(told, opens, clicks) == word


def test_every_refusal_says_what_to_do_and_names_nobody() -> None:
    told = [
        failures.NoSuchMapping("x" * 90), failures.NoSuchSmartEmail("s1"), failures.NoSuchRecord("Case"), failures.NoRecipient(),
        failures.MappingDoesNotFit("Order"), failures.TooOld(2), failures.RateLimitHit(3.0), failures.NoSuchSend(),
        failures.TestUnclear(), failures.NotActive(), failures.SendIdTaken(), failures.NotRefused(), failures.SendRefused("No."),
        failures.NotRecorded("Sent."), failures.NotAdded("Sent."),
    ]  # fmt: skip
    assert all(one.step and one.text and "@" not in str(one) for one in told)
    assert len({one.code for one in told}) == len(told)
    assert failures.RateLimitHit(3.0).after == 3.0
    assert "x" * 65 not in str(told[0])
