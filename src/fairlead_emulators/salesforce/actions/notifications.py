"""Custom notifications: which types there are, what is refused, and what was sent to whom."""

from collections.abc import Mapping
from typing import Any, Final

from defusedxml.ElementTree import fromstring

from fairlead_emulators.salesforce.errors import RowError
from fairlead_emulators.salesforce.facts import fact
from fairlead_emulators.salesforce.metadata.package import deployed
from fairlead_emulators.salesforce.model.ids import to18
from fairlead_emulators.salesforce.state.org import Org
from fairlead_emulators.salesforce.tables.mirror import mirror

fact("notification_types")
fact("notification_inputs")
fact("notification_permission")

NAME: Final = "customNotificationAction"
MAX_RECIPIENTS: Final = 500
MAX_TITLE: Final = 250
MAX_BODY: Final = 750
KEPT: Final = 1_000
_RECIPIENTS: Final = ("005", "00G", "001", "006")
INPUTS: Final = (
    ("customNotifTypeId", "STRING", True),
    ("recipientIds", "STRING", True),
    ("title", "STRING", True),
    ("body", "STRING", True),
    ("targetId", "STRING", False),
    ("targetPageRef", "STRING", False),
    ("senderId", "STRING", False),
)


def follow(org: Org) -> None:
    """Makes the rows of `CustomNotificationType` those of the deployed types."""
    with org.storage.lock:
        components = [c for c in deployed(org.storage.connection) if c.type == "CustomNotificationType"]
    wanted = {}
    for component in components:
        told = {each.tag.rpartition("}")[2]: (each.text or "").strip() for each in fromstring(component.xml)}
        name = told.get("customNotifTypeName") or component.full_name
        wanted[name] = {
            "MasterLabel": told.get("masterLabel") or name,
            "Description": told.get("description"),
            "Desktop": told.get("desktop") == "true",
            "Mobile": told.get("mobile") == "true",
        }
    mirror(org, "CustomNotificationType", wanted)


def send(org: Org, asked: Mapping[str, Any]) -> RowError | None:
    """Sends one notification to its recipients, or says why not."""
    refusal = _refusal(org, asked)
    if refusal is not None:
        return refusal
    now, kind = org.now(), _type_name(org, asked["customNotifTypeId"])
    notes = [
        {
            "type": kind,
            "recipientId": to18(recipient),
            "senderId": asked.get("senderId") or org.acting_user(),
            "title": asked["title"],
            "body": asked["body"],
            "targetId": asked.get("targetId"),
            "targetPageRef": asked.get("targetPageRef"),
            "sent": now,
        }
        for recipient in asked["recipientIds"]
    ]
    with org.storage.transaction():
        org.storage.set_meta("notifications", [*sent(org), *notes][-KEPT:])
    return None


def sent(org: Org) -> list[dict[str, Any]]:
    """What was sent, oldest first; the last thousand."""
    return list(org.storage.meta("notifications") or [])


def clear(org: Org) -> None:
    """Forgets what was sent."""
    org.storage.set_meta("notifications", [])


def _type_name(org: Org, text: Any) -> str | None:
    record_id = to18(text) if isinstance(text, str) else None
    with org.storage.lock:
        row = org.storage.connection.execute(
            "SELECT DeveloperName FROM CustomNotificationType WHERE Id = ? AND IsDeleted = 0", (record_id,)
        ).fetchone()
    return row[0] if row else None


def _refusal(org: Org, asked: Mapping[str, Any]) -> RowError | None:
    if not org.settings.get("send_custom_notifications", True):
        return RowError(
            "INSUFFICIENT_ACCESS", "You need the Send Custom Notifications permission to send notifications."
        )
    for name, kind, required in INPUTS:
        wanted = list if name == "recipientIds" else str
        value = asked.get(name)
        if value in (None, "", []):
            if required:
                return RowError("REQUIRED_FIELD_MISSING", f"Missing required input parameter: {name}", (name,))
        elif not isinstance(value, wanted):
            return RowError("INVALID_INPUT", f"Invalid type of input parameter {name}; expected {kind}", (name,))
    for name, most in (("title", MAX_TITLE), ("body", MAX_BODY)):
        if not asked[name].strip():
            return RowError("REQUIRED_FIELD_MISSING", f"Missing required input parameter: {name}", (name,))
        if len(asked[name]) > most:
            return RowError("STRING_TOO_LONG", f"The notification {name} exceeds {most} characters", (name,))
    if not asked.get("targetId") and not asked.get("targetPageRef"):
        return RowError(
            "REQUIRED_FIELD_MISSING", "Provide a targetId or a targetPageRef", ("targetId", "targetPageRef")
        )
    if _type_name(org, asked["customNotifTypeId"]) is None:
        return RowError(
            "INVALID_CROSS_REFERENCE_KEY", "The custom notification type does not exist", ("customNotifTypeId",)
        )
    return _bad_recipient(org, asked["recipientIds"])


def _bad_recipient(org: Org, recipients: list[Any]) -> RowError | None:
    if len(recipients) > MAX_RECIPIENTS:
        message = f"The recipientIds exceed the limit of {MAX_RECIPIENTS}: {len(recipients)}"
        return RowError("LIMIT_EXCEEDED", message, ("recipientIds",))
    for each in recipients:
        known = to18(each) if isinstance(each, str) else None
        if known is None or known[:3] not in _RECIPIENTS or (known[:3] == "005" and not _is_user(org, known)):
            return RowError("INVALID_CROSS_REFERENCE_KEY", f"The recipient is not valid: {each}", ("recipientIds",))
    return None


def _is_user(org: Org, record_id: str) -> bool:
    with org.storage.lock:
        row = org.storage.connection.execute("SELECT IsActive FROM User WHERE Id = ?", (record_id,)).fetchone()
    return bool(row and row[0])
