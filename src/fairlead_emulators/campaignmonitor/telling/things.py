"""Lists with their counters, campaigns with theirs, journeys, and who is suppressed."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from fairlead_emulators.campaignmonitor.api import Service
from fairlead_emulators.campaignmonitor.campaigns.found import web_version
from fairlead_emulators.campaignmonitor.campaigns.kept import campaigns
from fairlead_emulators.campaignmonitor.dates import minute_of
from fairlead_emulators.campaignmonitor.journeys.kept import ON_SUBSCRIPTION, emails, journeys
from fairlead_emulators.campaignmonitor.lists.endpoints import statistics
from fairlead_emulators.campaignmonitor.store import STATES
from fairlead_emulators.campaignmonitor.tracking.counting import Counts

_BATCH: Final = 5_000
_encode = msgspec.json.Encoder().encode


def _line(row: dict[str, Any]) -> bytes:
    return _encode(row) + b"\n"


def _counts(service: Service, mail: int) -> dict[str, int]:
    found = asdict(service.own(Counts).of(mail))
    if service.switches.word("summary_clicks") == "people":
        found["clicks"] = found["clickers"]
    return found


def lists_told(service: Service) -> Iterator[bytes]:
    """`{id, client, time_zone, title, settings …, statistics: {as the API names them}, unconfirmed}`."""
    store = service.store
    for client in store.clients():
        for on in store.lists(client.id):
            (unconfirmed,) = store.db.execute(
                "SELECT count(*) FROM subscribers WHERE list = ? AND state = ?", (on.n, STATES.index("Unconfirmed"))
            ).fetchone()
            yield _line(
                {
                    "id": on.id,
                    "client": client.id,
                    "title": on.title,
                    "confirmed_opt_in": on.confirmed_opt_in,
                    "unsubscribe_setting": on.unsubscribe_setting,
                    "unsubscribe_page": on.unsubscribe_page,
                    "success_page": on.success_page,
                    "statistics": statistics(service, on, client),
                    "unconfirmed": unconfirmed,
                }
            )


def campaigns_told(service: Service) -> Iterator[bytes]:
    """Every campaign, hidden and unsent ones too: `{id, client, …, status, hidden, sent_minute, counts}`."""
    for of in campaigns(service.store):
        web = web_version(of)
        yield _line(
            {
                "id": of.id,
                "client": of.client,
                "name": of.name,
                "subject": of.subject,
                "from_name": of.from_name,
                "from_email": of.from_email,
                "reply_to": of.reply_to,
                "tags": list(of.tags),
                "status": of.status,
                "hidden": of.hidden,
                "sent_minute": None if of.sent is None else minute_of(of.sent),
                "recipients": of.recipients,
                "counts": _counts(service, of.mail),
                "web_version": web,
                "text_version": f"{web}/t",
                "worldview": web.replace("/t/r-", "/reports/wv/r/"),
            }
        )


def journeys_told(service: Service) -> Iterator[bytes]:
    """`{id, client, list, name, status, trigger, emails: [{id, name, counts}]}`."""
    lists = {each.n: each.id for each in service.store.lists()}
    for of in journeys(service.store):
        parts = emails(service.store, "journey = ?", of.n)
        yield _line(
            {
                "id": of.id,
                "client": of.client,
                "list": lists[of.list],
                "name": of.name,
                "status": of.status,
                "trigger": ON_SUBSCRIPTION,
                "emails": [{"id": each.id, "name": each.name, "counts": _counts(service, each.mail)} for each in parts],
            }
        )


def suppressions_told(service: Service) -> Iterator[bytes]:
    """`{client, email, at, reason}`, `at` in UTC to the second."""
    for client in service.store.clients():
        last = ""
        while True:
            found = service.store.db.execute(
                "SELECT key, address, at, reason FROM suppressions WHERE client = ? AND key > ? ORDER BY key LIMIT ?",
                (client.id, last, _BATCH),
            ).fetchall()
            if not found:
                break
            last = found[-1][0]
            yield b"".join(
                _line(
                    {
                        "client": client.id,
                        "email": address,
                        "at": datetime.fromtimestamp(int(at), UTC).isoformat(),
                        "reason": reason,
                    }
                )
                for _, address, at, reason in found
            )
