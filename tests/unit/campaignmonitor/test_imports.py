"""Imports: cut into calls of a thousand, and an outcome for each address, whatever becomes of the others."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairlead.campaignmonitor import OutcomeUnknown, RecordRefused, RequestWrong, Unavailable
from fairlead.campaignmonitor.imports import Failure, ImportAnswer, in_calls, outcomes_of
from fairlead.campaignmonitor.wishes import ConsentToTrack, FieldValue, ImportRow, ImportValue, SubscriberWish
from tests.unit.campaignmonitor.server import LIST, always, answer, cut, refusal, refuses, serve


def wish(email, **more):
    return SubscriberWish(email, ConsentToTrack.UNCHANGED, **more)


class Importer:
    """Takes imports as the service does: refuses the addresses it is told to, with the code it is told."""

    def __init__(self, **refused):
        self.refused = {f"{name}@example.com": code for name, code in refused.items()}
        self.sizes = []
        self.bodies = []

    async def __call__(self, request):
        body = json.loads(await request.read())
        self.bodies.append(body)
        emails = [each["EmailAddress"] for each in body["Subscribers"]]
        self.sizes.append(len(emails))
        if len(emails) > 1000:
            return refusal(400, 209)
        failures = [{"EmailAddress": each, "Code": self.refused[each]} for each in emails if each in self.refused]
        result = {"FailureDetails": failures, "TotalNewSubscribers": len(emails) - len(failures)}
        if failures:
            return answer({"Code": 210, "Message": "some failed", "ResultData": result}, 400)
        return answer(result, 201)


async def test_a_large_import_goes_out_in_calls_of_a_thousand():
    importer = Importer()
    async with serve(importer) as fake, fake.connect() as account:
        done = await account.subscriptions.import_(LIST, [wish(f"p{n}@example.com") for n in range(2001)])
    assert importer.sizes == [1000, 1000, 1]
    assert (len(done.outcomes), done.new, done.refused) == (2001, 2001, [])


async def test_nothing_to_import_is_no_call():
    async with serve(Importer()) as fake, fake.connect() as account:
        assert (await account.subscriptions.import_(LIST, [])).outcomes == ()
    assert not fake.asked


async def test_what_is_asked_of_automatic_emails_is_sent():
    importer = Importer()
    async with serve(importer) as fake, fake.connect() as account:
        await account.subscriptions.import_(LIST, [wish("ada@example.com")])
        await account.subscriptions.import_(
            LIST, [wish("ada@example.com")], queue_autoresponders=True, restart_autoresponders=True
        )
    names = ("QueueSubscriptionBasedAutoResponders", "RestartSubscriptionBasedAutoresponders")
    assert [[body[name] for name in names] for body in importer.bodies] == [[False, False], [True, True]]


async def test_each_address_has_its_outcome_in_the_order_given():
    importer = Importer(bob=206, eve=204)
    given = ["ada@example.com", "bob@example.com", "EVE@example.com ", "dan@example.com"]
    importer.refused["EVE@example.com "] = 204
    async with serve(importer) as fake, fake.connect() as account:
        done = await account.subscriptions.import_(LIST, [wish(email) for email in given])
    assert [outcome.email for outcome in done.outcomes] == given
    assert [outcome.error and outcome.error.code for outcome in done.outcomes] == [None, 206, 204, None]
    assert all(isinstance(outcome.error, RecordRefused) for outcome in done.refused)
    assert done.new == 2
    assert not [each for each in done.outcomes if "@" in repr(each)]


async def test_an_address_that_comes_twice_is_sent_the_first_time():
    importer = Importer()
    rows = [wish("ada@example.com", name="first"), wish("ADA@example.com", name="second"), wish("bob@example.com")]
    async with serve(importer) as fake, fake.connect() as account:
        done = await account.subscriptions.import_(LIST, rows)
    assert [each["EmailAddress"] for each in importer.bodies[0]["Subscribers"]] == [
        "ada@example.com",
        "bob@example.com",
    ]
    assert [outcome.error is None for outcome in done.outcomes] == [True, False, True]
    assert "ada" not in str(done.refused[0].error).lower()


async def test_a_row_that_is_refused_anyhow_is_not_sent_and_holds_up_nobody():
    importer = Importer()
    rows = [wish(" "), wish("ada@example.com", values=[FieldValue("[note]", "x" * 251)]), wish("ada@example.com")]
    async with serve(importer) as fake, fake.connect() as account:
        done = await account.subscriptions.import_(LIST, rows)
    assert importer.sizes == [1]
    assert [outcome.error and outcome.error.code for outcome in done.outcomes] == [1, 810, None]


async def test_a_fault_of_one_row_for_the_moment_is_told_as_such():
    async with serve(Importer(ada=500)) as fake, fake.connect() as account:
        done = await account.subscriptions.import_(LIST, [wish("ada@example.com")])
    assert isinstance(done.outcomes[0].error, Unavailable)


async def test_a_refusal_in_another_spelling_makes_no_row_of_the_call_look_well():
    """The server may write an address otherwise; then nobody knows whom it refused."""

    async def handle(request):
        failures = [
            {"EmailAddress": "somebody@example.org", "Code": 206},
            {"EmailAddress": "bob@example.com", "Code": 1},
        ]
        return answer({"Code": 210, "Message": "", "ResultData": {"FailureDetails": failures}}, 400)

    async with serve(handle) as fake, fake.connect() as account:
        done = await account.subscriptions.import_(LIST, [wish("ada@example.com"), wish("bob@example.com")])
    ada, bob = (outcome.error for outcome in done.outcomes)
    assert isinstance(ada, OutcomeUnknown)
    assert bob.code == 1


async def test_an_import_whose_answer_was_lost_is_done_again():
    importer = Importer()
    async with serve(cut, refuses(504, 0), importer) as fake, fake.connect() as account:
        done = await account.subscriptions.import_(LIST, [wish("ada@example.com")])
    assert done.refused == []
    assert len(fake.asked) == 3


async def test_a_partial_failure_without_its_parts_is_an_error():
    async with serve(refuses(400, 210)) as fake, fake.connect() as account:
        with pytest.raises(RecordRefused) as caught:
            await account.subscriptions.import_(LIST, [wish("ada@example.com")])
    assert caught.value.code == 210


async def test_a_call_that_is_refused_whole_raises():
    async with serve(refuses(400, 400)) as fake, fake.connect() as account:
        with pytest.raises(RequestWrong):
            await account.subscriptions.import_(LIST, [wish("ada@example.com")])


async def test_an_answer_of_odd_shape_is_understood():
    odd = {"FailureDetails": None, "TotalNewSubscribers": "1", "TotalExistingSubscribers": None}
    async with serve(always(odd, 201)) as fake, fake.connect() as account:
        done = await account.subscriptions.import_(LIST, [wish("ada@example.com")])
    assert (done.new, done.existing, done.refused) == (1, 0, [])


ADDRESSES = st.lists(
    st.sampled_from([f"{name}{n}@example.com" for n in range(5) for name in ("a", "A", "b")]), max_size=40
)


@settings(max_examples=200)
@given(ADDRESSES, st.dictionaries(st.sampled_from([f"a{n}@example.com" for n in range(5)]), st.sampled_from([1, 206])))
def test_every_row_has_one_outcome_and_no_address_goes_out_twice(emails, refused):
    """Any rows, any refusals: sent once each, refused rows told, the others well."""
    rows = [wish(email) for email in emails]
    outcomes = [None] * len(rows)
    places = [place for call in in_calls(rows, outcomes) for place in call]
    sent = [rows[place] for place in places]
    keys = [row.email.lower() for row in sent]
    assert len(set(keys)) == len(keys)
    assert set(keys) == {email.lower() for email in emails}
    assert sorted([*places, *(place for place, error in enumerate(outcomes) if error)]) == list(range(len(rows)))
    told = {email: code for email, code in refused.items() if email in keys}
    answer = ImportAnswer(tuple(Failure(email, code) for email, code in told.items()))
    for row, error in zip(sent, outcomes_of(sent, answer), strict=True):
        assert (error.code if error else None) == told.get(row.email.lower())


def row(email, **more):
    return ImportRow(email, "Unchanged", **more)


ROWS = [
    ("ada@example.com", {}),
    ("bob@example.com", {"name": "Bob", "mobile_number": "+61412345678", "consent_to_send_sms": "Yes"}),
    ("BOB@example.com", {"name": "Bob again"}),
    (" ", {}),
    ("cat@example.com", {"values": (("[note]", "x" * 251, False),)}),
    ("dan@example.com", {"values": (("[city]", "Rome", False), ("[note]", "", True)), "name": ""}),
    ("eve@example.com", {}),
]


async def test_rows_are_sent_and_told_as_wishes_are():
    """What goes out and what becomes of each row is the same by both ways: twice, blank, too long, refused."""
    rows, wishes = [], []
    for email, more in ROWS:
        values = more.get("values", ())
        rows.append(row(email, **more | {"values": tuple(ImportValue(*value) for value in values)}))
        wishes.append(wish(email, **more | {"values": [FieldValue(*value) for value in values]}))
    by_rows, by_wishes = Importer(eve=206), Importer(eve=206)
    async with serve(by_rows) as fake, fake.connect() as account:
        some = await account.subscriptions.import_rows(LIST, rows, queue_autoresponders=True)
    async with serve(by_wishes) as fake, fake.connect() as account:
        told = await account.subscriptions.import_(LIST, wishes, queue_autoresponders=True)
    assert by_rows.bodies == by_wishes.bodies
    expected = {place: (type(one.error), one.error.code) for place, one in enumerate(told.outcomes) if one.error}
    assert {place: (type(error), error.code) for place, error in some.refused.items()} == expected
    assert set(expected) == {2, 3, 4, 6}
    assert (some.new, some.existing) == (told.new, told.existing)
    assert not [one for one in rows if "@" in repr(one)]


async def test_many_good_rows_go_out_in_calls_of_a_thousand():
    importer = Importer()
    async with serve(importer) as fake, fake.connect() as account:
        done = await account.subscriptions.import_rows(LIST, [row(f"p{n}@example.com") for n in range(2001)])
    assert importer.sizes == [1000, 1000, 1]
    assert (done.refused, done.new) == ({}, 2001)
