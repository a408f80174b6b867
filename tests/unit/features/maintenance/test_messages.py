"""Laws of messages: one for a storm, none that stays when all is right again, nothing personal in any."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from fairlead.domain.failure import FixTheSettings, SignInAgain
from fairlead.features.maintenance import acts, notes, rules, settings
from fairlead.features.maintenance.listening import Listener
from fairlead.features.maintenance.models import Message, State
from fairlead.features.maintenance.rules import Of, Seen
from fairlead.jobs import api, hearing, schedules
from fairlead.jobs.api import NotEnded
from fairlead.jobs.models import Job, Schedule
from fairlead.store import audit, setting_rows
from fairlead.store.models import AuditEntry, Org, RowRefusal, ScopeState

SIGN_IN = SignInAgain("Refused.", next_step="Connect again.")
Told = Callable[[], list[tuple[str, str, int, str]]]
End = Callable[..., Job]


def failed(name: str = "clients", code: str = "FL-211") -> dict[str, Any]:
    return {"name": name, "state": "failed", "code": code, "message": "Refused. Connect.", "step": "Connect."}


def done(name: str) -> dict[str, Any]:
    return {"name": name, "state": "done"}


def test_a_storm_is_one_message(end: End, told: Told) -> None:
    """The same code of the same subject counts; it makes no second message, however often it comes."""
    jobs = [end("failed", SIGN_IN, stages=[failed(code="FL-200")]) for _ in range(30)]
    assert told() == [("FL-200", "primary_sync/clients//", 30, "open")]
    message = Message.objects.get()
    assert (message.job_id, message.what, message.next_step, message.severity) == (
        jobs[-1].pk, "Refused.", "Connect.", "error",
    )  # fmt: skip
    assert message.first_seen < message.last_seen


def test_success_of_the_same_stage_resolves_by_itself(end: End, told: Told) -> None:
    end("failed", SIGN_IN, stages=[failed("clients", "FL-200"), done("match")])
    end(stages=[done("clients"), done("match")])
    assert told() == [("FL-200", "primary_sync/clients//", 1, "resolved")]
    message = Message.objects.get()
    assert (message.resolved_by, message.resolution[:3]) == (notes.BY_ITSELF, "Job")


def test_a_stage_that_succeeds_leaves_the_messages_of_others(end: End, told: Told) -> None:
    end("failed", SIGN_IN, stages=[failed("members", "FL-200")])
    end(stages=[done("clients")])
    assert [state for *_, state in told()] == ["open"]


def test_a_run_of_one_list_resolves_its_own_messages_only(end: End, told: Told) -> None:
    for of_list in ("l1", "l2"):
        end("failed", SIGN_IN, stages=[failed("members", "FL-200")], args={"list": of_list})
    end(stages=[done("members")], args={"list": "l1"})
    assert {subject: state for _, subject, _, state in told()} == {
        "primary_sync/members//l1": "resolved", "primary_sync/members//l2": "open",
    }  # fmt: skip
    end(stages=[done("members")])
    assert {state for *_, state in told()} == {"resolved"}, "a run of everything did both"


def test_another_problem_of_a_stage_takes_the_place_of_the_former(end: End, told: Told) -> None:
    end("failed", SIGN_IN, stages=[failed("clients", "FL-200")])
    end("failed", FixTheSettings("Full."), stages=[failed("clients", "FL-300")])
    assert [(code, state) for code, _, _, state in told()] == [("FL-200", "resolved"), ("FL-300", "open")]


def test_a_failure_before_the_first_stage_is_over_when_a_stage_was_reached(end: End, told: Told) -> None:
    end("failed", SIGN_IN, stages=[{"name": "clients", "state": "waiting"}])
    assert told() == [("FL-200", "primary_sync///", 1, "open")]
    end("failed", FixTheSettings("Full."), stages=[failed("clients", "FL-300")])
    assert [(code, state) for code, _, _, state in told()] == [("FL-200", "resolved"), ("FL-300", "open")]


def test_what_comes_back_after_it_was_resolved_is_a_new_message(end: End, told: Told) -> None:
    end("failed", SIGN_IN)
    end()
    end("failed", SIGN_IN)
    assert [(times, state) for *_, times, state in told()] == [(1, "resolved"), (1, "open")]


def test_a_cancelled_job_says_nothing(end: End, told: Told) -> None:
    end("failed", SIGN_IN)
    end("cancelled", stages=[failed("members", "FL-300"), done("clients")])
    assert [state for *_, state in told()] == ["open"]


def test_a_worker_that_died_leaves_a_message(end: End, told: Told) -> None:
    end("failed", reason="Its worker stopped.", support_code="FL-910")
    assert told() == [("FL-910", "primary_sync///", 1, "open")]


def test_no_message_holds_what_belongs_to_a_person(org: Org) -> None:
    """Whatever a failure says, addresses and numbers are masked before they are written down."""
    seen = Seen(Of("x"), "FL-900", "It broke at ann@example.com, +44 20 7946 0958.", "Ask ann@example.com.")
    message = notes.note(org, seen)
    assert "ann" not in message.what + message.next_step
    assert "7946" not in message.what


def refuse(org: Org, job: Job, rows: int, code: str, *, retryable: bool = False) -> None:
    scope, _ = ScopeState.objects.get_or_create(org=org, kind="members", client="c", list="l")
    for row in range(rows):
        RowRefusal.objects.create(
            org=org, scope=scope, job_id=job.pk, key_hash=f"{code}{row}".encode(), code=code, reason="Too long.",
            retryable=retryable,
        )  # fmt: skip


def test_refused_rows_are_one_message_for_each_reason_and_go_when_none_is_left(
    org: Org, end: End, told: Told, listener: Listener
) -> None:
    job = end()
    refuse(org, job, 3, "STRING_TOO_LONG")
    refuse(org, job, 2, "UNABLE_TO_LOCK_ROW", retryable=True)
    job.counts = {"refused": 5}
    listener.ended(job, None)
    found = {message.stage: message for message in Message.objects.filter(kind=rules.REFUSED)}
    assert {stage: (each.rows, each.severity) for stage, each in found.items()} == {
        "members STRING_TOO_LONG": (3, "warning"), "members UNABLE_TO_LOCK_ROW": (2, "info"),
    }  # fmt: skip
    end(counts={"refused": 0})
    assert [times for _, _, times, _ in told()] == [1, 1], "rows that this job did not see refused are not news"
    RowRefusal.objects.filter(code="UNABLE_TO_LOCK_ROW").delete()
    end(counts={"refused": 0})
    assert Message.objects.get(stage="members UNABLE_TO_LOCK_ROW").state == State.RESOLVED
    assert Message.objects.get(stage="members STRING_TOO_LONG").state == State.OPEN


def test_posts_that_cannot_be_read_are_told_until_the_next_can(end: End, told: Told) -> None:
    look = {"kind": "webhook_look", "args": {"list": "l1"}}
    end(**look, counts={"unread": 2})
    assert told() == [("FL-262", "webhook_look/posts//l1", 1, "open")]
    end(**look, counts={"unread": 0})
    assert told() == [("FL-262", "webhook_look/posts//l1", 1, "resolved")]


def test_a_broken_schedule_is_a_message_until_it_works(org: Org, listener: Listener, told: Told) -> None:
    now = timezone.now()
    schedule = Schedule.objects.create(
        org=org, kind="primary_sync", frequency="daily", timezone="Nowhere/Else", next_run_at=now - timedelta(hours=1)
    )
    for _ in range(2):
        schedules.tick(now)
    assert told() == [("FL-322", "schedule/primary_sync//", 2, "open")]
    Schedule.objects.filter(pk=schedule.pk).update(timezone="UTC")
    schedules.tick(now)
    assert told() == [("FL-322", "schedule/primary_sync//", 2, "resolved")]


def test_a_listener_that_fails_stops_nobody(org: Org, listener: Listener) -> None:
    """The end of a job stands, whatever becomes of its message."""

    class Broken(Listener):
        def ended(self, job: Job, failure: Any) -> None:
            Message.objects.create(org=org)  # without what must be there
            raise RuntimeError

    hearing.provide(Broken(), listener)
    job = Job.objects.create(org=org, kind="x", state="failed", reason="No.", support_code="FL-300")
    hearing.ended(job, None)
    assert Message.objects.get().code == "FL-300"


def test_resolving_by_hand_is_audited_once(org: Org, end: End) -> None:
    end("failed", SIGN_IN)
    number = Message.objects.get().number
    assert acts.resolve(org, number, "ann").resolved_by == "ann"
    assert acts.resolve(org, number, "bob").resolved_by == "ann"
    assert AuditEntry.objects.filter(what="resolve message").count() == 1


def test_retry_asks_for_the_job_again(org: Org, end: End) -> None:
    job = end("failed", SIGN_IN, args={"full": True})
    message = Message.objects.get()
    assert acts.can_retry(message)
    again = acts.retry(org, message.number, "ann")
    assert (again.kind, again.args, again.requested_by) == (job.kind, {"full": True}, "ann")
    Message.objects.update(job_id=again.pk)
    with pytest.raises(NotEnded):
        acts.retry(org, message.number, "ann")
    Message.objects.update(job_id=999_999)
    with pytest.raises(rules.NothingToRetry):
        acts.retry(org, message.number, "ann")
    with pytest.raises(rules.NoSuchMessage):
        acts.retry(org, 999_999, "ann")


def test_resolved_messages_are_forgotten_after_their_days_and_open_ones_never(org: Org, end: End) -> None:
    end("failed", SIGN_IN)
    end()
    end("failed", SIGN_IN)
    setting_rows.put(org, settings.KEEP_DAYS, 10, "ann")
    Message.objects.filter(state=State.RESOLVED).update(resolved_at=timezone.now() - timedelta(days=11))
    Message.objects.filter(state=State.OPEN).update(last_seen=timezone.now() - timedelta(days=999))
    Listener().hour_passed(timezone.now())
    assert [message.state for message in Message.objects.all()] == [State.OPEN]


def test_the_audit_log_can_be_switched_off_and_that_is_written_down(org: Org) -> None:
    """F62: off writes nothing, but for the switch itself, in both directions."""
    setting_rows.put(org, audit.DAYS, 0, "ann")
    setting_rows.put(org, settings.KEEP_DAYS, 5, "ann")
    assert audit.record(org, "ann", "x", "y") is None
    setting_rows.put(org, audit.DAYS, 30, "bob")
    setting_rows.put(org, settings.KEEP_DAYS, 6, "bob")
    assert [(entry.subject, entry.after) for entry in AuditEntry.objects.order_by("id")] == [
        ("maintenance.audit_days", 0), ("maintenance.audit_days", 30), ("maintenance.message_days", 6),
    ]  # fmt: skip


@pytest.mark.parametrize(("days", "left"), [(30, 1), (0, 2)])
def test_audit_entries_are_kept_as_long_as_was_chosen(org: Org, days: int, left: int) -> None:
    """While the log is off, what was written stays for a year."""
    old = [audit.record(org, "ann", "x", str(age)) for age in range(3)]
    for entry, age in zip(old, (1, 100, 400), strict=True):
        assert entry is not None
        AuditEntry.objects.filter(pk=entry.pk).update(at=timezone.now() - timedelta(days=age))
    setting_rows.put(org, audit.DAYS, days, "ann")
    Listener().hour_passed(timezone.now())
    assert AuditEntry.objects.exclude(subject=audit.DAYS.name).count() == left


def test_jobs_have_as_many_attempts_as_was_chosen(org: Org) -> None:
    setting_rows.put(org, api.ATTEMPTS, 2, "ann")
    assert api.ask(org, "x").max_attempts == 2
