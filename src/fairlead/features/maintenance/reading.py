"""Messages and audit entries as pages, commands and programs look for them."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from django.db.models import Q, QuerySet

from fairlead.features.maintenance.models import Message, Severity, State
from fairlead.store.models import AuditEntry, Org

SORTS: Final = {
    "newest": ("-last_seen", "-id"),
    "oldest": ("first_seen", "id"),
    "often": ("-times", "-last_seen", "-id"),
    "code": ("code", "-last_seen", "-id"),
}
SHOWN: Final = (
    "number", "code", "severity", "state", "kind", "stage", "what", "next_step", "job_id", "client_id", "list_id", "rows",
    "first_seen", "last_seen", "times", "resolved_at", "resolved_by", "resolution",
)  # fmt: skip
HIDDEN: Final = re.compile(r"^[=+\-@\t\r]")
"""How a cell begins that a spreadsheet would take for a formula."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which messages somebody looks for; blank: all."""

    state: str = State.OPEN.value
    code: str = ""
    kind: str = ""
    severity: str = ""
    find: str = ""
    sort: str = "newest"

    def query(self, **other: str) -> dict[str, str]:
        """As part of an address."""
        return {name: value for name, value in {**asdict(self), **other}.items() if value or name == "state"}


def wanted(sent: Mapping[str, str]) -> Wanted:
    """What was asked for; what means nothing is left out."""
    state = sent.get("state", State.OPEN.value)
    severity, sort = sent.get("severity", ""), sent.get("sort", "")
    return Wanted(
        state=state if state in State.values else "",
        code=sent.get("code", "").strip().upper()[:20],
        kind=sent.get("kind", "").strip()[:60],
        severity=severity if severity in Severity.values else "",
        find=sent.get("find", "").strip()[:100],
        sort=sort if sort in SORTS else "newest",
    )


def messages(org: Org, asked: Wanted) -> QuerySet[Message]:
    """The messages that are looked for."""
    found = Message.objects.filter(org=org).order_by(*SORTS[asked.sort])
    for name in ("state", "code", "kind", "severity"):
        if getattr(asked, name):
            found = found.filter(**{name: getattr(asked, name)})
    if asked.find:
        ids = Q(list_id__iexact=asked.find) | Q(client_id__iexact=asked.find)
        if asked.find.isdecimal() and len(asked.find) < 18:
            ids |= Q(job_id=int(asked.find))
        found = found.filter(ids | Q(what__icontains=asked.find) | Q(next_step__icontains=asked.find))
    return found


def as_dict(message: Message) -> dict[str, Any]:
    """A message as JSON, and as a line of a file."""
    return {name: getattr(message, name) for name in SHOWN}


def audit(org: Org, sent: Mapping[str, str]) -> QuerySet[AuditEntry]:
    """Entries of the audit log: by whom, what was done, a word of the subject, from and to a day (UTC, both included)."""
    found = AuditEntry.objects.filter(org=org)
    for name, column in (("who", "who"), ("what", "what")):
        if sent.get(name):
            found = found.filter(**{column: sent[name]})
    if sent.get("find"):
        found = found.filter(subject__icontains=sent["find"][:100])
    first, last = day(sent.get("from", "")), day(sent.get("to", ""))
    if first:
        found = found.filter(at__gte=datetime.combine(first, time(), UTC))
    if last:
        found = found.filter(at__lt=datetime.combine(last + timedelta(days=1), time(), UTC))
    return found


def entry(each: AuditEntry) -> dict[str, Any]:
    """An audit entry as JSON, and as a line of a file."""
    names = ("at", "who", "what", "subject", "before", "after")
    return {name: getattr(each, name) for name in names}


def day(text: str) -> date | None:
    """A day as a form or a command gives it; None for a blank or for what is none."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def harmless(cell: Any) -> str:
    """A cell that no spreadsheet takes for a formula."""
    text = "" if cell is None else str(cell)
    return f"'{text}" if HIDDEN.match(text) and not isinstance(cell, int) else text
