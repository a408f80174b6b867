"""Custom notifications that were sent, newest first."""

from typing import Any, Final

from starlette.responses import Response

from fairlead_emulators.salesforce.explorer import markup as m
from fairlead_emulators.salesforce.explorer.house import Ask, House, Routes
from fairlead_emulators.salesforce.explorer.usage.calls import frame
from fairlead_emulators.salesforce.explorer.values import moment, to_record

_SHOWN: Final = 200


def notifications(house: House, ask: Ask) -> Response:
    """What people of the org would have been told."""
    sent: list[dict[str, Any]] = list(house.org.storage.meta("notifications") or [])
    rows = [
        (
            [m.tag("strong", each.get("title")), m.tag("p", each.get("body"))],
            _named(house, each.get("recipientId")),
            each.get("type"),
            _named(house, each.get("targetId")),
            moment(str(each.get("sent", ""))),
        )
        for each in reversed(sent[-_SHOWN:])
    ]
    heads = ("Notification", "To", "Type", "About", "Sent (UTC)")
    how = m.tag("code", "/services/data/v67.0/actions/standard/customNotificationAction", class_="wrap")
    nothing = m.empty("No notification was sent yet. A program sends one by POST to ", how, ".")
    table = m.table("Notifications", heads, rows) if rows else nothing
    return frame(house, ask, "Notifications", m.card("Sent", table, name="sent", count=len(sent)), here="notifications")


def _named(house: House, record_id: Any) -> m.Child:
    return to_record(house, str(record_id)) if record_id else None


ROUTES: Routes = [("GET", "/_explorer/usage/notifications", notifications)]
