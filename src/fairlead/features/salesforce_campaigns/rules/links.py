"""Which Salesforce campaign and which Campaign Monitor campaign belong together (F38), and which are created (F39, F43, F44).

People link by hand: the lookup on the Salesforce campaign counts most, then the id beside it, then the lookup on the other
side. To unlink is to clear the lookup on the Salesforce campaign.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final

FIGURES: Final[Mapping[str, str]] = {
    "CM_Email_Web_Version__c": "Web_Version__c",
    "CM_Email_Text_Version__c": "Text_Version__c",
    "CM_Worldview__c": "Worldview__c",
    "CM_Num_Recipients__c": "Recipients__c",
    "CM_Num_Opens__c": "Opens__c",
    "CM_Num_Unique_Opens__c": "Unique_Opens__c",
    "CM_Num_Clicks__c": "Clicks__c",
    "CM_Num_Bounced__c": "Bounces__c",
    "CM_Num_Unsubscribed__c": "Unsubscribes__c",
    "CM_Num_Spam_Complaints__c": "Spam_Complaints__c",
    "CM_Num_Forwards__c": "Forwards__c",
    "CM_Num_Likes__c": "Likes__c",
    "CM_Num_Mentions__c": "Mentions__c",
}
"""Field of Campaign ← field of CM_Campaign__c."""

MAX_NAME: Final = 80


@dataclass(frozen=True, slots=True)
class CrmCampaign:
    """A campaign of Salesforce: `named` is the campaign id its lookup leads to, `key` the one that stands beside it."""

    id: str
    name: str
    named: str
    key: str
    figures: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sent:
    """A sent campaign as its record `record` (CM_Campaign__c) tells: `linked_to` is the lookup to a Salesforce campaign.

    `sent` is in UTC; `figures` by the names of CM_Campaign__c.
    """

    record: str
    id: str
    name: str
    linked_to: str
    client: str = ""
    sent: datetime | None = None
    tags: frozenset[str] = frozenset()
    figures: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Agreed:
    """What holds, and what to write so that both sides say so.

    `links` is campaign id → Salesforce campaign id; `all` the same the other way round, with every campaign that names one.
    `waiting` are campaign ids that are named but are not in the org. `campaigns` is Salesforce campaign id → the campaign it
    is to name (None: none); `records` is CM_Campaign__c record → the Salesforce campaign it is to name, blank for none.
    """

    links: dict[str, str]
    all: dict[str, str]
    waiting: frozenset[str]
    campaigns: dict[str, Sent | None]
    records: dict[str, str]
    remarks: list[str]


def agree(crm: Iterable[CrmCampaign], sent: Iterable[Sent], known: Mapping[str, str]) -> Agreed:
    """Both sides' words, and what was agreed last (`known`: campaign id → Salesforce campaign id), as one."""
    campaigns = {one.id: one for one in crm}
    records = {one.id: one for one in sent}
    claims = {one.id: found for one in campaigns.values() if (found := _claim(one, records))}
    for record in sorted(records.values(), key=lambda one: one.id):
        side = record.linked_to
        silent = side and (side not in campaigns or not (campaigns[side].named or campaigns[side].key))
        if silent and side not in claims and known.get(record.id) != side:
            claims[side] = record.id
    by_campaign: dict[str, list[str]] = {}
    for crm_id, campaign in sorted(claims.items()):
        if campaign in records:
            by_campaign.setdefault(campaign, []).append(crm_id)
    links = {
        campaign: _one_of(crm_ids, records[campaign].linked_to, known.get(campaign, ""))
        for campaign, crm_ids in by_campaign.items()
    }
    return Agreed(
        links,
        {crm_id: campaign for crm_id, campaign in claims.items() if campaign in records},
        frozenset(campaign for campaign in claims.values() if campaign not in records),
        {
            crm_id: record
            for crm_id in sorted({*campaigns, *claims})
            for record in [records.get(claims.get(crm_id, ""))]
            if _must_be_told(campaigns.get(crm_id), claims.get(crm_id, ""), record)
        },
        {
            record.record: links.get(record.id, "")
            for record in records.values()
            if record.linked_to != links.get(record.id, "")
        },
        [
            f"{len(crm_ids)} Salesforce campaigns name the campaign “{records[campaign].name}”; "
            f"its members go to {links[campaign]} only."
            for campaign, crm_ids in by_campaign.items()
            if len(crm_ids) > 1
        ],
    )


def _claim(campaign: CrmCampaign, records: Mapping[str, Sent]) -> str:
    """The campaign id that a Salesforce campaign means; blank where somebody has cleared its lookup."""
    if campaign.named:
        return campaign.named
    record = records.get(campaign.key)
    # a record that still names it was there when the lookup was cleared; one that was made anew names nothing
    return "" if record is not None and record.linked_to == campaign.id else campaign.key


def _must_be_told(campaign: CrmCampaign | None, claim: str, record: Sent | None) -> bool:
    if claim and record is None:
        return False
    if campaign is None:
        return True
    return (campaign.named, campaign.key) != (claim, claim)


def _one_of(crm_ids: Sequence[str], named: str, known: str) -> str:
    return next((crm_id for crm_id in (named, known) if crm_id in crm_ids), crm_ids[0])


def differing(campaign: Mapping[str, Any], record: Mapping[str, Any]) -> dict[str, Any]:
    """The figures of a Salesforce campaign that are not those of its campaign's record."""
    return {field: record.get(source) for field, source in FIGURES.items() if campaign.get(field) != record.get(source)}


class Verdict(StrEnum):
    """Whether a Salesforce campaign is created for a sent campaign, or why not."""

    CREATE = "It will be created"
    LINKED = "It is linked already"
    BEFORE = "One was created before, and was deleted or unlinked since"
    CLIENT = "Its client is not synced"
    EARLIER = "It was sent before automatic creation was turned on"
    START = "It was sent before the start date of the filter"
    TAGS = "It has none of the tags of the filter"


@dataclass(frozen=True, slots=True)
class Filter:
    """What a sent campaign must pass: `since` is when automatic creation was turned on (None: as if it always had been)."""

    clients: frozenset[str]
    since: datetime | None
    start: date | None
    tags: frozenset[str] | None

    def verdict(self, sent: Sent, taken: Iterable[str], created: Iterable[str]) -> Verdict:
        """`taken` are campaign ids that are linked or named, `created` those for which one was created earlier.

        Campaign Monitor tells the minute in which a campaign was sent: the minute of turning on counts as after it.
        """
        if sent.id in taken:
            return Verdict.LINKED
        if sent.id in created:
            return Verdict.BEFORE
        if sent.client not in self.clients:
            return Verdict.CLIENT
        return self._dates(sent) or self._tags(sent) or Verdict.CREATE

    def _dates(self, sent: Sent) -> Verdict | None:
        if self.since is not None and (sent.sent is None or sent.sent < self.since.replace(second=0, microsecond=0)):
            return Verdict.EARLIER
        if self.start is not None and (sent.sent is None or sent.sent.date() < self.start):
            return Verdict.START
        return None

    def _tags(self, sent: Sent) -> Verdict | None:
        return Verdict.TAGS if self.tags is not None and not self.tags & sent.tags else None


def tags_of(text: str | None) -> frozenset[str]:
    """Tags as a record has them, `One;Two`, in lower case."""
    return frozenset(tag.strip().lower() for tag in (text or "").split(";") if tag.strip())
