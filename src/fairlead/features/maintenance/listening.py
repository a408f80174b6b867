"""Hears of ends of jobs and of time: from there messages come, notices are due, and what is too old is forgotten."""

from datetime import datetime, timedelta

from fairlead.domain.failure import Failure
from fairlead.features.maintenance import notes, rules, settings
from fairlead.features.maintenance.models import Notice
from fairlead.features.maintenance.notifying import due
from fairlead.features.maintenance.rules import Of, Seen
from fairlead.jobs import api
from fairlead.jobs.models import Job, Schedule
from fairlead.jobs.models import State as JobState
from fairlead.store import audit, setting_rows
from fairlead.store.models import AuditEntry, Org

AUDIT_WHEN_OFF = 365
NOTICES_KEPT = timedelta(days=90)
UNREAD = "unread"
"""The count by which a job tells of posts that it could not read."""


class Listener:
    """What maintenance does when the engine tells of something (`jobs.hearing.Listener`)."""

    def ended(self, job: Job, failure: Failure | None) -> None:
        """Note what went wrong in a job, and resolve what is right again."""
        if job.state == JobState.CANCELLED:
            return
        of = rules.scope_of(job.kind, job.args)
        told = rules.told_by(of, job.stages, _failed(job, failure))
        for seen in told.wrong:
            notes.note(job.org, seen, job_id=job.pk)
        codes: dict[str, tuple[str, ...]] = {}
        for seen in told.wrong:
            codes[seen.of.stage] = (*codes.get(seen.of.stage, ()), seen.code)
        for stage in told.right:
            notes.right_again(
                job.org, Of(of.kind, stage, of.client, of.list), f"Job {job.pk} did it without a problem."
            )
        for stage, seen_again in codes.items():
            here = Of(of.kind, stage, of.client, of.list)
            notes.right_again(job.org, here, f"Job {job.pk} met another problem.", but=seen_again)
        if told.began and "" not in codes:
            notes.right_again(job.org, of, f"Job {job.pk} went on beyond it.")
        self._rows_and_posts(job, of)

    def _rows_and_posts(self, job: Job, of: Of) -> None:
        if "refused" in job.counts:
            notes.note_refused(job.org, job.pk)
        unread, posts = job.counts.get(UNREAD), Of(of.kind, "posts", of.client, of.list)
        if unread:
            failure = rules.PostsUnreadable(unread)
            notes.note(job.org, Seen(posts, failure.code, failure.text, failure.step), job_id=job.pk)
        elif unread == 0:
            notes.right_again(job.org, posts, f"Job {job.pk} could read everything.")

    def schedule_broken(self, schedule: Schedule, failure: Failure) -> None:
        """Note that a schedule cannot be kept."""
        of = Of(rules.SCHEDULE, schedule.kind)
        notes.note(schedule.org, Seen(of, failure.code, failure.text, failure.step))

    def schedule_kept(self, schedule: Schedule) -> None:
        """A schedule asked for its job: whatever was wrong with it is not any more."""
        notes.right_again(schedule.org, Of(rules.SCHEDULE, schedule.kind), "The schedule works.")

    def ticked(self, now: datetime) -> None:
        """Ask for the sending of notices where one is due."""
        for org, way in due(now):
            api.ask(org, rules.NOTIFY, key=way, args={"way": way}, by="Fairlead")

    def hour_passed(self, now: datetime) -> None:
        """Forget resolved messages, audit entries and notices that are too old."""
        for org in Org.objects.all():
            notes.forget_old(org, now, setting_rows.value(org, settings.KEEP_DAYS))
            days = setting_rows.value(org, audit.DAYS) or AUDIT_WHEN_OFF
            AuditEntry.objects.filter(org=org, at__lt=now - timedelta(days=days)).delete()
            Notice.objects.filter(org=org, ended_at__lt=now - NOTICES_KEPT).delete()


def _failed(job: Job, failure: Failure | None) -> tuple[str, str, str] | None:
    """Code, text and next step of a failed job; the text alone where only that was kept."""
    if job.state != JobState.FAILED:
        return None
    if failure is not None:
        return failure.code, failure.text, failure.step
    return job.support_code or "FL-900", job.reason, ""
