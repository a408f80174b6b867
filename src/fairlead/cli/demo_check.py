"""An oracle for the demo: works out from the truth of both emulators what the org must hold, by the published rules.

It shares no code with the flow on purpose. Rows are those of the emulators' control routes.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

Row = Mapping[str, Any]

LONGEST_EMAIL: Final = 80
"""Characters that an e-mail field of Salesforce takes."""
SHOWN: Final = 20
"""Differences told in words; the rest is counted."""


@dataclass(frozen=True, slots=True)
class Truth:
    """Everything both sides hold: Campaign Monitor's subscribers and lists, and the org's records."""

    subscribers: Sequence[Row]
    clients: Sequence[Row]
    contacts: Sequence[Row]
    leads: Sequence[Row]
    client_records: Sequence[Row]
    list_records: Sequence[Row]
    members: Sequence[Row]


@dataclass(slots=True)
class Verdict:
    """What was compared, and what is wrong. Differences name keys: the demo's people are invented."""

    members: int = 0
    refused: int = 0
    contact: int = 0
    lead: int = 0
    both: int = 0
    unlinked: int = 0
    wrong: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not self.wrong

    def say(self, text: str) -> None:
        """Note a difference; after the first ones only their number grows."""
        if len(self.wrong) < SHOWN:
            self.wrong.append(text)
        elif len(self.wrong) == SHOWN:
            self.wrong.append("and more")


@dataclass(frozen=True, slots=True)
class Links:
    """Ids that may stand in a member's link, by address in lower case. Several where modified in the same moment."""

    contacts: Mapping[str, frozenset[str]]
    leads: Mapping[str, frozenset[str]]


def key_of(subscriber: Row) -> str:
    """The external id a subscriber's member must have."""
    return f"{subscriber['list']}:{subscriber['email'].strip().lower()}"


def _newest(rows: Iterable[Row], id_field: str) -> dict[str, frozenset[str]]:
    """By address, the ids of the most recently modified rows."""
    by_address: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if row.get("Email"):
            by_address[row["Email"].strip().lower()].append(row)
    found = {}
    for address, same in by_address.items():
        latest = max(row["LastModifiedDate"] for row in same)
        found[address] = frozenset(str(row[id_field]) for row in same if row["LastModifiedDate"] == latest)
    return found


def links(contacts: Iterable[Row], leads: Sequence[Row]) -> Links:
    """Whom each address must be linked to: an open lead to itself, a converted one to its contact if none has the address."""
    became = _newest(
        (lead for lead in leads if lead["IsConverted"] and lead.get("ConvertedContactId")), "ConvertedContactId"
    )
    open_leads = _newest((lead for lead in leads if not lead["IsConverted"]), "Id")
    return Links({**became, **_newest(contacts, "Id")}, open_leads)


def check(truth: Truth) -> Verdict:
    """Compare every client, list and member with what it must be."""
    verdict = Verdict()
    _check_parents(truth, verdict)
    expected = {key_of(row): row for row in truth.subscribers if len(row["email"]) <= LONGEST_EMAIL}
    verdict.refused = len(truth.subscribers) - len(expected)
    found: dict[str, Row] = {}
    for member in truth.members:
        if found.setdefault(member["Member_Key__c"], member) is not member:
            verdict.say(f"two members have the key {member['Member_Key__c']}")
    for missing in expected.keys() - found.keys():
        verdict.say(f"no member has the key {missing}")
    for extra in found.keys() - expected.keys():
        verdict.say(f"no subscriber belongs to the member {extra}")
    lists = {row["Id"]: row["List_Id__c"] for row in truth.list_records}
    whom = links(truth.contacts, truth.leads)
    for key in expected.keys() & found.keys():
        _check_member(expected[key], found[key], lists, whom, verdict)
    verdict.members = len(found)
    if not expected:
        verdict.say("the account has no subscribers: nothing was checked")
    return verdict


@dataclass(frozen=True, slots=True)
class Mailings:
    """Campaigns and journeys as the account has them, events by mail and activity, and what the org holds of them.

    All events of the demo are younger than the days that tracking is kept.
    """

    campaigns: Sequence[Row]
    journeys: Sequence[Row]
    events: Mapping[tuple[str, str], int]
    campaign_records: Sequence[Row]
    email_records: Sequence[Row]
    event_records: Sequence[Row]


FIGURES: Final = {"Recipients__c": "sent", "Opens__c": "opens", "Clicks__c": "clicks", "Bounces__c": "bounces"}


def check_mailings(told: Mailings) -> list[str]:
    """Every campaign that the account lists is there with its figures, and every kind of event of it as often."""
    listed = {row["id"]: row for row in told.campaigns if row["status"] == "sent" and not row["hidden"]}
    held = {row["Campaign_Id__c"]: row for row in told.campaign_records}
    wrong = [] if listed.keys() == held.keys() else [f"there are {len(held)} campaigns, not {len(listed)}"]
    for key in listed.keys() & held.keys():
        wrong += [
            f"the campaign {key}: {field} is {held[key][field]}, not {listed[key]['counts'][of]}"
            for field, of in FIGURES.items()
            if held[key][field] != listed[key]["counts"][of]
        ]
    emails = {each["id"] for row in told.journeys for each in row["emails"]}
    want = {
        (of, activity): count
        for (of, activity), count in told.events.items()
        if of in listed or (of in emails and activity != "Spam complaint")  # of those journeys have no report
    }
    ids = {row["Id"]: row["Campaign_Id__c"] for row in told.campaign_records}
    ids |= {row["Id"]: row["Email_Id__c"] for row in told.email_records}
    got = Counter(
        (ids.get(row["Campaign__c"] or row["Journey_Email__c"], ""), row["Activity__c"]) for row in told.event_records
    )
    for key in sorted(want.keys() | got.keys()):
        if want.get(key, 0) != got[key]:
            wrong.append(f"the e-mail {key[0]}: {got[key]:,} records of “{key[1]}”, not {want.get(key, 0):,}")
    return wrong[:SHOWN]


def _check_parents(truth: Truth, verdict: Verdict) -> None:
    clients = {row["id"]: row["name"] for row in truth.clients}
    got_clients = {row["Client_Id__c"]: row["Name"] for row in truth.client_records}
    if clients != got_clients:
        verdict.say(f"clients are {got_clients}, not {clients}")
    ids = {row["Id"]: row["Client_Id__c"] for row in truth.client_records}
    lists = {each["id"]: (each["title"], row["id"]) for row in truth.clients for each in row["lists"]}
    got_lists = {row["List_Id__c"]: (row["Name"], ids.get(row["Client__c"])) for row in truth.list_records}
    if lists != got_lists:
        verdict.say(f"lists are {got_lists}, not {lists}")
    for kind, expected, got in (("clients", clients, truth.client_records), ("lists", lists, truth.list_records)):
        if len(got) != len(expected):
            verdict.say(f"there are {len(got)} {kind}, not {len(expected)}")


def _check_member(subscriber: Row, member: Row, lists: Mapping[str, str], whom: Links, verdict: Verdict) -> None:
    key = member["Member_Key__c"]
    pairs = {
        "Email__c": subscriber["email"],
        "State__c": subscriber["state"],
        "Full_Name__c": subscriber["name"] or None,
    }
    for name, want in pairs.items():
        if (member.get(name) or None) != want:
            verdict.say(f"{key}: {name} is {member.get(name)!r}, not {want!r}")
    if lists.get(member["List__c"]) != subscriber["list"]:
        verdict.say(f"{key}: belongs to the list record {member['List__c']}")
    _check_moment(key, member, "State_Date__c", subscriber, "state_date", verdict)
    _check_moment(key, member, "Joined_Date__c", subscriber, "joined_date", verdict)
    address = subscriber["email"].strip().lower()
    for name, allowed in (("Contact__c", whom.contacts.get(address)), ("Lead__c", whom.leads.get(address))):
        linked = member.get(name) or None
        if linked not in (allowed or {None}):
            verdict.say(f"{key}: {name} is {linked}, not {' or '.join(sorted(allowed)) if allowed else 'blank'}")
    _count(member, verdict)


def _check_moment(key: str, member: Row, name: str, subscriber: Row, source: str, verdict: Verdict) -> None:
    """A UTC moment to the minute. Where the client's clock showed it twice, one hour off is as good."""
    want = _moment(subscriber[source])
    got = _moment(member[name]) if member.get(name) else None
    allowed = (
        {want, want - timedelta(hours=1), want + timedelta(hours=1)} if subscriber[f"{source}_ambiguous"] else {want}
    )
    if got not in allowed:
        verdict.say(f"{key}: {name} is {member.get(name)}, not {subscriber[source]}")


def _moment(text: str) -> datetime:
    """Both sides' ways to write a moment, aware."""
    return datetime.fromisoformat(text.replace("+0000", "+00:00"))


def _count(member: Row, verdict: Verdict) -> None:
    contact, lead = bool(member.get("Contact__c")), bool(member.get("Lead__c"))
    verdict.both += contact and lead
    verdict.contact += contact and not lead
    verdict.lead += lead and not contact
    verdict.unlinked += not contact and not lead


def changed(before: Sequence[Row], after: Sequence[Row]) -> set[str]:
    """Keys of the subscribers that are not as they were and whose members can be written."""
    old = {key_of(row): row for row in before}
    seen = ("state", "state_date", "joined_date", "name", "email", "custom_fields")
    return {
        key_of(row)
        for row in after
        if len(row["email"]) <= LONGEST_EMAIL
        and (key_of(row) not in old or any(row[name] != old[key_of(row)][name] for name in seen))
    }
