"""Where set-up stands, told by what is there. Plain Django; no side is asked."""

from collections.abc import Sequence
from typing import Final

from django.db.models import QuerySet
from django.utils import timezone

from fairlead.features.setup.models import SetUp
from fairlead.features.setup.rules import checks, steps
from fairlead.features.setup.rules.checks import Check
from fairlead.jobs.models import Job, State
from fairlead.store.models import Org, ScopeState
from fairlead.store.orgs import default_org
from fairlead.sync import known, standing

SYNC_KIND: Final = "primary_sync"
"""The kind of job of the primary sync; a test holds it against the room that runs it."""
READ_BY_A_SYNC: Final = "lists"
"""The kind of scope that every sync reads, and nothing else does: what follows changes has scopes before the first sync."""


def of(org: Org) -> SetUp:
    """The row of an org; not yet stored where nothing was noted."""
    return SetUp.objects.filter(org=org).first() or SetUp(org=org)


def look(org: Org) -> steps.Known:
    """What is there. That set-up is finished is noted on the way."""
    row, sides = of(org), standing.of(org.pk)
    if row.finished_at is None and finished(org):
        note(org, "finished_at")
    same = bool(sides.org_id) and (row.org_id_18, row.user_id) == (sides.org_id, sides.user_id)
    chosen = sides.campaign_monitor and any(client.selected for client in known.clients(org.pk))
    return steps.Known(
        salesforce=sides.salesforce,
        checked=same and row.checked_at is not None and row.failed == 0,
        installed=bool(sides.org_id) and row.installed_in == sides.org_id,
        campaign_monitor=sides.campaign_monitor,
        clients=chosen and row.clients_at is not None,
        what=row.what_at is not None,
        synced=finished(org),
    )


def finished(org: Org) -> bool:
    """Whether a first sync came to its end, once. Ended jobs are not kept for ever: what was read then still proves it."""
    runs = _runs(org)
    if runs.filter(state=State.DONE).exists() or of(org).finished_at is not None:
        return True
    return not runs.exists() and ScopeState.objects.filter(org=org, kind=READ_BY_A_SYNC).exists()


def unfinished() -> bool:
    """Whether the menu is to show set-up: asked for each page, so that the usual answer costs one query."""
    org = default_org()
    return not _runs(org).filter(state=State.DONE).exists() and not finished(org)


def _runs(org: Org) -> QuerySet[Job]:
    return Job.objects.filter(org=org, kind=SYNC_KIND)


def note(org: Org, moment: str) -> None:
    """Note that a person confirmed a choice, or that something was seen, just now."""
    SetUp.objects.update_or_create(org=org, defaults={moment: timezone.now()})


def note_checks(org: Org, found: Sequence[Check], *, installed: bool | None) -> None:
    """Note what the connected org told. `installed`: whether it holds our objects; None where that was not told."""
    sides, counted = standing.of(org.pk), checks.summary(found)
    seen = {} if installed is None else {"installed_in": sides.org_id if installed else ""}
    SetUp.objects.update_or_create(
        org=org,
        defaults={
            "org_id_18": sides.org_id,
            "user_id": sides.user_id,
            "checked_at": timezone.now(),
            "failed": counted[checks.State.FAIL],
            "warned": counted[checks.State.WARN],
            **seen,
        },
    )


def note_installed(org: Org, *, installed: bool = True) -> None:
    """Note whether the connected org holds our objects."""
    found = standing.of(org.pk).org_id if installed else ""
    SetUp.objects.update_or_create(org=org, defaults={"installed_in": found})
