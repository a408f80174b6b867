"""A client's campaigns: sent, scheduled, drafts, and their tags."""

from collections import Counter
from typing import Any, Final

import msgspec

from fairlead_emulators.campaignmonitor.api import Answer, Call, Endpoint
from fairlead_emulators.campaignmonitor.campaigns.found import web_version
from fairlead_emulators.campaignmonitor.campaigns.kept import DRAFT, SCHEDULED, SENT, Campaign, campaigns
from fairlead_emulators.campaignmonitor.codes import Refusal
from fairlead_emulators.campaignmonitor.dates import minute_of, since, wire
from fairlead_emulators.campaignmonitor.facts import fact
from fairlead_emulators.campaignmonitor.paging import Asked, asked, envelope
from fairlead_emulators.campaignmonitor.store import Client

_OLDER: Final = ("3", "3.1", "3.2")
_ORDER: Final = "SentDate"


def _head(of: Campaign) -> dict[str, Any]:
    return {
        "CampaignID": of.id,
        "Name": of.name,
        "Subject": of.subject,
        "FromName": of.from_name,
        "FromEmail": of.from_email,
        "ReplyTo": of.reply_to,
        "Tags": list(of.tags),
    }


def _sent_row(of: Campaign, client: Client) -> dict[str, Any]:
    web = web_version(of)
    return {
        **_head(of),
        "SentDate": wire(minute_of(of.sent or 0), client.zone),
        "TotalRecipients": of.recipients,
        "WebVersionURL": web,
        "WebVersionTextURL": f"{web}/t",
    }


def _unsent_row(of: Campaign, client: Client) -> dict[str, Any]:
    web = web_version(of)
    row = {**_head(of), "DateCreated": wire(minute_of(of.created), client.zone)}
    row |= {"PreviewURL": web, "PreviewTextURL": f"{web}/t"}
    if of.due is not None:
        row |= {"DateScheduled": wire(minute_of(of.due), client.zone), "ScheduledTimeZone": client.time_zone}
    return row


@fact("campaigns-older")
def _sent(call: Call, identity: str) -> Any:
    client = call.client(identity)
    if call.version in _OLDER:
        return [_sent_row(each, client) for each in _of(call, client, SENT, newest_first=True)]
    query = {"orderdirection": "desc", **call.query}
    query.pop("orderfield", None)
    ask = asked(query, ("date",), "date")
    chosen = _filtered(call, client, _of(call, client, SENT, newest_first=ask.direction == "desc"))
    page = chosen[(ask.page - 1) * ask.size : ask.page * ask.size]
    rows = b",".join(msgspec.json.encode(_sent_row(each, client)) for each in page)
    return Answer(200, envelope(Asked(ask.page, ask.size, _ORDER, ask.direction), rows, len(page), len(chosen)))


def _of(call: Call, client: Client, status: str, *, newest_first: bool = False) -> list[Campaign]:
    found = campaigns(call.service.store, "client = ? AND status = ? AND NOT hidden", client.id, status)
    return sorted(found, key=lambda each: (minute_of(each.sent or 0), each.n), reverse=newest_first)


@fact("campaigns-dates")
@fact("campaigns-tags")
def _filtered(call: Call, client: Client, sent: list[Campaign]) -> list[Campaign]:
    start, end = _minute(call, client, "sentfromdate", 920), _minute(call, client, "senttodate", 922)
    if start is not None and end is not None and start >= end:
        raise Refusal(927)
    tags = {each.strip().casefold() for each in call.query.get("tags", "").split(",") if each.strip()}
    return [
        each
        for each in sent
        if (start is None or minute_of(each.sent or 0) >= start)
        and (end is None or minute_of(each.sent or 0) < end)
        and tags <= {tag.casefold() for tag in each.tags}
    ]


def _minute(call: Call, client: Client, name: str, code: int) -> int | None:
    if name not in call.query:
        return None
    try:
        return since(call.query[name], client.zone)
    except Refusal:
        raise Refusal(code) from None


def _scheduled(call: Call, identity: str) -> Any:
    client = call.client(identity)
    waiting = sorted(_of(call, client, SCHEDULED), key=lambda each: (each.due or 0, each.n))
    return [_unsent_row(each, client) for each in waiting]


def _drafts(call: Call, identity: str) -> Any:
    client = call.client(identity)
    return [_unsent_row(each, client) for each in _of(call, client, DRAFT)]


@fact("campaign-tag-counts")
def _tags(call: Call, identity: str) -> Any:
    client = call.client(identity)
    shown = campaigns(call.service.store, "client = ? AND NOT hidden", client.id)
    counted = Counter(tag for each in shown for tag in dict.fromkeys(each.tags))
    as_text = call.service.switches.word("tag_counts") == "text"
    return [
        {"Name": name, "NumberOfCampaigns": str(count) if as_text else count}
        for name, count in sorted(counted.items(), key=lambda each: (each[0].casefold(), each[0]))
    ]


def seconds_of(text: str, client: Client) -> float:
    """A moment that a call names on the client's wall clock, in unix seconds. Raises Refusal 5."""
    return float(since(text, client.zone) * 60)


LISTING: Final = [
    Endpoint("GET", "clients/{id}/campaigns", _sent, "ViewReports"),
    Endpoint("GET", "clients/{id}/scheduled", _scheduled, "ViewReports"),
    Endpoint("GET", "clients/{id}/drafts", _drafts, "ViewReports"),
    Endpoint("GET", "clients/{id}/tags", _tags, "ViewReports"),
]
