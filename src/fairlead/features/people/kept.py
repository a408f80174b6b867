"""What Fairlead's own database has that decides about a person: settings, cursors, refusals, and how the last sync ended."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any, Final

from fairlead.domain.address import member_key
from fairlead.features.people.facts import Matching, OnList, Refusal, Syncs
from fairlead.jobs.models import Job, Schedule
from fairlead.jobs.states import ACTIVE
from fairlead.store import hashing
from fairlead.store.ledger import RETRY_AT_MOST
from fairlead.store.models import Org, RowRefusal, ScopeState, SettingRow
from fairlead.ui import rooms

PRIMARY_SYNC: Final = "primary_sync"
MATCH_CONTACT: Final = "members.match_contact_fields"
MATCH_LEAD: Final = "members.match_lead_fields"
MATCH_TIE: Final = "members.match_tie"
ID_FIELD: Final = "members.salesforce_id_field"
PREVENT: Final = "members.prevent_sync"
DECIDING: Final = ("members.", "creation.", "campaigns.")
"""Settings whose names begin so decide about people."""


def matching(org: Org) -> Matching:
    """The matching rules as they were chosen; else the defaults."""
    rows: dict[str, Any] = dict(
        SettingRow.objects.filter(org=org, subject="", name__startswith="members.").values_list("name", "value")
    )
    usual = Matching()
    return Matching(
        tuple(rows.get(MATCH_CONTACT) or usual.contact_fields),
        tuple(rows.get(MATCH_LEAD) or usual.lead_fields),
        "old" in str(rows.get(MATCH_TIE, "")),
        str(rows.get(ID_FIELD) or ""),
    )


def on_list(org: Org, lists: Sequence[OnList], address: str) -> list[OnList]:
    """The lists with what the ledger and the settings have of them."""
    ids = [one.id for one in lists]
    prevented = set(
        SettingRow.objects.filter(org=org, name=PREVENT, subject__in=ids, value=True).values_list("subject", flat=True)
    )
    cursors = dict(ScopeState.objects.filter(org=org, kind="members", list__in=ids).values_list("list", "cursor"))
    refusals = _refusals(org, ids, address)
    return [
        replace(
            one,
            prevented=one.id in prevented,
            cursor=cursors.get(one.id, ""),
            refusal=refusals.get(one.id),
            settings=tuple(chosen(org, {one.id, one.client} - {""})),
        )
        for one in lists
    ]


def _refusals(org: Org, ids: Collection[str], address: str) -> dict[str, Refusal]:
    """The newest refusal of the address on each list."""
    hashes = [hashing.keyed_hash(member_key(list_id, address)) for list_id in ids]
    rows = RowRefusal.objects.filter(org=org, key_hash__in=hashes, scope__list__in=ids).select_related("scope")
    return {
        row.scope.list: Refusal(
            row.code, row.reason, row.attempts, again=row.retryable and row.attempts < RETRY_AT_MOST
        )
        for row in rows.order_by("updated_at")
    }


def chosen(org: Org, subjects: Collection[str] = ("",)) -> list[str]:
    """Settings that decide about people and are not as they come, as `title: value`."""
    titles = {setting.name: setting.title for setting in rooms.settings()}
    rows = SettingRow.objects.filter(org=org, subject__in=list(subjects)).order_by("name")
    return [f"{titles.get(row.name, row.name)}: {_shown(row.value)}" for row in rows if row.name.startswith(DECIDING)]


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def syncs(org: Org) -> Syncs:
    """The last primary sync and the next."""
    jobs = Job.objects.filter(org=org, kind=PRIMARY_SYNC)
    last = jobs.exclude(state__in=ACTIVE).exclude(attempt=0).first()
    schedule = Schedule.objects.filter(org=org, kind=PRIMARY_SYNC).first()
    due = schedule.next_run_at if schedule else None
    return Syncs(
        jobs.filter(state__in=ACTIVE).exists(),
        last.number if last else 0,
        last.state if last else "",
        last.reason if last else "",
        tuple(str(stage["title"]) for stage in last.stages if stage.get("state") == "failed") if last else (),
        f"{due:%-d %b %Y, %H:%M} UTC" if due else "",
    )
