"""Settings as rows: read them for a run or a page, change them with an audit entry.

A row whose value is null was put back to the default: it stays, so that its version never comes a second time.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from django.db import transaction

from fairlead.domain.failure import FixTheSettings
from fairlead.domain.setting import BadSetting, Given, Of, Setting
from fairlead.store import audit, orgs
from fairlead.store.models import Org, SettingRow

T = TypeVar("T")


class ChangedMeanwhile(FixTheSettings):
    """Somebody else changed the setting after it was shown."""

    code = "FL-361"
    next_step = "Look at what is there now, then change it again if it should be otherwise."

    def __init__(self, title: str, by: str) -> None:
        super().__init__(f"“{title}” was changed by {by or 'somebody else'} meanwhile.")


class NeedsSubject(FixTheSettings):
    """A setting of a client or list was asked for without saying of which."""

    code = "FL-362"

    def __init__(self, setting: Setting[Any]) -> None:
        super().__init__(f"“{setting.name}” is chosen for each {setting.of}.", next_step=f"Name the {setting.of}'s id.")


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of one setting: the value as JSON, how often it was changed, by whom last and when.

    `problem` is set where the value kept is not possible any more; the value is then the default.
    """

    value: Any
    chosen: bool = False
    version: int = 0
    changed_by: str = ""
    changed_at: datetime | None = None
    problem: BadSetting | None = None


def kept(org: Org, settings: Sequence[Setting[Any]], subject: str = "") -> Mapping[str, Kept]:
    """What is kept of these settings, by name, of the org and of one client or list, in one query."""
    wanted = {setting.name: "" if setting.of is Of.ORG else subject for setting in settings}
    rows = SettingRow.objects.filter(org=org, name__in=wanted)
    found = {row.name: row for row in rows if row.subject == wanted[row.name]}
    return {setting.name: _kept(setting, found.get(setting.name)) for setting in settings}


def _kept(setting: Setting[Any], row: SettingRow | None) -> Kept:
    default = setting.as_json(setting.default)
    if row is None:
        return Kept(default)
    value, problem = row.value, None
    if value is not None:
        try:
            value = setting.as_json(setting.read(value))
        except BadSetting as failure:
            value, problem = None, failure
    chosen = value is not None
    return Kept(value if chosen else default, chosen, row.version, row.changed_by, row.changed_at, problem)


def values(org: Org) -> Given:
    """Everything that was chosen for an org, its clients and lists, in one query."""
    rows = SettingRow.objects.filter(org=org).values_list("name", "subject", "value")
    return Given({(name, subject): value for name, subject, value in rows if value is not None})


def value(org: Org, setting: Setting[T], subject: str = "") -> T:
    """One setting's value. Raises BadSetting where what is kept is not possible (any more)."""
    row = _row(org, setting, subject).first()
    return setting.default if row is None or row.value is None else setting.read(row.value)


def version(org: Org, setting: Setting[Any], subject: str = "") -> int:
    """How often it was changed: give it to `put`, so that another's change is not overwritten unseen."""
    row = _row(org, setting, subject).first()
    return 0 if row is None else row.version


def subjects(org: Org, setting: Setting[Any]) -> Collection[str]:
    """Ids of the clients or lists for which it was chosen."""
    rows = SettingRow.objects.filter(org=org, name=setting.name).values_list("subject", "value")
    return {subject for subject, value in rows if value is not None}


def put(org: Org, setting: Setting[T], value: object, by: str, *, subject: str = "", seen: int | None = None) -> T:
    """Choose a value; a text is read as people write it. Returns it as typed.

    `seen` is the version that was shown. Raises BadSetting, ChangedMeanwhile, NeedsSubject.
    """
    chosen = setting.read(value)
    subject = _subject(setting, subject)
    with transaction.atomic():
        row = _locked(org, setting, subject, seen)
        before = _before(setting, row)
        row.value, row.changed_by, row.version = setting.as_json(chosen), by, row.version + 1
        row.save()
        if before != row.value:
            audit.record(org, by, "change setting", _named(setting, subject), before=before, after=row.value)
    return chosen


def reset(org: Org, setting: Setting[Any], by: str, *, subject: str = "", seen: int | None = None) -> None:
    """Back to the default. `seen` is the version that was shown. Raises ChangedMeanwhile, NeedsSubject."""
    subject = _subject(setting, subject)
    with transaction.atomic():
        row = _locked(org, setting, subject, seen)
        if row.pk is None or row.value is None:
            return
        before, default = row.value, setting.as_json(setting.default)
        row.value, row.changed_by, row.version = None, by, row.version + 1
        row.save()
        if before != default:
            audit.record(org, by, "change setting", _named(setting, subject), before=before, after=default)


def _before(setting: Setting[Any], row: SettingRow) -> Any:
    return setting.as_json(setting.default) if row.pk is None or row.value is None else row.value


def _locked(org: Org, setting: Setting[Any], subject: str, seen: int | None) -> SettingRow:
    orgs.lock(org.pk)
    row = _row(org, setting, subject).first() or SettingRow(org=org, name=setting.name, subject=subject, version=0)
    if seen is not None and seen != row.version:
        raise ChangedMeanwhile(setting.title, row.changed_by)
    return row


def _row(org: Org, setting: Setting[Any], subject: str) -> Any:
    return SettingRow.objects.filter(org=org, name=setting.name, subject=_subject(setting, subject))


def _subject(setting: Setting[Any], subject: str) -> str:
    if setting.of is Of.ORG:
        return ""
    if not subject:
        raise NeedsSubject(setting)
    return subject


def _named(setting: Setting[Any], subject: str) -> str:
    return f"{setting.name} of {subject}" if subject else setting.name
