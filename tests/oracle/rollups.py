"""What outlives the single events: totals of members, and what people did with Salesforce campaigns that are linked.

Both count all events that the account ever told of, however old. Read by a check of everything only: it is dear.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from tests.oracle.moments import first_showing, minute_of
from tests.oracle.reading import CM, Row
from tests.oracle.report import Verdict, masked
from tests.oracle.tracking import COMPLAINT, Mails
from tests.oracle.world import LONGEST_EMAIL, World

COUNTED: Final = {"Sent": "Sent__c", "Opened": "Opened__c", "Clicked": "Clicked__c", "Bounced": "Bounced__c"}
RANK: Final = ("Sent", "Bounced", "Opened", "Clicked", "Unsubscribed", COMPLAINT)
"""Of two activities of one minute the later in this order is the later."""
FIGURES: Final = {
    "CM_Num_Recipients__c": "recipients", "CM_Num_Opens__c": "opens", "CM_Num_Unique_Opens__c": "openers",
    "CM_Num_Clicks__c": "clicks", "CM_Num_Bounced__c": "bounces", "CM_Num_Unsubscribed__c": "unsubscribes",
    "CM_Num_Spam_Complaints__c": "complaints",
}  # fmt: skip


@dataclass(slots=True)
class Did:
    """What one address did: how often of each, and the last of it. `lately`: of old campaigns, within the last day.

    Of a person, with all addresses: `leads` are those beside the contact, as which it may have become a member before.
    """

    counts: Counter[str] = field(default_factory=Counter)
    last: tuple[int, int] = (0, 0)
    lately: int = 0
    leads: set[str] = field(default_factory=set)

    def add(self, kind: str, minute: int) -> None:
        self.counts[kind] += 1
        self.last = max(self.last, (minute, RANK.index(kind)))


@dataclass(slots=True)
class _Told:
    """All events: by member, and by address of the mails asked for."""

    members: defaultdict[str, Did] = field(default_factory=lambda: defaultdict(Did))
    mails: dict[str, defaultdict[str, Did]] = field(default_factory=dict)


def _read(world: World, linked: set[str]) -> _Told:
    mails, told = Mails(world), _Told(mails={each: defaultdict(Did) for each in linked})
    fresh_from = world.now - world.tolerance.old_events_minutes
    for row in world.sides.lines(CM, "truth/events"):
        of, kind = row["of"], row["kind"]
        if not mails.shown(of) or (kind == COMPLAINT and mails.kinds[of] == "Journey"):
            continue
        address = row["EmailAddress"].strip().lower()
        if len(address) > LONGEST_EMAIL:
            continue
        minute = first_showing(row["minute"], mails.zones[of])
        member = told.members[f"{row['list']}:{address}"]
        member.add(kind, minute)
        member.lately += of in mails.old and minute > fresh_from
        if of in told.mails:
            told.mails[of][address].add(kind, minute)
    return told


def check(world: World) -> dict[str, Verdict]:
    """Totals of members, linked Salesforce campaigns, and their members."""
    crm = {
        row["CM_Campaign_Id__c"]: row
        for row in world.sides.records("Campaign", "Id", "CM_Campaign_Id__c", *FIGURES)
        if row["CM_Campaign_Id__c"] and row["CM_Campaign_Id__c"] not in world.tolerance.campaigns_gone
    }
    told = _read(world, set(crm))
    return {
        "CM_Member__c.totals": _totals(world, told.members),
        "Campaign": _campaigns(world, crm),
        "CampaignMember": _campaign_members(world, {row["Id"]: told.mails[of] for of, row in crm.items()}),
    }


def _totals(world: World, told: dict[str, Did]) -> Verdict:
    verdict, nothing = Verdict(), Did()
    names = ("Member_Key__c", *COUNTED.values(), "Last_Activity_Date__c")
    for record in world.sides.records("CM_Member__c", *names):
        key = record["Member_Key__c"]
        on, _, address = key.partition(":")
        if on in world.tolerance.lists_gone:
            continue
        verdict.compared += 1
        want, zone = told.get(key, nothing), world.zones[world.lists[on]["client"]] if on in world.lists else "UTC"
        differ: dict[str, tuple[Any, Any]] = {
            name: (record[name] or 0, want.counts[kind])
            for kind, name in COUNTED.items()
            if (record[name] or 0) != want.counts[kind]
        }
        at = record["Last_Activity_Date__c"]
        last = first_showing(minute_of(at), zone) if at else 0
        if last != want.last[0]:
            differ["Last_Activity_Date__c"] = (last, want.last[0])
        if differ:
            _judge(world, verdict, key, address, differ, want)
    return verdict


def _judge(
    world: World, verdict: Verdict, key: str, address: str, differ: dict[str, tuple[Any, Any]], want: Did
) -> None:
    more = any(got > wanted for got, wanted in differ.values())
    less = any(got < wanted for got, wanted in differ.values())
    if address in world.tolerance.moved:
        verdict.tolerated["an address that was changed"] += 1
    elif (world.tolerance.campaigns_gone or not more) and (want.lately or not less):
        why = "an event of a mail that is gone" if more else "a late event of an old campaign"
        verdict.tolerated[why] += 1
    else:
        verdict.note_wrong(masked(*key.split(":", 1)), differ)


def _campaigns(world: World, crm: dict[str, Row]) -> Verdict:
    """Every linked Salesforce campaign has the figures of its campaign."""
    verdict = Verdict()
    old = world.now - 180 * 24 * 60
    for row in world.sides.lines(CM, "truth/campaigns"):
        held = crm.get(row["id"])
        if held is None or row["sent_minute"] < old:
            continue
        verdict.compared += 1
        true = {**row["counts"], "recipients": row["recipients"]}
        wrong = {name: (held[name], true[of]) for name, of in FIGURES.items() if (held[name] or 0) != true[of]}
        if wrong:
            verdict.note_wrong(row["id"][:8], wrong)
    return verdict


def _campaign_members(world: World, linked: dict[str, dict[str, Did]]) -> Verdict:
    """Who was sent to, and is a contact or a lead, is a member with what it did, its addresses together.

    People of whom several records were modified in one moment are left out: nobody can say which it must be.
    """
    verdict = Verdict()
    emails = {row["Id"]: (row["Email"] or "").lower() for row in _people(world)}
    held: dict[tuple[str, str], Row] = {}
    names = ("CampaignId", "ContactId", "LeadId", "Status", "CM_Activity__c", "CM_Opens__c", "CM_Clicks__c")
    for row in world.sides.records("CampaignMember", *names, "CM_Activity_Date__c"):
        held[row["CampaignId"], row["ContactId"] or row["LeadId"]] = row
    for campaign, told in linked.items():
        wanted, unsure = _persons(world, told)
        verdict.compared += len(wanted)
        for person, did in wanted.items():
            keys = [key for key in (person, *sorted(did.leads)) if (campaign, key) in held]
            row = held.pop((campaign, keys[0])) if keys else None
            if person in unsure:
                continue
            merged = emails.get(person, "") in world.tolerance.moved
            if row is not None:
                relinked = emails.get(person, "") in world.tolerance.relinked
                _compare_member(world, verdict, row, did, person, merged=merged, relinked=relinked)
            elif merged:
                verdict.tolerated["a person with other addresses than before"] += 1
            else:
                verdict.note_missing(masked(campaign, person))
        for key in [key for key in held if key[0] == campaign]:
            if held.pop(key)["CM_Activity__c"] and key[1] not in unsure:
                _judge_extra(world, verdict, key, emails)
    return verdict


def _people(world: World) -> Iterator[Row]:
    yield from world.sides.records("Contact", "Id", "Email")
    yield from world.sides.records("Lead", "Id", "Email")


def _judge_extra(world: World, verdict: Verdict, key: tuple[str, str], emails: dict[str, str]) -> None:
    if world.tolerance.relinked:  # the address has another contact or lead since
        verdict.tolerated["a person who was linked before"] += 1
    else:
        verdict.note_extra(masked(*key, emails.get(key[1], "")))


def _persons(world: World, told: dict[str, Did]) -> tuple[dict[str, Did], set[str]]:
    """Contacts and leads, each with what all its addresses did; and those of whom that cannot be said."""
    links, unsure = world.links, set[str]()
    rows: list[tuple[str, str, Did]] = []
    for address, did in told.items():
        contacts, leads = links.contacts.get(address, frozenset()), links.leads.get(address, frozenset())
        if len(contacts) > 1 or len(leads) > 1:
            unsure |= {*contacts, *leads}
        rows += [(min(contacts, default=""), min(leads, default=""), did)]
    beside: defaultdict[str, set[str]] = defaultdict(set)
    for contact, lead, _ in rows:
        if contact and lead:
            beside[lead].add(contact)
    found: defaultdict[str, Did] = defaultdict(Did)
    for contact, lead, did in rows:
        partners = beside.get(lead, set())
        key = contact or (next(iter(partners)) if len(partners) == 1 else lead)
        if key:
            person = found[key]
            person.leads |= {lead} - {"", key}
            person.counts += did.counts
            person.last = max(person.last, did.last)
    return found, unsure


def _compare_member(
    world: World, verdict: Verdict, row: Row, did: Did, person: str, *, merged: bool, relinked: bool
) -> None:
    """`relinked`: the person has got its address since the last full sync, so that what another address of it did may be
    newer than all that this one did: an activity gives way to a newer one only."""
    activity = RANK[did.last[1]]
    wrong: dict[str, tuple[Any, Any]] = {
        name: (row[name] or 0, did.counts[kind])
        for name, kind in (("CM_Opens__c", "Opened"), ("CM_Clicks__c", "Clicked"))
        if (row[name] or 0) != did.counts[kind]
    }
    if (row["CM_Activity__c"], row["Status"]) != (activity, activity):
        wrong["CM_Activity__c"] = (f"{row['CM_Activity__c']} / {row['Status']}", activity)
    others = world.tolerance.relinked or world.tolerance.moved
    if relinked and _moment(row) > did.last:
        verdict.tolerated["an activity of an address that the person had before"] += 1
    elif wrong and (merged or (others and "CM_Activity__c" not in wrong)):
        verdict.tolerated["a person with other addresses than before"] += 1
    elif wrong:
        verdict.note_wrong(masked(person), wrong)


def _moment(row: Row) -> tuple[int, int]:
    """The activity that a campaign member holds, as `Did.last`."""
    at, activity = row["CM_Activity_Date__c"], row["CM_Activity__c"]
    return (minute_of(at), RANK.index(activity)) if at and activity in RANK else (0, 0)
