"""Settings as rows: read them for a run or a page, change them with an audit entry."""

from collections.abc import Collection
from typing import Any, TypeVar

from django.db import transaction

from fairlead.domain.failure import FixTheSettings
from fairlead.domain.setting import Given, Of, Setting
from fairlead.store import audit
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


def values(org: Org) -> Given:
    """Everything that was chosen for an org, its clients and lists, in one query."""
    rows = SettingRow.objects.filter(org=org).values_list("name", "subject", "value")
    return Given({(name, subject): value for name, subject, value in rows})


def value(org: Org, setting: Setting[T], subject: str = "") -> T:
    """One setting's value. Raises BadSetting where what is kept is not possible (any more)."""
    row = _row(org, setting, subject).first()
    return setting.default if row is None else setting.read(row.value)


def version(org: Org, setting: Setting[Any], subject: str = "") -> int:
    """How often it was changed: give it to `put`, so that another's change is not overwritten unseen."""
    row = _row(org, setting, subject).first()
    return 0 if row is None else row.version


def subjects(org: Org, setting: Setting[Any]) -> Collection[str]:
    """Ids of the clients or lists for which it was chosen."""
    return set(SettingRow.objects.filter(org=org, name=setting.name).values_list("subject", flat=True))


def put(org: Org, setting: Setting[T], value: object, by: str, *, subject: str = "", seen: int | None = None) -> T:
    """Choose a value; a text is read as people write it. Returns it as typed.

    `seen` is the version that was shown. Raises BadSetting, ChangedMeanwhile, NeedsSubject.
    """
    chosen = setting.read(value)
    subject = _subject(setting, subject)
    with transaction.atomic():
        row = _locked(org, setting, subject, seen)
        before = setting.default if row.pk is None else row.value
        row.value, row.changed_by, row.version = setting.as_json(chosen), by, row.version + 1
        row.save()
        if before != row.value:
            audit.record(org, by, "change setting", _named(setting, subject), before=before, after=row.value)
    return chosen


def reset(org: Org, setting: Setting[Any], by: str, *, subject: str = "") -> None:
    """Back to the default."""
    subject = _subject(setting, subject)
    with transaction.atomic():
        row = _row(org, setting, subject).select_for_update().first()
        if row is not None:
            default = setting.as_json(setting.default)
            audit.record(org, by, "change setting", _named(setting, subject), before=row.value, after=default)
            row.delete()


def _locked(org: Org, setting: Setting[Any], subject: str, seen: int | None) -> SettingRow:
    Org.objects.select_for_update().get(pk=org.pk)
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
