"""Endpoints that tell what became of a campaign."""

from collections import Counter
from functools import partial
from typing import Any, Final

from fairlead_emulators.campaignmonitor.api import Answer, Call, Endpoint
from fairlead_emulators.campaignmonitor.campaigns.found import found, web_version
from fairlead_emulators.campaignmonitor.facts import fact
from fairlead_emulators.campaignmonitor.segments.kept import segment
from fairlead_emulators.campaignmonitor.tracking.counting import Counts
from fairlead_emulators.campaignmonitor.tracking.kept import OPEN
from fairlead_emulators.campaignmonitor.tracking.reading import REPORTS, campaign_page

# What subscribers read with → how usage names it: program and version.
_PROGRAMS: Final = {
    "Gmail": ("Gmail", "Gmail"),
    "Apple Mail": ("Apple Mail", "Apple Mail 16"),
    "Outlook 2021": ("Microsoft Outlook", "Outlook 2021"),
    "iPhone": ("iOS Devices", "iPhone"),
    "": ("Undetectable", "Undetectable"),
}


@fact("tracking-summary")
@fact("campaign-social")
def _summary(call: Call, identity: str) -> Any:
    of = found(call, identity)
    counts, web = call.service.own(Counts).of(of.mail), web_version(of)
    people = call.service.switches.word("summary_clicks") == "people"
    return {
        "Name": of.name,
        "Recipients": of.recipients,
        "TotalOpened": counts.opens,
        "UniqueOpened": counts.openers,
        "Clicks": counts.clickers if people else counts.clicks,
        "Unsubscribed": counts.unsubscribes,
        "Bounced": counts.bounces,
        "SpamComplaints": counts.complaints,
        "Mentions": 0,
        "Forwards": 0,
        "Likes": 0,
        "WebVersionURL": web,
        "WebVersionTextURL": f"{web}/t",
        "WorldviewURL": web.replace("/t/r-", "/reports/wv/r/"),
    }


@fact("campaign-usage")
def _usage(call: Call, identity: str) -> Any:
    of = found(call, identity)
    rows = call.service.store.db.execute(
        "SELECT coalesce(s.reads, ''), count(*) FROM (SELECT DISTINCT person FROM tracked INDEXED BY tracked_by_date"
        " WHERE mail = ? AND kind = ?) t JOIN tracked_people p ON p.n = t.person"
        " LEFT JOIN subscribers s ON s.list = p.list AND s.key = p.key GROUP BY 1",
        (of.mail, OPEN),
    ).fetchall()
    counted: Counter[tuple[str, str]] = Counter()
    for reads, count in rows:
        counted[_PROGRAMS.get(reads, (reads, reads))] += count
    return [
        {
            "Client": name,
            "Version": version,
            "Percentage": round(100 * count / counted.total(), 2),
            "Subscribers": count,
        }
        for (name, version), count in sorted(counted.items(), key=lambda each: (-each[1], each[0]))
    ]


@fact("campaign-lists-gone")
def _lists_and_segments(call: Call, identity: str) -> Any:
    of, store = found(call, identity), call.service.store
    lists = [each for name in of.lists if (each := store.list(name))]
    parts = [part for name in of.segments if (part := segment(store, name))]
    ids = {each.n: each.id for each in store.lists(of.client)}
    return {
        "Lists": [{"ListID": each.id, "Name": each.title} for each in lists],
        "Segments": [{"ListID": ids[each.list], "SegmentID": each.id, "Title": each.title} for each in parts],
    }


def _rows(kind: int, call: Call, identity: str) -> Answer:
    of = found(call, identity)
    return campaign_page(call, of.mail, kind, call.client(of.client).zone)


READING: Final = [
    Endpoint("GET", "campaigns/{id}/summary", _summary, "ViewReports"),
    Endpoint("GET", "campaigns/{id}/emailclientusage", _usage, "ViewReports"),
    Endpoint("GET", "campaigns/{id}/listsandsegments", _lists_and_segments, "ViewReports"),
    *[
        Endpoint("GET", f"campaigns/{{id}}/{name}", partial(_rows, kind), "ViewSubscribersInReports")
        for name, kind in REPORTS.items()
    ],
]
