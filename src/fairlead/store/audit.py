"""Who changed what. The log can be switched off (F62); that, and switching it on, is always written down."""

from typing import Any, Final

from fairlead.domain.setting import Number
from fairlead.store.models import AuditEntry, Org, SettingRow

DAYS: Final = Number(
    name="maintenance.audit_days",
    title="Keep the audit log",
    help="How long it is remembered who changed what. 0 switches the log off: nothing more is written, and what was "
    "written is deleted after a year. Switching it off is itself written down.",
    default=365,
    unit="days",
    most=3_650,
)


def record(org: Org, who: str, what: str, subject: str, *, before: Any = None, after: Any = None) -> AuditEntry | None:
    """Write one entry; None where the log is switched off. `before` and `after` are settings as JSON, never records of
    people and never credentials.
    """
    if subject != DAYS.name and _switched_off(org):
        return None
    return AuditEntry.objects.create(org=org, who=who, what=what, subject=subject, before=before, after=after)


def _switched_off(org: Org) -> bool:
    # read here and not by `setting_rows`, which writes entries itself
    return SettingRow.objects.filter(org=org, name=DAYS.name, value=0).exists()
