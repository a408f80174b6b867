"""The webhooks of lists: kept, shown, switched on and off."""

import json
from dataclasses import dataclass
from typing import Any, Final

from fairlead_emulators.campaignmonitor.auth import derived
from fairlead_emulators.campaignmonitor.codes import Refusal
from fairlead_emulators.campaignmonitor.facts import fact
from fairlead_emulators.campaignmonitor.store import Store, SubscriberList
from fairlead_emulators.campaignmonitor.urls import valid
from fairlead_emulators.campaignmonitor.webhooks.events import EVENTS

# Numbers are never used again: a post under way when the account is emptied must not end another webhook's events.
TABLES: Final = """
CREATE TABLE IF NOT EXISTS webhooks (
    n INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT UNIQUE NOT NULL, list INTEGER NOT NULL, url TEXT NOT NULL,
    events TEXT NOT NULL, format TEXT NOT NULL, active INTEGER NOT NULL, failing_since REAL,
    tries INTEGER NOT NULL, next_try REAL NOT NULL);
CREATE TABLE IF NOT EXISTS webhook_events (
    n INTEGER PRIMARY KEY AUTOINCREMENT, webhook INTEGER NOT NULL, not_before REAL NOT NULL, event BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS webhook_events_by_webhook ON webhook_events (webhook, n);
CREATE TABLE IF NOT EXISTS webhook_deliveries (
    n INTEGER PRIMARY KEY AUTOINCREMENT, webhook TEXT NOT NULL, at REAL NOT NULL, url TEXT NOT NULL,
    events INTEGER NOT NULL, status INTEGER NOT NULL, outcome TEXT NOT NULL);
"""
_FORMATS: Final = {"json": "Json", "xml": "Xml"}
_COLUMNS: Final = "n, id, list, url, events, format, active, failing_since, tries, next_try"


@dataclass(frozen=True)
class Hook:
    """One webhook. Times in unix seconds."""

    n: int
    id: str
    list: int
    url: str
    events: tuple[str, ...]
    format: str
    active: bool
    failing_since: float | None
    tries: int
    next_try: float

    def shown(self) -> dict[str, Any]:
        """As the API shows it."""
        return {
            "WebhookID": self.id,
            "Events": list(self.events),
            "Url": self.url,
            "Status": "Active" if self.active else "Inactive",
            "PayloadFormat": self.format,
        }


def hooks(store: Store, where: str = "1", *values: object) -> list[Hook]:
    """Webhooks that an SQL condition selects, in the order they were made."""
    found = store.db.execute(f"SELECT {_COLUMNS} FROM webhooks WHERE {where} ORDER BY n", values)
    return [
        Hook(n, identity, on, url, tuple(json.loads(events)), form, bool(active), *rest)
        for n, identity, on, url, events, form, active, *rest in found
    ]


@fact("webhook-management")
def create(store: Store, on: SubscriberList, url: str, events: list[str], form: str) -> str:
    """Adds an active webhook and returns its id. Raises Refusal 601, 602, 603."""
    known = {each.lower(): each for each in EVENTS}
    if not valid(url):
        raise Refusal(601)
    if form.lower() not in _FORMATS:
        raise Refusal(602)
    chosen = {each.lower() for each in events}
    if not chosen or not chosen <= set(known):
        raise Refusal(603)
    with store.transaction():
        made = store.db.execute(
            "INSERT INTO webhooks (id, list, url, events, format, active, tries, next_try)"
            " VALUES (lower(hex(randomblob(16))), ?, ?, ?, ?, 1, 0, 0)",
            (on.n, url, json.dumps([known[each] for each in known if each in chosen]), _FORMATS[form.lower()]),
        ).lastrowid
        identity = derived("webhook", on.id, made)
        store.db.execute("UPDATE webhooks SET id = ? WHERE n = ?", (identity, made))
    return identity


def delete(store: Store, of: Hook) -> None:
    """Removes a webhook and what waits for it."""
    with store.transaction():
        store.db.execute("DELETE FROM webhooks WHERE n = ?", (of.n,))
        store.db.execute("DELETE FROM webhook_events WHERE webhook = ?", (of.n,))


@fact("webhook-inactive")
def switch(store: Store, of: Hook, *, active: bool) -> None:
    """Activates, or deactivates and forgets what waits."""
    with store.transaction():
        store.db.execute(
            "UPDATE webhooks SET active = ?, failing_since = NULL, tries = 0, next_try = 0 WHERE n = ?",
            (int(active), of.n),
        )
        if not active:
            store.db.execute("DELETE FROM webhook_events WHERE webhook = ?", (of.n,))
