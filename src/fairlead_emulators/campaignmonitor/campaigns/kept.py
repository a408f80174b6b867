"""Campaigns as they are kept: drafts, scheduled and sent ones."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from fairlead_emulators.campaignmonitor.auth import derived
from fairlead_emulators.campaignmonitor.store import Client, Store
from fairlead_emulators.campaignmonitor.ties import next_number

DRAFT, SCHEDULED, SENT = "draft", "scheduled", "sent"

TABLES: Final = """
CREATE TABLE IF NOT EXISTS campaigns (
    n INTEGER PRIMARY KEY, id TEXT UNIQUE NOT NULL, client TEXT NOT NULL, name TEXT NOT NULL, subject TEXT NOT NULL,
    from_name TEXT NOT NULL, from_email TEXT NOT NULL, reply_to TEXT NOT NULL, page TEXT NOT NULL, text_page TEXT NOT NULL,
    template TEXT NOT NULL, lists TEXT NOT NULL, segments TEXT NOT NULL, tags TEXT NOT NULL, links TEXT NOT NULL,
    hidden INTEGER NOT NULL, status TEXT NOT NULL, created REAL NOT NULL, due REAL, sent REAL, recipients INTEGER NOT NULL,
    mail INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS campaigns_by_due ON campaigns (due) WHERE due IS NOT NULL;
CREATE INDEX IF NOT EXISTS campaigns_by_client ON campaigns (client, status, sent);
"""


@dataclass(frozen=True)
class Campaign:
    """One campaign. `lists`, `segments`: ids; `created`, `due`, `sent`: unix seconds; `mail`: of its rows, 0 before."""

    n: int
    id: str
    client: str
    name: str
    subject: str
    from_name: str
    from_email: str
    reply_to: str
    page: str
    text_page: str = ""
    template: str = ""
    lists: tuple[str, ...] = ()
    segments: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    hidden: bool = False
    status: str = DRAFT
    created: float = 0.0
    due: float | None = None
    sent: float | None = None
    recipients: int = 0
    mail: int = 0


def _campaign(row: Sequence[Any]) -> Campaign:
    values = [*row[:11], *[tuple(json.loads(each)) for each in row[11:15]], bool(row[15]), *row[16:]]
    return Campaign(*values)


def campaigns(store: Store, where: str = "1", *values: object) -> list[Campaign]:
    """Campaigns that an SQL condition selects, in the order they were made."""
    return [_campaign(each) for each in store.db.execute(f"SELECT * FROM campaigns WHERE {where} ORDER BY n", values)]


def campaign(store: Store, identity: str) -> Campaign | None:
    """One campaign by its id, hidden ones, too."""
    return next(iter(campaigns(store, "id = ?", identity.lower())), None)


def add(store: Store, client: Client, made: Campaign) -> Campaign:
    """Adds a campaign; gives it with its number and id."""
    with store.transaction():
        number = next_number(store, "campaigns")
        identity = derived("campaign", client.id, number, made.name)
        added = replace(made, n=number, id=identity, client=client.id)
        store.db.execute(f"INSERT INTO campaigns VALUES ({', '.join('?' * 22)})", _row(added))
    return added


def keep(store: Store, changed: Campaign) -> None:
    """Writes a campaign."""
    with store.transaction():
        store.db.execute(f"REPLACE INTO campaigns VALUES ({', '.join('?' * 22)})", _row(changed))


def _row(of: Campaign) -> tuple[Any, ...]:
    many = [json.dumps(each) for each in (of.lists, of.segments, of.tags, of.links)]
    first = (of.n, of.id, of.client, of.name, of.subject, of.from_name, of.from_email, of.reply_to)
    last = (of.status, of.created, of.due, of.sent, of.recipients, of.mail)
    return (*first, of.page, of.text_page, of.template, *many, int(of.hidden), *last)


def remove(store: Store, gone: Campaign) -> None:
    """Deletes a campaign; its mail is another matter."""
    store.db.execute("DELETE FROM campaigns WHERE n = ?", (gone.n,))
