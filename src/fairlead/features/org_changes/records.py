"""The rows of this room: what reactions did, where listening stands. Plain Django."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from fairlead.features.org_changes.flow import Told
from fairlead.features.org_changes.models import EventPlace, Hearing, ReactionState
from fairlead.features.org_changes.offered import offered
from fairlead.store.models import Org


def note_reaction(org_id: int, job: int, told: Told, fence: Callable[[], None]) -> None:
    """Keep what a reaction did in a run; `fence` raises for an attempt that is stale."""
    now = timezone.now()
    failure = told.failure
    values: dict[str, Any] = {
        "title": told.title,
        "job": job,
        "looked_at": now,
        "handed": told.handed,
        "left_out": told.left_out,
        "paused": told.paused,
        "message": str(failure) if failure else "",
        "support_code": failure.code if failure else "",
    }
    if told.handed:
        values["handed_at"] = now
    with transaction.atomic():
        fence()
        ReactionState.objects.update_or_create(org_id=org_id, name=told.name, defaults=values)


def reactions(org: Org) -> list[dict[str, Any]]:
    """All reactions that there are, each with what it did last."""
    kept = {row.name: row for row in ReactionState.objects.filter(org=org)}
    return [_told(one.name, one.title, kept.get(one.name), if_paused=one.if_paused) for one in offered()]


def _told(name: str, title: str, row: ReactionState | None, *, if_paused: bool) -> dict[str, Any]:
    fields = ("looked_at", "handed", "left_out", "handed_at", "paused", "message", "support_code", "job")
    blank = ReactionState(name=name)
    return {
        "name": name,
        "title": title,
        "goes_on_if_paused": if_paused,
        **{each: getattr(row or blank, each) for each in fields},
    }


def hearing(org: Org) -> dict[str, Any]:
    """Where listening stands; `listening` tells whether a process does it now."""
    row = Hearing.objects.filter(org=org).first() or Hearing(org=org)
    now = timezone.now()
    return {
        "listening": row.held_until is not None and row.held_until > now,
        "way": row.way,
        "label": row.get_way_display(),
        "message": row.message,
        "heard_at": row.heard_at,
        "asked_at": row.asked_at,
    }


def hold(org: Org, holder: str, until: datetime) -> bool:
    """Take or keep the listening of an org; False while another process has it."""
    with transaction.atomic():
        Hearing.objects.get_or_create(org=org)
        row = Hearing.objects.select_for_update(no_key=True).get(org=org)
        if row.holder != holder and row.held_until is not None and row.held_until > timezone.now():
            return False
        row.holder, row.held_until = holder, until
        row.save(update_fields=["holder", "held_until"])
    return True


def let_go(org: Org, holder: str) -> None:
    """Leave the listening to another process at once."""
    Hearing.objects.filter(org=org, holder=holder).update(held_until=None)


def note_hearing(org: Org, **news: Any) -> None:
    """Keep news of listening: `way`, `message`, `heard_at`, `asked_at`."""
    Hearing.objects.filter(org=org).update(**news)


def place(org: Org, topic: str) -> tuple[bytes, datetime | None] | None:
    """How far a topic was heard."""
    row = EventPlace.objects.filter(org=org, topic=topic).first()
    return (bytes(row.replay_id), row.at) if row else None


def keep_places(org: Org, places: Mapping[str, tuple[bytes, datetime | None]]) -> None:
    """Keep how far topics were heard."""
    for topic, (replay_id, at) in places.items():
        EventPlace.objects.update_or_create(org=org, topic=topic, defaults={"replay_id": replay_id, "at": at})
