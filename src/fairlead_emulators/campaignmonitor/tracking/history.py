"""What one subscriber did with the mails it got."""

import json
from typing import Any, Final
from zoneinfo import ZoneInfo

from fairlead_emulators.campaignmonitor.api import Service
from fairlead_emulators.campaignmonitor.dates import wire
from fairlead_emulators.campaignmonitor.facts import fact
from fairlead_emulators.campaignmonitor.store import SubscriberList
from fairlead_emulators.campaignmonitor.tracking.kept import (
    BOUNCE,
    CLICK,
    OPEN,
    RECIPIENT,
    SPAM,
    UNSUBSCRIBE,
)
from fairlead_emulators.campaignmonitor.tracking.places import text_of

MOST_ACTIONS: Final = 60
_EVENTS: Final = {OPEN: "Open", CLICK: "Click", BOUNCE: "Bounce", UNSUBSCRIBE: "Unsubscribe", SPAM: "Spam"}


@fact("history")
@fact("history-events")
def history(service: Service, on: SubscriberList, address: str, where: ZoneInfo) -> list[dict[str, Any]]:
    """`[{ID, Type, Name, Actions: [{Event, Date, IPAddress, Detail}]}]`: mails and actions, the newest first."""
    found = service.store.db.execute(
        "SELECT m.id, m.type, m.name, t.kind, t.minute, t.ip, x.text FROM tracked_people p"
        " JOIN tracked t INDEXED BY tracked_by_person ON t.person = p.n JOIN mails m ON m.n = t.mail"
        " LEFT JOIN tracked_texts x ON x.n = t.what"
        " WHERE p.list = ? AND p.key = ? AND NOT m.hidden ORDER BY t.minute DESC, t.n DESC",
        (on.n, address.lower()),
    ).fetchall()
    # A mail that was sent again later stands where it was sent last.
    shown: dict[str, dict[str, Any]] = {
        identity: {"ID": identity, "Type": kind, "Name": name, "Actions": []}
        for identity, kind, name, event, *_ in found
        if event == RECIPIENT
    }
    for identity, _, _, event, minute, ip, text in found:
        actions = shown[identity]["Actions"] if identity in shown else []
        if event != RECIPIENT and len(actions) < MOST_ACTIONS:
            detail = json.loads(f"{{{text}}}") if text else {}
            actions.append(
                {
                    "Event": _EVENTS[event],
                    "Date": wire(minute, where),
                    "IPAddress": text_of(ip),
                    "Detail": detail.get("URL") or detail.get("Reason") or "",
                }
            )
    return list(shown.values())
