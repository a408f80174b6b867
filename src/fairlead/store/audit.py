"""Who changed what."""

from typing import Any

from fairlead.store.models import AuditEntry, Org


def record(org: Org, who: str, what: str, subject: str, *, before: Any = None, after: Any = None) -> AuditEntry:
    """Write one entry. `before` and `after` are settings as JSON, never records of people and never credentials."""
    return AuditEntry.objects.create(org=org, who=who, what=what, subject=subject, before=before, after=after)
