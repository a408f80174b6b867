"""Laws of notices: told once, grouped, never lost, never about themselves; what is personal is sealed."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from fairlead.domain.failure import Failure
from fairlead.features.maintenance import notes, notified, notifying, settings
from fairlead.features.maintenance.listening import Listener
from fairlead.features.maintenance.models import Message, Notice
from fairlead.features.maintenance.notified import BadNotified
from fairlead.features.maintenance.rules import NOTIFY, Of, Seen
from fairlead.features.maintenance.ways import HookFailed, MailRefused, MailUnavailable
from fairlead.jobs import api, hearing, registry
from fairlead.jobs.models import Job, State
from fairlead.jobs.run import run
from fairlead.store import setting_rows
from fairlead.store.models import AuditEntry, Org
from fairlead.store.orgs import default_org
from tests.unit.features.maintenance.sinks import Posted, hook_sink, mail_sink

pytestmark = pytest.mark.django_db(transaction=True)
SENDER, TO = "fairlead@example.com", "ann@example.com, bob@example.org"


@pytest.fixture
def org(transactional_db: None) -> Org:
    registry.register(NOTIFY, notifying.TITLE, notifying.run_notify)
    hearing.provide(Listener())
    return default_org()


def choose(org: Org, **values: Any) -> None:
    for name, value in values.items():
        setting_rows.put(org, getattr(settings, name), value, "test")


def mail_to(org: Org, port: int, **more: str) -> None:
    choose(org, MAIL=True, HOST="127.0.0.1", PORT=port, SECURITY="none")
    notified.write(org, {"recipients": TO, "sender": SENDER, **more}, "test")


def hook_to(org: Org, url: str, key: str = "") -> None:
    choose(org, HOOK=True)
    notified.write(org, {"hook_url": url, "hook_key": key}, "test")


def trouble(org: Org, stage: str = "clients", code: str = "FL-211", kind: str = "primary_sync") -> Message:
    return notes.note(org, Seen(Of(kind, stage), code, f"Trouble in {stage}.", "Mend it."))


def tick(minutes: float = 0) -> list[Job]:
    """A worker's tick so many minutes from now; the jobs that it asked for, run to their ends."""
    Listener().ticked(timezone.now() + timedelta(minutes=minutes))
    asked = list(Job.objects.filter(kind=NOTIFY, state=State.QUEUED).order_by("id"))
    for job in asked:
        asyncio.run(run(job.pk, delivery=job.engine_id))
        job.refresh_from_db()
    return asked


def texts(posted: Posted) -> list[list[tuple[str, int]]]:
    """Of every post: (what, times)."""
    return [[(each["what"], each["times"]) for each in json.loads(body)["messages"]] for body in posted.bodies]


def test_without_a_way_nothing_is_sent_and_nothing_is_asked_for(org: Org) -> None:
    trouble(org)
    assert tick() == []


def test_the_first_message_is_told_at_once_and_the_storm_after_it_as_one(org: Org) -> None:
    """Within the window nothing more is sent; at its end one notice tells what came, with counts."""
    with hook_sink() as posted:
        hook_to(org, posted.url)
        trouble(org)
        assert [job.state for job in tick()] == [State.DONE]
        for _ in range(40):
            trouble(org)
        trouble(org, "members")
        assert tick(1) == []
        tick(16)
        assert tick(32) == []
    assert texts(posted) == [[("Trouble in clients.", 1)], [("Trouble in clients.", 40), ("Trouble in members.", 1)]]


def test_only_chosen_severities_are_told(org: Org) -> None:
    with hook_sink() as posted:
        hook_to(org, posted.url)
        choose(org, SEVERITIES=["error"])
        trouble(org, "members", "FL-111")
        assert tick() == []
        trouble(org)
        tick()
    assert texts(posted) == [[("Trouble in clients.", 1)]]


def test_what_could_not_be_sent_is_sent_later_with_what_came_meanwhile(org: Org) -> None:
    with hook_sink(status=503) as posted:
        hook_to(org, posted.url)
        trouble(org)
        job = tick()[0]
        assert (job.state, job.support_code) == (State.QUEUED, "FL-265"), "it is tried again by itself"
        Job.objects.filter(pk=job.pk).update(attempt=5)
        trouble(org, "members")
        asyncio.run(run(job.pk, delivery=Job.objects.get(pk=job.pk).engine_id))
        assert Job.objects.get(pk=job.pk).state == State.FAILED
        assert Notice.objects.get().ended_at is None
        posted.status = 200
        posted.bodies.clear()
        tick(16)
    assert texts(posted) == [[("Trouble in clients.", 1), ("Trouble in members.", 1)]]
    assert Notice.objects.get().ended_at is not None


def test_trouble_with_notices_is_a_message_that_is_never_sent(org: Org) -> None:
    """A storm that feeds itself ends here; and the message goes when a notice goes out."""
    with hook_sink(status=500) as posted:
        hook_to(org, posted.url)
        setting_rows.put(org, api.ATTEMPTS, 1, "test")
        trouble(org)
        for minutes in (0, 16, 32):
            assert [job.state for job in tick(minutes)] == [State.FAILED]
            Notice.objects.update(tried_at=timezone.now() - timedelta(minutes=20))
        ours = Message.objects.get(kind=NOTIFY)
        assert (ours.code, ours.times) == ("FL-265", 3)
        assert {tuple(map(tuple, each)) for each in texts(posted)} == {(("Trouble in clients.", 1),)}
        posted.status = 200
        tick(48)
    ours.refresh_from_db()
    assert ours.state == "resolved"


def test_one_way_that_is_broken_does_not_hold_the_others(org: Org) -> None:
    with hook_sink() as posted:
        hook_to(org, posted.url)
        mail_to(org, 1)
        trouble(org)
        states = {job.key: job.state for job in tick()}
    assert states == {"mail": State.QUEUED, "hook": State.DONE}
    assert len(posted.bodies) == 1


def test_a_post_is_signed_so_that_its_receiver_can_tell(org: Org) -> None:
    with hook_sink() as posted:
        hook_to(org, posted.url, "a key")
        asyncio.run(notifying.send_test(org, "hook"))
    headers, body = posted.headers[0], posted.bodies[0]
    expected = hmac.new(b"a key", f"{headers['X-Fairlead-Timestamp']}.".encode() + body, hashlib.sha256).hexdigest()
    assert headers["X-Fairlead-Signature"] == f"sha256={expected}"


def test_a_letter_goes_to_all_recipients_with_the_same_id_however_often(org: Org) -> None:
    with mail_sink() as sink:
        mail_to(org, sink.port, user="mailer", password="hunter22")
        message = trouble(org)
        assert [job.state for job in tick()] == [State.DONE]
        letter = sink.letters[0]
        assert sink.logins == 1
    assert f"From: {SENDER}" in letter
    assert f"To: {TO}" in letter
    assert "Subject: Fairlead: 1 message, 1 of them error" in letter
    assert f"Message-ID: <notice-{Notice.objects.get().pk}@" in letter
    assert f"/maintenance/messages/{message.number}/" in letter
    assert "Next step: Mend it." in letter


@pytest.mark.parametrize(
    ("answers", "kind"),
    [
        ({"AUTH": "535 wrong"}, MailRefused),
        ({"MAIL": "553 not from you"}, MailRefused),
        ({"RCPT": "550 nobody here"}, MailRefused),
        ({"MAIL": "451 greylisted"}, MailUnavailable),
        ({"HELLO": "421 busy"}, MailUnavailable),
    ],
)
def test_a_refusal_of_the_mail_server_is_told_without_its_words(
    org: Org, answers: dict[str, str], kind: type[Failure]
) -> None:
    """Its words may repeat addresses: only its number is told."""
    with mail_sink(**answers) as sink:
        mail_to(org, sink.port, user="mailer", password="hunter22")
        with pytest.raises(kind) as refused:
            asyncio.run(notifying.send_test(org, "mail"))
    assert "example" not in str(refused.value)
    assert not any(word in str(refused.value) for word in ("nobody", "greylisted", "hunter22"))


def test_a_server_without_the_chosen_encryption_is_told_as_such(org: Org) -> None:
    with mail_sink() as sink:
        mail_to(org, sink.port)
        choose(org, SECURITY="starttls")
        with pytest.raises(MailRefused, match="does not know the encryption"):
            asyncio.run(notifying.send_test(org, "mail"))
        choose(org, SECURITY="tls")
        with pytest.raises(MailRefused, match="encryption does not fit"):
            asyncio.run(notifying.send_test(org, "mail"))


@pytest.mark.parametrize("way", ["mail", "hook"])
def test_a_way_without_its_address_says_what_is_missing(org: Org, way: str) -> None:
    with pytest.raises((MailRefused, HookFailed), match="there is no mail server|has no address"):
        asyncio.run(notifying.send_test(org, way))


def test_a_receiver_that_is_away_or_elsewhere_is_no_success(org: Org) -> None:
    """Also an answer that leads somewhere else: a post is never sent on."""
    with hook_sink(status=302) as posted:
        hook_to(org, posted.url)
        with pytest.raises(HookFailed, match="302"):
            asyncio.run(notifying.send_test(org, "hook"))
    with pytest.raises(HookFailed, match="cannot be reached"):
        asyncio.run(notifying.send_test(org, "hook"))


def test_a_job_with_nothing_to_send_sends_nothing(org: Org) -> None:
    """Asked for twice, or resolved meanwhile: it ends, and leaves no notice."""
    with hook_sink() as posted:
        hook_to(org, posted.url)
        trouble(org)
        Listener().ticked(timezone.now())
        Message.objects.update(state="resolved")
        assert tick()[0].state == State.DONE
    assert posted.bodies == []
    assert not Notice.objects.exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("recipients", "ann"),
        ("recipients", "ann@example.com, b b@example.com"),
        ("recipients", "ann@example.com\nBcc: eve@example.com"),
        ("recipients", ",".join(["ann@example.com"] * 21)),
        ("sender", "Ann <ann@example.com>"),
        ("hook_url", "nothing"),
        ("hook_url", "ftp://example.com/"),
        ("hook_url", "http://example.com/"),
        ("hook_url", "https://ann:secret@example.com/"),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_field_and_changes_nothing(org: Org, field: str, value: str) -> None:
    with pytest.raises(BadNotified) as refused:
        notified.write(org, {field: value}, "ann")
    assert refused.value.field == field
    assert "@" not in str(refused.value)
    assert notified.read(org) == notified.Sealed()


def test_what_is_never_shown_stays_unless_it_is_given_anew_or_forgotten(org: Org) -> None:
    notified.write(org, {"password": "one"}, "ann")
    assert notified.write(org, {"password": "", "user": "u"}, "ann").password == "one"
    assert notified.write(org, {"password": "two"}, "ann").password == "two"
    assert notified.write(org, {"password": "-"}, "ann").password == ""


def test_addresses_and_secrets_are_nowhere_in_clear(org: Org, database_dump: Callable[[], str]) -> None:
    """Neither in the sealed row, nor in the audit log, which says only what was changed."""
    notified.write(org, {"recipients": TO, "sender": SENDER, "password": "hunter22", "hook_key": "sesame99"}, "ann")
    dumped = database_dump()
    for secret in ("ann@example", "bob@example", "fairlead@example", "hunter22", "sesame99"):
        assert secret not in dumped
    assert AuditEntry.objects.get().subject == "recipients, sender, password, hook_key"


@pytest.fixture
def database_dump() -> Callable[[], str]:
    """Every row of every table, as text."""

    def dump() -> str:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT oid::regclass::text FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
            )
            tables = [name for (name,) in cursor.fetchall()]
            found = []
            for table in tables:
                cursor.execute(f"SELECT encode(convert_to(t::text, 'UTF8'), 'escape') FROM {table} t")
                found += [row for (row,) in cursor.fetchall()]
        return "\n".join(found)

    return dump
