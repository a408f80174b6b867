"""Who is written: values as wished, outcomes address by address, and nobody brought back without evidence."""

import inspect
from datetime import UTC, datetime

import pytest

from fairlead.campaignmonitor import AddedTooOften, OutcomeUnknown, RecordRefused, Unavailable
from fairlead.campaignmonitor.repeats import Patience
from fairlead.campaignmonitor.subscriptions import Subscriptions
from fairlead.campaignmonitor.wishes import NO_DATE, ConsentEvidence, ConsentToTrack, FieldValue, SubscriberWish
from tests.unit.campaignmonitor.script import script
from tests.unit.campaignmonitor.server import LIST, always, cut, raw, refusal, refuses, serve

PATH = f"/subscribers/{LIST}"
ADD, PUT, READ, IMPORT = f"POST {PATH}", f"PUT {PATH}", f"GET {PATH}", f"POST {PATH}/import"
LEAVE, DELETE = f"POST {PATH}/unsubscribe", f"DELETE {PATH}"

ADA = SubscriberWish("ada+news@example.com", ConsentToTrack.UNCHANGED)
EVIDENCE = ConsentEvidence("preference centre", "statement 7", datetime(2026, 3, 1, tzinfo=UTC))
WELL = {"FailureDetails": [], "TotalNewSubscribers": 1, "DuplicateEmailsInSubmission": []}


def row(state="Active", email="ada+news@example.com", joined="2026-02-01 10:28:00"):
    return always({"EmailAddress": email, "State": state, "ListJoinedDate": joined})


def partly(*failures, new=0, existing=0):
    """Some rows of an import failed."""
    details = [{"EmailAddress": email, "Code": code, "Message": "words"} for email, code in failures]
    result = {"FailureDetails": details, "TotalNewSubscribers": new, "TotalExistingSubscribers": existing}
    return always({"Code": 210, "Message": "words", "ResultData": result}, 400)


async def test_an_add_says_what_is_wished_and_no_more():
    full = SubscriberWish(
        "ada@example.com",
        ConsentToTrack.YES,
        name="Ada",
        values=[FieldValue("[colour]", "red"), FieldValue("[age]", clear=True), FieldValue("born", NO_DATE)],
        mobile_number="+15550100",
        consent_to_send_sms=ConsentToTrack.NO,
        restart_autoresponders=True,
    )
    play = script(**{ADD: always("ada@example.com", 201)})
    async with serve(play) as fake, fake.connect() as account:
        assert await account.subscriptions.add(LIST, full) == "ada@example.com"
        await account.subscriptions.add(LIST, ADA)
    rich, least = (each.body for each in play.sent)
    assert rich == {
        "EmailAddress": "ada@example.com",
        "Name": "Ada",
        "CustomFields": [
            {"Key": "[colour]", "Value": "red"},
            {"Key": "[age]", "Value": "", "Clear": True},
            {"Key": "born", "Value": "0000-00-00"},
        ],
        "MobileNumber": "+15550100",
        "ConsentToSendSms": "No",
        "ConsentToTrack": "Yes",
        "RestartSubscriptionBasedAutoresponders": True,
        "Resubscribe": False,
    }
    assert least == {"EmailAddress": "ada+news@example.com", "ConsentToTrack": "Unchanged", "Resubscribe": False}


async def test_no_call_but_one_brings_anybody_back():
    """Adding, changing and importing say so on the wire, and have no word with which to ask for it."""
    play = script(**{ADD: always("x", 201), PUT: raw(b""), IMPORT: always(WELL, 201)})
    async with serve(play) as fake, fake.connect() as account:
        await account.subscriptions.add(LIST, ADA)
        await account.subscriptions.update(LIST, ADA.email, ADA)
        await account.subscriptions.import_(LIST, [ADA])
        await account.subscriptions.resubscribe(LIST, ADA, EVIDENCE)
    assert [each.body["Resubscribe"] for each in play.sent] == [False, False, False, True]
    assert "Resubscribe" not in ADA.wire()
    for call in (Subscriptions.add, Subscriptions.update, Subscriptions.import_):
        assert not [name for name in inspect.signature(call).parameters if "resub" in name.lower()]


@pytest.mark.parametrize("none", [None, "she said so", object(), True])
async def test_nobody_is_brought_back_without_evidence(none):
    async with serve(always(WELL, 201)) as fake, fake.connect() as account:
        with pytest.raises(TypeError, match="ConsentEvidence"):
            await account.subscriptions.resubscribe(LIST, ADA, none)
        with pytest.raises(TypeError):
            await account.subscriptions.resubscribe(LIST, ADA)
    assert not fake.asked


@pytest.mark.parametrize(
    ("source", "statement", "at", "says"),
    [
        ("", "7", datetime(2026, 3, 1, tzinfo=UTC), "source"),
        (" \t", "7", datetime(2026, 3, 1, tzinfo=UTC), "source"),
        ("form", "", datetime(2026, 3, 1, tzinfo=UTC), "statement_id"),
        ("form", "7", datetime(2026, 3, 1), "time zone"),
    ],
)
def test_evidence_that_proves_nothing_is_refused(source, statement, at, says):
    with pytest.raises(ValueError, match=says):
        ConsentEvidence(source, statement, at)


async def test_bringing_back_is_not_tried_again_even_if_it_was_surely_not_done():
    """Whoever tries again must first look whether the person has left meanwhile."""
    play = script(**{IMPORT: [refuses(429, 429), always(WELL, 201)]})
    async with serve(play) as fake, fake.connect() as account:
        with pytest.raises(Unavailable) as caught:
            await account.subscriptions.resubscribe(LIST, ADA, EVIDENCE)
    assert not isinstance(caught.value, OutcomeUnknown)
    assert len(play.sent) == 1


@pytest.mark.parametrize("state", ["Active", "Unconfirmed"])
async def test_bringing_back_with_a_lost_answer_is_read_as_done(state):
    play = script(**{IMPORT: cut, READ: row(state)})
    async with serve(play) as fake, fake.connect() as account:
        await account.subscriptions.resubscribe(LIST, ADA, EVIDENCE)
    assert [each.method for each in play.sent] == ["POST", "GET"]


@pytest.mark.parametrize(
    "read", [row("Unsubscribed"), row("Deleted"), refuses(400, 203), refuses(500, 500)], ids=["out", "del", "no", "5xx"]
)
async def test_bringing_back_with_a_lost_answer_is_never_done_twice(read):
    """The person may have left again between: a second call would override that."""
    play = script(**{IMPORT: cut, READ: read})
    async with serve(play) as fake, fake.connect() as account:
        with pytest.raises(OutcomeUnknown):
            await account.subscriptions.resubscribe(LIST, ADA, EVIDENCE)
    assert len(play.of("POST")) == 1


async def test_bringing_back_that_is_refused_says_why():
    play = script(**{IMPORT: partly((ADA.email, 1))})
    async with serve(play) as fake, fake.connect() as account:
        with pytest.raises(RecordRefused) as caught:
            await account.subscriptions.resubscribe(LIST, ADA, EVIDENCE)
    assert caught.value.code == 1


@pytest.mark.parametrize("code", [1, 204, 205, 206, 207, 208])
async def test_who_left_is_not_added_and_the_reason_is_told(code):
    play = script(**{ADD: refuses(400, code)})
    async with serve(play) as fake, fake.connect() as account:
        with pytest.raises(RecordRefused) as caught:
            await account.subscriptions.add(LIST, ADA)
    assert caught.value.code == code
    assert caught.value.step
    assert "ada" not in str(caught.value)


async def test_an_add_whose_answer_was_lost_is_tried_again():
    play = script(**{ADD: [cut, refuses(504, 0), always("x", 201)]})
    async with serve(play) as fake, fake.connect() as account:
        await account.subscriptions.add(LIST, ADA)
    assert len(play.sent) == 3


async def too_often(request):
    return refusal(429, 429, "Subscriber was added too many times too quickly, try again later.")


async def test_an_address_added_too_often_waits_for_itself_and_holds_up_no_other():
    play = script(**{ADD: [too_often, too_often, always("x", 201)]})
    async with serve(play) as fake, fake.connect(patience=Patience(4, 0.001, 0.002, crowded=0.2)) as account:
        await account.subscriptions.add(LIST, ADA)
        limit = account.subscriptions._transport.limit
        assert limit.width == limit.most  # a limit on calls would have halved it
    assert [status for _, _, status in fake.calls] == [429, 429, 201]


async def test_an_address_added_too_often_is_told_from_a_limit_on_calls():
    async with serve(too_often) as fake, fake.connect(patience=Patience(2, 0.001, 0.002, crowded=0.01)) as account:
        with pytest.raises(AddedTooOften) as caught:
            await account.subscriptions.add(LIST, ADA)
    assert caught.value.step != Unavailable("x").step
    async with serve(refuses(429, 429)) as fake, fake.connect() as account:
        with pytest.raises(Unavailable) as caught:
            await account.subscriptions.add(LIST, ADA)
        limit = account.subscriptions._transport.limit
        assert limit.width < limit.most
    assert not isinstance(caught.value, AddedTooOften)


async def test_a_change_names_the_old_address_and_carries_the_new():
    new = SubscriberWish("countess@example.org", ConsentToTrack.NO, name="Countess")
    play = script(**{READ: row(), PUT: raw(b"")})
    async with serve(play) as fake, fake.connect() as account:
        await account.subscriptions.update(LIST, "ada+news@example.com", new)
    (put,) = play.of("PUT")
    assert put.path == f"{PATH}?email=ada%2Bnews@example.com"
    assert (put.body["EmailAddress"], put.body["Name"]) == ("countess@example.org", "Countess")


def people(**by_address):
    """Answers a read by the address asked for."""

    async def handle(request):
        name = request.query["email"].partition("@")[0]
        return await by_address.get(name, refuses(400, 203))(request)

    return handle


COUNTESS = SubscriberWish("countess@example.com", ConsentToTrack.UNCHANGED)


async def test_a_change_of_address_whose_answer_was_lost_is_found_under_the_new_one():
    reads = [people(ada=row()), people(countess=row())]
    play = script(**{READ: reads, PUT: [cut, refuses(400, 203)]})
    async with serve(play) as fake, fake.connect() as account:
        await account.subscriptions.update(LIST, "ada@example.com", COUNTESS)
    assert len(play.of("PUT")) == 2


STRANGERS = {
    "another who joined on another day": people(countess=row(joined="2020-01-01 00:00:00")),
    "the old one is there still": people(ada=row(), countess=row()),
    "nobody": people(),
}


@pytest.mark.parametrize("found", STRANGERS.values(), ids=STRANGERS)
async def test_somebody_else_is_not_taken_for_the_one_whose_address_was_changed(found):
    play = script(**{READ: [people(ada=row()), found], PUT: [cut, refuses(400, 201)]})
    async with serve(play) as fake, fake.connect() as account:
        with pytest.raises(RecordRefused) as caught:
            await account.subscriptions.update(LIST, "ada@example.com", COUNTESS)
    assert caught.value.code == 201


async def test_a_change_of_nobody_is_refused_before_it_is_sent():
    play = script(**{READ: refuses(400, 203)})
    async with serve(play) as fake, fake.connect() as account:
        with pytest.raises(RecordRefused):
            await account.subscriptions.update(LIST, "ada@example.com", COUNTESS)
    assert not play.of("PUT")


@pytest.mark.parametrize(
    ("call", "name", "state"), [("unsubscribe", LEAVE, "Unsubscribed"), ("delete", DELETE, "Deleted")]
)
@pytest.mark.parametrize("lost", [True, False])
async def test_who_has_left_already_has_left(call, name, state, lost):
    play = script(**{name: [*([cut] if lost else []), refuses(400, 203)], READ: row(state)})
    async with serve(play) as fake, fake.connect() as account:
        await getattr(account.subscriptions, call)(LIST, ADA.email)


@pytest.mark.parametrize(("call", "name"), [("unsubscribe", LEAVE), ("delete", DELETE)])
@pytest.mark.parametrize("read", [row("Bounced"), row("Active"), refuses(400, 203)], ids=["bounced", "active", "none"])
async def test_who_has_not_left_is_not_said_to_have(call, name, read):
    play = script(**{name: refuses(400, 203), READ: read})
    async with serve(play) as fake, fake.connect() as account:
        with pytest.raises(RecordRefused) as caught:
            await getattr(account.subscriptions, call)(LIST, ADA.email)
    assert caught.value.code == 203


async def test_leaving_says_who():
    play = script(**{LEAVE: raw(b""), DELETE: raw(b"")})
    async with serve(play) as fake, fake.connect() as account:
        await account.subscriptions.unsubscribe(LIST, ADA.email)
        await account.subscriptions.delete(LIST, ADA.email)
    post, delete = play.sent
    assert post.body == {"EmailAddress": ADA.email}
    assert (delete.path, delete.body) == (f"{PATH}?email=ada%2Bnews@example.com", None)


async def test_history_is_read_with_what_was_done():
    done = {"Event": "Click", "Date": "2026-03-01 10:00:00", "IPAddress": "192.0.2.1", "Detail": "https://example.com"}
    item = {"ID": "c" * 32, "Type": "Campaign", "Name": "News", "Actions": [done]}
    async with serve(always([item, {"ID": None, "Actions": None}])) as fake, fake.connect() as account:
        found, odd = await account.subscriptions.history(LIST, ADA.email)
    assert (found.item_id, found.kind, found.name) == ("c" * 32, "Campaign", "News")
    (action,) = found.actions
    assert (action.event, action.date, action.ip, action.detail) == tuple(done.values())
    assert odd.actions == ()


@pytest.mark.parametrize("word", ["yes", "", "Maybe", True])
def test_consent_to_track_is_one_of_three_words(word):
    with pytest.raises(ValueError):
        SubscriberWish("ada@example.com", word)


def test_consent_to_track_must_be_given():
    with pytest.raises(TypeError):
        SubscriberWish("ada@example.com")


@pytest.mark.parametrize("key", ["", "  ", "[]"])
def test_a_value_of_no_field_is_refused(key):
    with pytest.raises(ValueError, match="custom field"):
        FieldValue(key, "x")


def test_a_wish_shows_nobody():
    wish = SubscriberWish("ada@example.com", ConsentToTrack.NO, name="Ada", values=[FieldValue("[k]", "secret")])
    assert not [word for word in ("ada", "Ada", "secret") if word in repr(wish)]


SUPPRESSION = "GET /clients/{}/suppressionlist".format("c" * 32)


def entries(*addresses):
    rows = [{"EmailAddress": each, "State": "Suppressed", "SuppressionReason": "Unsubscribed"} for each in addresses]
    return always({"Results": rows, "PageNumber": 1, "NumberOfPages": 1, "TotalNumberOfRecords": len(rows)})


@pytest.mark.parametrize("state", ["Active", "Unsubscribed", "Bounced", "Unconfirmed"])
async def test_nobody_but_the_deleted_is_added_again(state):
    play = script(**{READ: row(state), IMPORT: always(WELL, 201), SUPPRESSION: entries()})
    async with serve(play) as fake, fake.connect() as account:
        assert await account.subscriptions.add_deleted("c" * 32, LIST, ADA) == state
    assert [each.method for each in play.sent] == ["GET"]


async def test_a_deleted_person_on_the_suppression_list_stays_deleted():
    play = script(**{READ: row("Deleted"), IMPORT: always(WELL, 201), SUPPRESSION: entries(ADA.email)})
    async with serve(play) as fake, fake.connect() as account:
        assert await account.subscriptions.add_deleted("c" * 32, LIST, ADA) == "Suppressed"
    assert all(each.method == "GET" for each in play.sent)


async def test_a_deleted_person_is_added_again_by_one_call_that_is_never_repeated():
    play = script(**{READ: row("Deleted"), IMPORT: always(WELL, 201), SUPPRESSION: entries()})
    async with serve(play) as fake, fake.connect() as account:
        assert await account.subscriptions.add_deleted("c" * 32, LIST, ADA) == "Deleted"
    (sent,) = [each for each in play.sent if each.method == "POST"]
    assert sent.body["Resubscribe"] is True
    assert [each["EmailAddress"] for each in sent.body["Subscribers"]] == [ADA.email]
