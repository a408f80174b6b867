"""The table of messages: note what is wrong, resolve what is right again. Called in the transaction of what happened."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Count, F, Min, Q
from django.utils import timezone

from fairlead.domain.failure import FixThisRecord
from fairlead.features.maintenance import rules
from fairlead.features.maintenance.models import Message, State
from fairlead.features.maintenance.rules import Of, Seen
from fairlead.store import scrub
from fairlead.store.models import Org, RowRefusal

LONGEST = 2_000
BY_ITSELF = "Fairlead"
"""Who resolves what is right again by itself."""


@transaction.atomic
def note(org: Org, seen: Seen, *, job_id: int | None = None, severity: str = "", rows: int | None = None) -> Message:
    """Note that something is wrong: once more of an open message, or as a new one."""
    now = timezone.now()
    told = {
        "what": scrub.text(seen.what)[:LONGEST],
        "next_step": scrub.text(seen.next_step)[:LONGEST],
        "severity": severity or rules.severity(seen.code),
        "rows": rows,
    }
    subject = seen.of.subject[:200]
    same = Message.objects.select_for_update(no_key=True).filter(
        org=org, code=seen.code, subject=subject, state=State.OPEN
    )
    message = same.first()
    if message is None:
        made, fresh = Message.objects.get_or_create(
            org=org,
            code=seen.code,
            subject=subject,
            state=State.OPEN,
            defaults={
                **told,
                "kind": seen.of.kind,
                "stage": seen.of.stage,
                "client_id": seen.of.client[:64],
                "list_id": seen.of.list[:64],
                "job_id": job_id,
                "first_seen": now,
                "last_seen": now,
            },
        )
        if fresh:
            return made
        message = made
    again: dict[str, Any] = {**told, "last_seen": now, "times": F("times") + 1}
    Message.objects.filter(pk=message.pk).update(**again, job_id=job_id or message.job_id)
    message.refresh_from_db()
    return message


def resolve(found: Any, by: str, why: str) -> int:
    """Resolve the open ones of these messages; returns how many."""
    return int(
        found.filter(state=State.OPEN).update(
            state=State.RESOLVED, resolved_at=timezone.now(), resolved_by=by, resolution=why
        )
    )


def right_again(org: Org, of: Of, why: str, *, but: tuple[str, ...] = ()) -> int:
    """Resolve what is open about this, whatever its code; `but` names codes that have just been seen again.

    What was asked for without client or list was all of them: it resolves what is open of single ones, too.
    """
    found = Message.objects.filter(org=org, kind=of.kind, stage=of.stage).exclude(code__in=but)
    if of.client:
        found = found.filter(client_id=of.client)
    if of.list:
        found = found.filter(list_id=of.list)
    return resolve(found, BY_ITSELF, why)


def note_refused(org: Org, job_id: int) -> None:
    """Messages about rows that a job saw refused, a message for each reason's code; those that are gone are resolved."""
    groups = RowRefusal.objects.filter(org=org).values("scope__kind", "code")
    counted = groups.annotate(
        rows=Count("id"), fresh=Count("id", filter=Q(job_id=job_id)), final=Count("id", filter=Q(retryable=False))
    )
    left = set()
    for group in counted:
        of = Of(rules.REFUSED, f"{group['scope__kind']} {group['code']}"[:60])
        left.add(of.stage)
        if group["fresh"]:
            _note_group(org, of, group, job_id)
    open_ones = Message.objects.filter(org=org, kind=rules.REFUSED, state=State.OPEN)
    resolve(open_ones.exclude(stage__in=left), BY_ITSELF, "No row is refused for this reason any more.")


def _note_group(org: Org, of: Of, group: Mapping[str, Any], job_id: int) -> None:
    same = RowRefusal.objects.filter(org=org, scope__kind=group["scope__kind"], code=group["code"], job_id=job_id)
    reason = same.aggregate(reason=Min("reason"))["reason"] or ""
    failure: FixThisRecord = rules.RowsRefused(group["rows"], group["scope__kind"], group["code"], reason)
    note(
        org,
        Seen(of, failure.code, failure.text, failure.step),
        job_id=job_id,
        severity=rules.severity_of_refused(retryable=not group["final"]),
        rows=group["rows"],
    )


def forget_old(org: Org, now: datetime, days: int) -> int:
    """Delete messages that were resolved so long ago; returns how many."""
    old = Message.objects.filter(org=org, state=State.RESOLVED, resolved_at__lt=now - timedelta(days=days))
    return int(old.delete()[0])
