"""What the pages show: words to be translated, smart e-mails with their clients, the queue."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Count
from django.utils.translation import gettext_lazy as _

from fairlead.domain.criteria import Operator
from fairlead.features.transactional_email.models import Send, SmartEmail, SmartMapping
from fairlead.features.transactional_email.rules.words import Kind, Source, State
from fairlead.store.models import Org
from fairlead.sync import known

SHOWN: Final = 50
KINDS: Final[Mapping[str, object]] = {Kind.TO: _("To"), Kind.CC: _("CC"), Kind.BCC: _("BCC")}
SOURCES: Final[Mapping[str, object]] = {
    Source.FIELD: _("Field of the record or a parent"),
    Source.CHILDREN: _("Field of children (Children/Field)"),
    Source.ADDRESS: _("Fixed address"),
}
TRACKS: Final[Mapping[str, object]] = {
    "Unchanged": _("Leave it as it is"),
    "Yes": _("They agree to be tracked"),
    "No": _("They do not agree to be tracked"),
}
STATES: Final[Mapping[str, object]] = {
    State.WAITING: _("Waiting"),
    State.SENDING: _("Being looked up"),
    State.SENT: _("Sent, being recorded"),
    State.DONE: _("Sent"),
    State.REFUSED: _("Not sent"),
}
BADGES: Final[Mapping[str, str]] = {
    State.WAITING: "waiting",
    State.SENDING: "running",
    State.SENT: "running",
    State.DONE: "done",
    State.REFUSED: "failed",
}
OPERATORS: Final[Mapping[str, object]] = {
    Operator.EQUALS: _("equals"),
    Operator.NOT_EQUALS: _("not equals"),
    Operator.CONTAINS: _("contains"),
    Operator.STARTS_WITH: _("starts with"),
    Operator.ENDS_WITH: _("ends with"),
    Operator.GREATER: _("greater"),
    Operator.GREATER_OR_EQUAL: _("greater or equal"),
    Operator.LESS: _("less"),
    Operator.LESS_OR_EQUAL: _("less or equal"),
    Operator.IS_NULL: _("is null"),
}


@dataclass(frozen=True, slots=True)
class QueueRow:
    """An item of the queue as a page shows it: without whom it goes to."""

    send: Send
    mapping: str
    word: object
    badge: str
    statuses: str


def variables(data: Mapping[str, Any]) -> list[tuple[str, str, list[str] | None]]:
    """Variables as a page shows them: the name, the text, and the rows of a list as texts."""
    found: list[tuple[str, str, list[str] | None]] = []
    for name, value in data.items():
        if isinstance(value, list):
            found.append((name, "", [_row(one) for one in value]))
        else:
            found.append((name, str(value), None))
    return found


def _row(one: Any) -> str:
    return ", ".join(f"{key}: {text}" for key, text in one.items()) if isinstance(one, dict) else str(one)


def client_names(org: Org) -> dict[str, str]:
    """Names of the account's clients by id."""
    return {one.scope.id: one.scope.name for one in known.clients(org.pk)}


def smart_emails(org: Org) -> list[tuple[SmartEmail, str, int]]:
    """Each smart e-mail with its client's name, and how many mappings it has."""
    counted = SmartMapping.objects.filter(org=org).values("smart_id").annotate(count=Count("id")).order_by()
    counts = {row["smart_id"]: row["count"] for row in counted}
    names = client_names(org)
    return [
        (one, names.get(one.client, one.client), counts.get(one.smart_id, 0))
        for one in SmartEmail.objects.filter(org=org)
    ]


def mappings(org: Org) -> list[tuple[SmartMapping, SmartEmail | None]]:
    """Each mapping with its smart e-mail."""
    smart = {one.smart_id: one for one in SmartEmail.objects.filter(org=org)}
    return [(one, smart.get(one.smart_id)) for one in SmartMapping.objects.filter(org=org)]


def queue(org: Org) -> list[QueueRow]:
    """The newest items of the queue."""
    names = dict(SmartMapping.objects.filter(org=org).values_list("uid", "name"))
    rows = Send.objects.filter(org=org).prefetch_related("messages")[:SHOWN]
    return [
        QueueRow(
            row,
            names.get(row.mapping, row.mapping),
            STATES[row.state],
            BADGES[row.state],
            ", ".join(sorted({message.status for message in row.messages.all()})),
        )
        for row in rows
    ]


def as_json(row: Send) -> dict[str, Any]:
    """An item of the queue as commands print it."""
    return {
        "id": row.pk,
        "mapping": row.mapping,
        "record": row.record_id,
        "state": row.state,
        "attempts": row.attempts,
        "code": row.support_code,
        "reason": row.reason,
        "asked_by": row.asked_by,
        "asked_at": row.asked_at.isoformat(),
        "done_at": row.done_at.isoformat() if row.done_at else None,
        "messages": [{"id": one.message_id, "status": one.status} for one in row.messages.all()],
    }
