"""Journeys as they are kept: each with its e-mails, and how far each subscriber has come."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from fairlead_emulators.campaignmonitor.api import Service
from fairlead_emulators.campaignmonitor.auth import derived
from fairlead_emulators.campaignmonitor.facts import fact
from fairlead_emulators.campaignmonitor.rooms import days, listed
from fairlead_emulators.campaignmonitor.store import Store, SubscriberList
from fairlead_emulators.campaignmonitor.ties import next_number
from fairlead_emulators.campaignmonitor.tracking.kept import JOURNEY, Tracking

ACTIVE, PAUSED, NOT_STARTED = STATUSES = ("Active", "Paused", "Not started")
fact("journey-trigger")
ON_SUBSCRIPTION: Final = "On Subscription"
LONGEST_NAME: Final = 50
USUAL_LINKS: Final = ("https://www.example.com/start", "https://www.example.com/help")

TABLES: Final = """
CREATE TABLE IF NOT EXISTS journeys (
    n INTEGER PRIMARY KEY, id TEXT UNIQUE NOT NULL, client TEXT NOT NULL, list INTEGER NOT NULL, name TEXT NOT NULL,
    status TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS journeys_by_list ON journeys (list, status);
CREATE TABLE IF NOT EXISTS journey_emails (
    n INTEGER PRIMARY KEY, id TEXT UNIQUE NOT NULL, journey INTEGER NOT NULL, position INTEGER NOT NULL,
    name TEXT NOT NULL, delay REAL NOT NULL, mail INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS journey_runs (
    journey INTEGER NOT NULL, key TEXT NOT NULL, position INTEGER NOT NULL, due REAL, waiting REAL,
    PRIMARY KEY (journey, key)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS journey_runs_by_due ON journey_runs (due) WHERE due IS NOT NULL;
"""


@dataclass(frozen=True)
class Journey:
    """One journey of a list, begun by joining it. `list`: the list's n."""

    n: int
    id: str
    client: str
    list: int
    name: str
    status: str


@dataclass(frozen=True)
class JourneyEmail:
    """One e-mail of a journey. `delay`: seconds after the one before, or after joining; `mail`: its rows."""

    n: int
    id: str
    journey: int
    position: int
    name: str
    delay: float
    mail: int


def journeys(store: Store, where: str = "1", *values: object) -> list[Journey]:
    """Journeys that an SQL condition selects, in the order they were made."""
    return [Journey(*each) for each in store.db.execute(f"SELECT * FROM journeys WHERE {where} ORDER BY n", values)]


def emails(store: Store, where: str, *values: object) -> list[JourneyEmail]:
    """E-mails that an SQL condition selects, in their order."""
    found = store.db.execute(f"SELECT * FROM journey_emails WHERE {where} ORDER BY journey, position", values)
    return [JourneyEmail(*each) for each in found]


def add(
    service: Service, on: SubscriberList, name: str, status: str, parts: Sequence[tuple[str, float, Sequence[str]]]
) -> Journey:
    """Adds a journey; `parts`: (name, delay in seconds, links) of its e-mails."""
    store = service.store
    with store.transaction():
        number = next_number(store, "journeys")
        identity = derived("journey", on.id, number, name)
        made = Journey(number, identity, on.client, on.n, name, status)
        store.db.execute(
            "INSERT INTO journeys VALUES (?, ?, ?, ?, ?, ?)", (number, identity, on.client, on.n, name, status)
        )
        for position, (title, delay, links) in enumerate(parts):
            part = derived("journey e-mail", identity, position)
            salt = f"{store.meta('tracking_seed')}:{part}"
            mail = service.own(Tracking).add_mail(part, on.client, JOURNEY, title, links, salt)
            row = (next_number(store, "journey e-mails"), part, number, position, title, delay, mail.n)
            store.db.execute("INSERT INTO journey_emails VALUES (?, ?, ?, ?, ?, ?, ?)", row)
    return made


def remove(service: Service, gone: Journey) -> None:
    """Deletes a journey with all that became of its e-mails, within a transaction."""
    for each in emails(service.store, "journey = ?", gone.n):
        service.own(Tracking).drop_mail(each.id)
    for table, column in (("journey_runs", "journey"), ("journey_emails", "journey"), ("journeys", "n")):
        service.store.db.execute(f"DELETE FROM {table} WHERE {column} = ?", (gone.n,))


def made_of(service: Service, lists: Mapping[str, SubscriberList], said: Mapping[str, Any]) -> Journey:
    """Makes a journey `{name, list: title, status?, emails: [{name, delay_hours?, links?}]}`.

    Raises LookupError for an unknown list, ValueError for an unknown status or a name that is too long.
    """
    status, name = said.get("status", ACTIVE), str(said.get("name", ""))
    if status not in STATUSES:
        raise ValueError(f"the journey {name!r} has the status {status!r}: use one of {STATUSES}")
    if not 0 < len(name) <= LONGEST_NAME:
        raise ValueError(f"a journey is called {name!r}: use 1 to {LONGEST_NAME} characters")
    wanted = str(said.get("list", ""))
    if wanted not in lists:
        raise LookupError(f"the journey {name!r} is of the list {wanted!r}: use one of {[*lists]}")
    parts = [
        (str(each["name"]), days(each, "delay_hours", per_day=24) * 86_400, tuple(listed(each, "links", USUAL_LINKS)))
        for each in listed(said, "emails", kind=dict)
    ]
    return add(service, lists[wanted], name, status, parts)
