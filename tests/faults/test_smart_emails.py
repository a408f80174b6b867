"""Smart e-mails over both emulators: filled from records, sent once whatever happens, and recorded in Salesforce."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from fairlead import wiring
from fairlead.domain.outward_settings import PAUSED
from fairlead.features.connections.models import Client as KnownClient
from fairlead.features.transactional_email import keeping, queue
from fairlead.features.transactional_email.models import Send, SentMessage, SmartEmail, SmartMapping
from fairlead.features.transactional_email.rules.failures import (
    BadMapping,
    NoSuchMapping,
    NoSuchRecord,
    NotRefused,
    SendIdTaken,
)
from fairlead.features.transactional_email.rules.words import Recipient
from fairlead.features.transactional_email.settings import SETTLE_MINUTES
from fairlead.jobs.models import Job
from fairlead.store import secrets
from fairlead.store.models import Secret, SettingRow
from tests.faults import smart_world as world
from tests.faults import whole as wholes
from tests.faults.whole import CM, Killed, Whole


@pytest.fixture(scope="module")
def served(django_db_setup: None, django_db_blocker: Any) -> Iterator[Whole]:
    """Both sides connected, the list known; shared by this module's tests."""
    with wholes.open_database(django_db_blocker), wholes.served(world.SEED) as whole:
        assert whole.sync().failure is None
        yield whole


@pytest.fixture
def whole(served: Whole) -> Iterator[Whole]:
    served.clear_faults()
    for model in (SettingRow, Send, SmartMapping, Job):
        model.objects.filter(org=served.org).delete()
    wiring.register_runners()
    served.choose(SETTLE_MINUTES, value=0)
    yield served
    served.clear_faults()


def state(row: Send) -> tuple[str, str]:
    row.refresh_from_db()
    return row.state, row.support_code


def test_an_order_is_sent_with_its_line_items_and_becomes_a_task(whole: Whole) -> None:
    """Fields of parents, dates, money, children filtered, sorted and limited; the task names message, recipient, state."""
    uid = world.mapping(whole)
    record, address = world.order(whole)
    row = world.ask(whole, uid, record)
    told = world.run(whole)
    assert told.failure is None
    assert state(row) == ("done", "")
    (message,) = [one for one in world.log(whole) if one["Recipient"] == address]
    data = world.transactional(whole, f"messages/{message['MessageID']}")["Message"]["Data"]
    data.pop("fairlead_request")
    assert data == {
        "name": "Acme",
        "day": "9 March 2026",
        "total": "$1,234.50",
        "items": [{"what": "Sail", "price": "30.00"}, {"what": "Rope", "price": "20.00"}],
    }
    (task,) = [one for one in whole.rows("Task") if one["WhatId"] == record]
    assert task["CM_Smart_Email_Message_Id__c"] == message["MessageID"]
    assert task["CM_Smart_Email_Recipient__c"] == address
    assert (task["Status"], task["CM_Smart_Email_Status__c"]) == ("Completed", "Sent")
    assert row.sealed is None


def test_killed_anywhere_each_is_sent_exactly_once(whole: Whole) -> None:
    """Two sends, killed at each step in turn, and begun again: each recipient has one message, each message one task."""
    uid = world.mapping(whole)
    step = 0
    while True:
        step += 1
        people = [world.order(whole) for _ in range(2)]
        rows = [world.ask(whole, uid, one) for one, _ in people]
        try:
            world.run(whole, dies_at=step)
        except Killed:
            assert world.run(whole).failure is None
            assert [state(row) for row in rows] == [("done", "")] * 2
            assert [world.sent_to(whole, address) for _, address in people] == [1, 1]
            ids = list(SentMessage.objects.filter(send__in=rows).values_list("message_id", flat=True))
            tasks = [one["CM_Smart_Email_Message_Id__c"] for one in whole.rows("Task", "CM_Smart_Email_Message_Id__c")]
            assert sorted(one for one in tasks if one in ids) == sorted(ids)
            continue
        break
    assert step > 8


def test_a_lost_answer_is_looked_up_and_never_sent_twice(whole: Whole) -> None:
    """The message is there though no answer came: the next job finds it in the log by its mark."""
    uid = world.mapping(whole)
    people = [world.order(whole) for _ in range(3)]
    rows = [world.ask(whole, uid, record) for record, _ in people]
    whole.fault(CM, fault="lost_answer", match={"path": "/send"}, every=2)
    assert world.run(whole).failure is None
    whole.clear_faults()
    assert {state(row)[0] for row in rows} == {"sending", "done"}
    assert world.run(whole).failure is None
    assert [state(row) for row in rows] == [("done", "")] * 3
    assert [world.sent_to(whole, address) for _, address in people] == [1, 1, 1]


def test_two_orders_of_one_customer_are_two_messages(whole: Whole) -> None:
    """A message of another send to the same address is not taken for the lost one: the marks differ."""
    uid = world.mapping(whole)
    first, address = world.order(whole)
    second, _ = world.order(whole, address)
    whole.fault(CM, fault="status", status=502, match={"path": "/send"}, times=1)  # never carried out; nobody says so
    rows = [world.ask(whole, uid, first)]
    world.run(whole)
    whole.clear_faults()
    rows.append(world.ask(whole, uid, second))
    world.run(whole)
    world.run(whole)
    assert [state(row) for row in rows] == [("done", "")] * 2
    assert world.sent_to(whole, address) == 2


def test_what_is_not_in_the_log_waits_before_it_is_sent_again(whole: Whole) -> None:
    """The log may be late: only after the chosen minutes is a lost send taken for not sent."""
    uid = world.mapping(whole)
    record, address = world.order(whole)
    row = world.ask(whole, uid, record)
    whole.choose(SETTLE_MINUTES, value=10)
    whole.fault(CM, fault="status", status=502, match={"path": "/send"})
    world.run(whole)
    whole.clear_faults()
    world.run(whole)
    assert (state(row)[0], world.sent_to(whole, address)) == ("sending", 0)
    whole.choose(SETTLE_MINUTES, value=0)
    world.run(whole)
    assert (state(row)[0], row.attempts, world.sent_to(whole, address)) == ("done", 2, 1)


def test_the_rate_limit_is_waited_for_and_nothing_is_lost(whole: Whole) -> None:
    """429 says that nothing was sent: it waits, and the message is sent once."""
    uid = world.mapping(whole)
    record, address = world.order(whole)
    row = world.ask(whole, uid, record)
    whole.fault(CM, fault="status", status=429, match={"path": "/send"}, body={"Code": 429}, times=2)
    assert world.run(whole).failure is None
    assert (state(row)[0], world.sent_to(whole, address)) == ("done", 1)


def test_a_request_of_one_id_is_one_send(whole: Whole) -> None:
    """Said again it is told as it stands; for another record it is refused."""
    uid = world.mapping(whole)
    record, address = world.order(whole)
    row = world.ask(whole, uid, record, "once")
    world.run(whole)
    assert world.ask(whole, uid, record, "once").pk == row.pk
    world.run(whole)
    assert world.sent_to(whole, address) == 1
    with pytest.raises(SendIdTaken):
        world.ask(whole, uid, world.order(whole)[0], "once")
    with pytest.raises(NoSuchMapping):
        world.ask(whole, "0" * 32, record)
    with pytest.raises(NoSuchRecord):
        world.ask(whole, uid, "not an id")


def test_what_cannot_be_sent_is_refused_with_its_reason_and_stops_nobody(whole: Whole) -> None:
    """No record, no recipient, no address, a draft, a mapping that is gone; the job says which to act on first."""
    uid, gone = world.mapping(whole), world.mapping(whole)
    draft = world.mapping(whole, smart=world.smart_id(whole, "Draft"), variables=(), listings=())
    fine, address = world.order(whole)
    rows = [
        world.ask(whole, uid, "006" + "0" * 12),
        world.ask(whole, uid, world.order(whole, NextStep=None)[0]),
        world.ask(whole, uid, world.order(whole, "nobody at all")[0]),
        world.ask(whole, draft, world.order(whole)[0]),
        world.ask(whole, gone, world.order(whole)[0]),
        world.ask(whole, uid, fine),
    ]
    keeping.delete(whole.org, gone, "tests")
    told = world.run(whole)
    assert [state(row)[1] for row in rows] == ["FL-614", "FL-615", "FL-616", "FL-607", "FL-612", ""]
    assert told.state("send") == "failed"
    assert "5 of 6 e-mails" in told.message("send")
    assert world.sent_to(whole, address) == 1
    record = rows[1].record_id
    whole.act(act="edit", object="Opportunity", id=record, fields={"NextStep": "late@example.com"})
    queue.again(whole.org, rows[1].pk, "tests")
    world.run(whole)
    assert (state(rows[1])[0], world.sent_to(whole, "late@example.com")) == ("done", 1)
    with pytest.raises(NotRefused):
        queue.again(whole.org, rows[1].pk, "tests")


def test_paused_nothing_is_sent_and_old_items_are_refused(whole: Whole) -> None:
    """What waits goes on after the pause; what waited for longer than items are kept is not news any more."""
    uid = world.mapping(whole)
    record, address = world.order(whole)
    row, old = world.ask(whole, uid, record), world.ask(whole, uid, world.order(whole)[0])
    Send.objects.filter(pk=old.pk).update(asked_at=timezone.now() - timedelta(days=3))
    whole.choose(PAUSED, value=True)
    world.run(whole)
    assert (state(row)[0], state(old)[1], world.sent_to(whole, address)) == ("waiting", "FL-601", 0)
    Job.objects.filter(org=whole.org).delete()
    queue.look_again(whole.org)
    assert not Job.objects.filter(org=whole.org).exists()
    whole.choose(PAUSED, value=False)
    queue.look_again(whole.org)
    assert Job.objects.filter(org=whole.org).exists()
    world.run(whole)
    assert state(row)[0] == "done"


def test_a_paused_client_sends_nothing_until_it_is_selected_again(whole: Whole) -> None:
    """Its items wait, and nobody asks for jobs over and over."""
    uid = world.mapping(whole)
    record, address = world.order(whole)
    row = world.ask(whole, uid, record)
    KnownClient.objects.filter(org=whole.org).update(selected=False)
    assert queue.waiting(whole.org, 10) == []
    Job.objects.filter(org=whole.org).delete()
    queue.look_again(whole.org)
    assert not Job.objects.filter(org=whole.org).exists()
    KnownClient.objects.filter(org=whole.org).update(selected=True)
    world.run(whole)
    assert (state(row)[0], world.sent_to(whole, address)) == ("done", 1)


def test_a_plan_without_transactional_e_mail_stops_the_job_and_loses_nothing(whole: Whole) -> None:
    """The set-up is to be mended; what waits is sent then."""
    uid = world.mapping(whole)
    record, address = world.order(whole)
    row = world.ask(whole, uid, record)
    whole.emulators.post(CM, "/_control/settings", {"transactional_sending": "not_in_plan"})
    told = world.run(whole)
    whole.emulators.post(CM, "/_control/settings", {"transactional_sending": "allowed"})
    assert told.failure is not None
    assert told.failure.code == "FL-316"
    assert state(row)[0] == "waiting"
    world.run(whole)
    assert (state(row)[0], world.sent_to(whole, address)) == ("done", 1)


def test_recipients_join_the_list_but_for_those_who_opted_out(whole: Whole) -> None:
    """The e-mail goes to all of them; a tick box or an unsubscribe keeps away from the list."""
    news = whole.list_called("News")
    uid = world.mapping(whole, list=news, track="Yes")
    joins, ticked, left = (world.order(whole) for _ in range(3))
    whole.act(act="create", object="Contact", fields={"LastName": "T", "Email": ticked[1], "HasOptedOutOfEmail": True})
    whole.subscribe(news, left[1])
    whole.api("POST", f"subscribers/{news}/unsubscribe", {"EmailAddress": left[1]})
    rows = [world.ask(whole, uid, record) for record, _ in (joins, ticked, left)]
    assert world.run(whole).failure is None
    assert [state(row) for row in rows] == [("done", "")] * 3
    assert [world.sent_to(whole, address) for _, address in (joins, ticked, left)] == [1, 1, 1]
    active = {one["EmailAddress"] for one in whole.api("GET", f"lists/{news}/active")["Results"]}
    assert joins[1] in active
    assert not active & {ticked[1], left[1]}


def test_what_became_of_messages_comes_back_to_their_tasks(whole: Whole) -> None:
    """Delivered, opened, clicked; and what is old is forgotten."""
    uid = world.mapping(whole)
    record, _ = world.order(whole)
    row = world.ask(whole, uid, record)
    world.run(whole)
    whole.emulators.post(CM, "/_control/clock", {"advance_seconds": 3 * 86_400})
    assert world.look(whole).failure is None
    message = SentMessage.objects.get(send=row)
    assert message.status in ("Delivered", "Opened", "Clicked", "Bounced", "Spam")
    (task,) = [one for one in whole.rows("Task") if one["WhatId"] == record]
    assert task["CM_Smart_Email_Status__c"] == message.status == message.told
    Send.objects.filter(pk=row.pk).update(done_at=timezone.now() - timedelta(days=3))
    world.look(whole)
    assert not Send.objects.filter(pk=row.pk).exists()


def test_an_e_mail_message_is_kept_where_the_object_takes_one(whole: Whole) -> None:
    """At an opportunity: as sent, with the message's id, recipient and state; a contact takes only tasks."""
    uid = world.mapping(whole, message=True)
    record, address = world.order(whole)
    row = world.ask(whole, uid, record)
    assert world.run(whole).failure is None
    assert state(row) == ("done", "")
    whole.emulators.post(CM, "/_control/clock", {"advance_seconds": 3_600})
    world.look(whole)
    message = SentMessage.objects.get(send=row)
    (kept,) = [one for one in whole.rows("EmailMessage") if one["RelatedToId"] == record]
    assert (kept["ToAddress"], kept["Status"]) == (address, "3")
    assert kept["CM_Smart_Email_Message_Id__c"] == message.message_id
    assert kept["CM_Smart_Email_Status__c"] == message.status != "Sent"
    person = {"object": "Contact", "variables": (), "listings": (), "recipients": (Recipient("To", "field", "Email"),)}
    with pytest.raises(BadMapping, match="choose the task"):
        world.mapping(whole, message=True, **person)
    contact = whole.act(act="create", object="Contact", fields={"LastName": "P", "Email": "person@example.com"})["id"]
    row = world.ask(whole, world.mapping(whole, **person), contact)
    world.run(whole)
    assert [
        one["WhoId"] for one in whole.rows("Task") if one["CM_Smart_Email_Recipient__c"] == "person@example.com"
    ] == [contact]


def test_smart_emails_are_mirrored_without_anybodys_address(whole: Whole) -> None:
    """Names, states, variables and previews; one that is gone is marked."""
    world.look(whole)
    found = {one.name: one for one in SmartEmail.objects.filter(org=whole.org)}
    assert (found["Order"].status, found["Draft"].status) == ("Active", "Draft")
    assert found["Order"].variables == ["name", "day", "total", "items"]
    assert found["Order"].html_preview.startswith("https://preview.example.com/")
    whole.forget_requests()
    world.look(whole)
    assert not [one for one in whole.requests(CM)["requests"] if re.search("smartemail/", one["path"], re.IGNORECASE)]
    SmartEmail.objects.filter(pk=found["Draft"].pk).update(smart_id="gone")
    world.look(whole)
    assert SmartEmail.objects.get(smart_id="gone").gone
    SmartEmail.objects.filter(smart_id="gone").delete()


def test_what_waits_is_sealed(whole: Whole) -> None:
    """To whom it goes is written down before it is sent, and never in clear."""
    uid = world.mapping(whole, recipients=(Recipient("To", "address", "fixed@example.com"),))
    record, _ = world.order(whole)
    row = world.ask(whole, uid, record)
    whole.fault(CM, fault="status", status=502, match={"path": "/send"})
    world.run(whole)
    whole.clear_faults()
    row.refresh_from_db()
    assert b"fixed" not in bytes(row.sealed or b"")
    assert "fixed@example.com" in secrets.unseal(bytes(row.sealed or b""))
    assert b"fixed" not in bytes(Secret.objects.get(org=whole.org, name=f"smart_email_mapping.{uid}").value)
    assert world.kept(whole, uid).recipients[0].value == "fixed@example.com"
