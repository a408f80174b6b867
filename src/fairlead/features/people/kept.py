"""What Fairlead's own database has that decides about a person: settings, cursors, refusals, and how the last sync ended."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any, Final

from fairlead.domain.address import member_key
from fairlead.domain.setting import BadSetting, Values, find
from fairlead.features.people.facts import Matching, OnList, Refusal, Syncs
from fairlead.jobs.models import Job, Schedule
from fairlead.jobs.states import ACTIVE
from fairlead.store import hashing, setting_rows
from fairlead.store.ledger import RETRY_AT_MOST
from fairlead.store.models import Org, RowRefusal, ScopeState, SettingRow
from fairlead.ui import rooms

PRIMARY_SYNC: Final = "primary_sync"
DECIDING: Final = ("members.", "record_creation.", "suppression.", "salesforce_campaigns.", "tracking_history.")
"""Settings whose names begin so decide about people. Other rooms declare them, and are strangers to this one."""
CREATES: Final = {"contact": "contact", "lead": "lead"}


def _value(chosen: Values, name: str, subject: str = "") -> Any:
    """What was chosen, else the default; the default, too, where what is kept is impossible by now: the sync says so."""
    setting = find(rooms.settings(), name)
    try:
        return chosen.of(setting, subject)
    except BadSetting:
        return setting.default


def matching(org: Org) -> Matching:
    """The matching rules as they were chosen; else the defaults."""
    chosen = setting_rows.values(org)
    return Matching(
        _value(chosen, "members.match_contact_fields") or ("Email",),
        _value(chosen, "members.match_lead_fields") or ("Email",),
        _value(chosen, "members.match_tie") == "oldest",
        _value(chosen, "members.salesforce_id_field"),
    )


def on_list(org: Org, lists: Sequence[OnList], address: str) -> list[OnList]:
    """The lists with what the ledger and the settings have of them."""
    ids = [one.id for one in lists]
    chosen = setting_rows.values(org)
    cursors = dict(ScopeState.objects.filter(org=org, kind="members", list__in=ids).values_list("list", "cursor"))
    refusals = _refusals(org, "members", ids, address)
    not_created = _refusals(org, "records", ids, address)
    return [
        replace(
            one,
            prevented=_value(chosen, "members.prevent_sync", one.id),
            cursor=cursors.get(one.id, ""),
            refusal=refusals.get(one.id),
            creates=CREATES.get(_value(chosen, "record_creation.rule", one.id), ""),
            not_created=not_created.get(one.id),
            settings=tuple(chosen_of(org, {one.id, one.client} - {""})),
        )
        for one in lists
    ]


def _refusals(org: Org, kind: str, ids: Collection[str], address: str) -> dict[str, Refusal]:
    """The newest refusal of the address on each list: of its member, or of the contact or lead made for it."""
    hashes = [hashing.keyed_hash(member_key(list_id, address)) for list_id in ids]
    rows = RowRefusal.objects.filter(org=org, key_hash__in=hashes, scope__kind=kind, scope__list__in=ids)
    return {
        row.scope.list: Refusal(
            row.code, row.reason, row.attempts, again=row.retryable and row.attempts < RETRY_AT_MOST
        )
        for row in rows.select_related("scope").order_by("updated_at")
    }


def chosen_of(org: Org, subjects: Collection[str] = ("",)) -> list[str]:
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
