"""The messages of transactional e-mails: pages by cursors, details, statistics, groups, sending again."""

from datetime import datetime, timedelta, tzinfo
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from fairlead_emulators.campaignmonitor.api import Answer, Call, Endpoint
from fairlead_emulators.campaignmonitor.codes import Refusal
from fairlead_emulators.campaignmonitor.dates import minute_of, wire
from fairlead_emulators.campaignmonitor.facts import fact
from fairlead_emulators.campaignmonitor.store import Client
from fairlead_emulators.campaignmonitor.transactional.limit import metered
from fairlead_emulators.campaignmonitor.transactional.outbox import Message, can_be_resent, put, read, shown
from fairlead_emulators.campaignmonitor.transactional.smart import checked_guid, client_of, one, wire_time

MOST: Final = 200
_DEFAULT_DAYS: Final = 30
_STATUSES: Final = ("all", "delivered", "bounced", "spam")
_PLACE: Final = {
    "Latitude": 51.5072,
    "Longitude": -0.1276,
    "City": "London",
    "Region": "England",
    "CountryCode": "GB",
    "CountryName": "United Kingdom",
}
_READER: Final = {"Name": "Apple Mail", "OS": "OS X", "Device": "Desktop"}
_IP: Final = "203.0.113.7"  # kept for documentation


class _Which(NamedTuple):
    """A condition in SQL with its values."""

    where: str
    values: list[Any]


def _now(call: Call) -> float:
    return call.service.clock.now().timestamp()


def _kept_days(call: Call) -> float:
    return call.service.switches.number("transactional_kept_days")


def _narrowed(call: Call, client: Client) -> _Which:
    """The client's messages; of a group or smart e-mail when the query names one. Raises Refusal 924–926."""
    group, smart = call.query.get("group"), call.query.get("smartemailid")
    if group and smart:
        raise Refusal(924)
    if smart:
        return _Which("client = ? AND smart = ?", [client.id, one(call, smart).id])
    if group:
        return _Which("client = ? AND smart = '' AND lower(grouped) = ?", [client.id, group.lower()])
    return _Which("client = ?", [client.id])


@fact("tx-cursors")
def _listed(call: Call) -> Any:
    client, now = client_of(call), _now(call)
    which = _with_status(call, _narrowed(call, client), now)
    count, order = _count(call), "n DESC"
    before, after = _cursor(call, "sentbeforeid", 904), _cursor(call, "sentafterid", 905)
    if before is not None:
        which = _Which(f"{which.where} AND n < ?", [*which.values, before.n])
    if after is not None:
        which, order = _Which(f"{which.where} AND n > ?", [*which.values, after.n]), "n ASC"
    found = read(call.service.store, which.where, which.values, order, count)
    return [shown(each, client, now, _kept_days(call)) for each in sorted(found, key=lambda each: -each.n)]


def _count(call: Call) -> int:
    text = call.query.get("count", "50")
    if not text.isdecimal() or not 1 <= int(text) <= MOST:
        raise Refusal(850)
    return int(text)


def _with_status(call: Call, which: _Which, now: float) -> _Which:
    status = call.query.get("status", "all").lower()
    if status not in _STATUSES:
        raise Refusal(932)
    if status == "all":
        return which
    return _Which(f"{which.where} AND outcome = ? AND settled <= ?", [*which.values, status.capitalize(), now])


def _cursor(call: Call, name: str, code: int) -> Message | None:
    return _one(call, checked_guid(call.query[name], code)) if name in call.query else None


def _one(call: Call, identity: str) -> Message:
    found = read(call.service.store, "id = ?", [identity.lower()])
    if not found or call.caller.client not in (None, found[0].letter.client):
        raise Refusal(302)
    return found[0]


def _asked(call: Call, name: str) -> bool:
    text = call.query.get(name, "false").lower()
    if text not in ("true", "false"):
        raise Refusal(935)
    return text == "true"


def _details(call: Call, identity: str) -> Any:
    message, now = _one(call, identity), _now(call)
    client = call.client(message.letter.client)
    with_statistics, without_body = _asked(call, "statistics"), _asked(call, "excludemessagebody")
    row = shown(message, client, now, _kept_days(call))
    content = {"From": row.pop("From"), "Subject": row.pop("Subject"), **message.letter.content}
    if without_body:
        content.pop("Body")
    row["Message"] = content
    if with_statistics:
        row["Opens"] = [_open(message, each, client) for each in message.opens if each <= now]
        row["Clicks"] = [_click(message, each, client) for each in message.clicks if each <= now]
    return row


def _event(message: Message, at: float, client: Client) -> dict[str, Any]:
    return {"EmailAddress": message.address, "Date": wire(minute_of(at), client.zone), "IPAddress": _IP}


def _open(message: Message, at: float, client: Client) -> dict[str, Any]:
    return {**_event(message, at, client), "Geolocation": _PLACE, "MailClient": _READER}


def _click(message: Message, at: float, client: Client) -> dict[str, Any]:
    return {**_event(message, at, client), "URL": "https://www.example.com/", "Geolocation": _PLACE}


def _resend(call: Call, identity: str) -> Answer:
    message, now = _one(call, identity), _now(call)
    if not can_be_resent(message, now, _kept_days(call)):
        raise Refusal(410)
    tracked = {"opens": message.track_opens, "clicks": message.track_clicks}
    again = put(call.service.store, message.letter, message.recipient, now, **tracked)
    return accepted(call, [(again, message.recipient)])


@fact("tx-send-status")
def accepted(call: Call, sent: list[tuple[str, str]]) -> Answer:
    """202 with the messages, as pairs of id and recipient."""
    status = call.service.switches.word("transactional_sent_status")
    rows = [{"MessageID": each, "Recipient": recipient, "Status": status} for each, recipient in sent]
    return Answer(202, msgspec.json.encode(rows))


def _groups(call: Call) -> Any:
    client = client_of(call)
    found = call.service.store.db.execute(
        "SELECT grouped, min(sent) FROM tx_messages WHERE client = ? AND grouped <> '' GROUP BY grouped ORDER BY 2, 1",
        (client.id,),
    )
    return [{"Group": name, "CreatedAt": wire_time(sent, client)} for name, sent in found]


def _day(text: str, code: int) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m-%d")  # noqa: DTZ007 — its zone is said beside it
    except ValueError:
        raise Refusal(code) from None


@fact("tx-statistics")
def _span(call: Call, zone: tzinfo) -> tuple[datetime, datetime]:
    today = call.service.clock.now().astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    last = _day(call.query["to"], 922) if "to" in call.query else today
    first = _day(call.query["from"], 920) if "from" in call.query else last - timedelta(days=_DEFAULT_DAYS)
    if first > last:
        raise Refusal(921)
    return first, last


def _statistics(call: Call) -> Any:
    client, now = client_of(call), _now(call)
    named = call.query.get("timezone", "client").lower()
    if named not in ("client", "utc"):
        raise Refusal(923)
    zone = client.zone if named == "client" else ZoneInfo("UTC")
    first, last = _span(call, zone)
    which = _narrowed(call, client)
    bounds = [each.replace(tzinfo=zone).timestamp() for each in (first, last + timedelta(days=1))]
    row = call.service.store.db.execute(
        "SELECT count(*), total(outcome = 'Bounced' AND settled <= ?1), total(outcome <> 'Bounced' AND settled <= ?1),"
        " total(first_open <= ?1), total(first_click <= ?1) FROM tx_messages"
        f" WHERE sent >= ?2 AND sent < ?3 AND {which.where}",
        [now, *bounds, *which.values],
    ).fetchone()
    figures = dict(zip(("Sent", "Bounces", "Delivered", "Opened", "Clicked"), map(int, row), strict=True))
    narrowed = {wire_name: call.query[name] for name, wire_name in _NARROWED if name in call.query}
    days = {"From": f"{first:%Y-%m-%d}", "To": f"{last:%Y-%m-%d}"}
    return {"Query": narrowed | days | {"TimeZone": client.time_zone if named == "client" else "UTC"}, **figures}


_NARROWED: Final = (("group", "Group"), ("smartemailid", "SmartEmailID"))
_VIEW: Final = "ViewTransactional"
ENDPOINTS: Final = [
    Endpoint("GET", "transactional/messages", _listed, _VIEW, metered),
    Endpoint("GET", "transactional/messages/{message}", _details, _VIEW, metered),
    Endpoint("POST", "transactional/messages/{message}/resend", _resend, "SendTransactional", metered),
    Endpoint("GET", "transactional/classicemail/groups", _groups, _VIEW, metered),
    Endpoint("GET", "transactional/statistics", _statistics, _VIEW, metered),
]
