"""A job as pages show it: shared by the rooms that show jobs."""

from typing import Any, Final

from django.db.models import Count
from django.utils import timezone

from fairlead.jobs import registry
from fairlead.jobs.models import Job
from fairlead.store.models import RowRefusal

NUMBERS: Final = (
    ("read", "Subscribers read"),
    ("written", "Records written"),
    ("unchanged", "Unchanged"),
    ("deleted", "Deleted"),
    ("cleaned", "Deleted at the start"),
    ("refused", "Refused"),
    ("cm_calls", "Calls to Campaign Monitor"),
    ("sf_calls", "Calls to Salesforce"),
)
LINKS: Final = (
    ("linked_contact", "Contact"),
    ("linked_lead", "Lead"),
    ("linked_both", "Both"),
    ("unlinked", "Not linked"),
)


def run(job: Job) -> dict[str, Any]:
    """What the fragment of a run needs. `active` says that it asks for itself again."""
    return {
        "job": job,
        "title": registry.title(job.kind),
        "active": not job.ended,
        "seconds": _seconds(job),
        "stages": [_stage(stage) for stage in job.stages],
        "numbers": [(label, job.counts[name]) for name, label in NUMBERS if name in job.counts],
        "links": _links(job.counts),
        "refusals": refusals(job) if job.counts.get("refused") else [],
    }


def refusals(job: Job) -> list[dict[str, Any]]:
    """Refused rows of a job by reason, most frequent first."""
    found = RowRefusal.objects.filter(job_id=job.pk).values("code", "reason", "retryable")
    return [dict(row) for row in found.annotate(rows=Count("id")).order_by("-rows", "code")]


def _seconds(job: Job) -> float | None:
    if job.started_at is None:
        return None
    return ((job.finished_at or timezone.now()) - job.started_at).total_seconds()


MEASURES: Final = ("ms", "cm_calls", "sf_calls")
"""What the primary sync counts of every stage: shown apart from the stage's own counts."""


def _stage(stage: dict[str, Any]) -> dict[str, Any]:
    total, counts = stage.get("total"), stage.get("counts") or {}
    own = [(name.replace("_", " "), count) for name, count in counts.items() if name not in MEASURES and count]
    return {
        **stage,
        "known": bool(total),
        "most": total or 1,
        "now": min(stage.get("done") or 0, total or 1),
        "seconds": counts["ms"] / 1000 if "ms" in counts else None,
        "calls": [(counts[name], side) for name, side in _SIDES if name in counts],
        "own": own,
    }


_SIDES: Final = (("cm_calls", "Campaign Monitor"), ("sf_calls", "Salesforce"))


def _links(counts: dict[str, int]) -> list[dict[str, Any]]:
    """The parts of a bar of links, in per cent from the left."""
    total = sum(counts.get(name, 0) for name, _ in LINKS)
    parts, left = [], 0.0
    for number, (name, label) in enumerate(LINKS, 1):
        share = 100 * counts.get(name, 0) / total if total else 0
        parts.append(
            {
                "label": label,
                "count": counts.get(name, 0),
                "left": round(left, 3),
                "width": round(share, 3),
                "n": number,
            }
        )
        left += share
    return parts if total else []
