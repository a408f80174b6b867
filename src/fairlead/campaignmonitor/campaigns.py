"""Campaigns of a client: sent, scheduled and drafts, and a sent one's figures."""

from collections.abc import AsyncGenerator, Sequence
from datetime import date

import msgspec

from fairlead.campaignmonitor.decoding import Reader
from fairlead.campaignmonitor.lists import ListName
from fairlead.campaignmonitor.numbered import Numbered
from fairlead.campaignmonitor.paging import Page
from fairlead.campaignmonitor.segments import SegmentName
from fairlead.campaignmonitor.transport import Door, Transport


class SentCampaign(
    msgspec.Struct,
    frozen=True,
    rename={
        "campaign_id": "CampaignID",
        "name": "Name",
        "subject": "Subject",
        "from_name": "FromName",
        "from_email": "FromEmail",
        "reply_to": "ReplyTo",
        "sent": "SentDate",
        "recipients": "TotalRecipients",
        "tags": "Tags",
        "web_version_url": "WebVersionURL",
        "text_version_url": "WebVersionTextURL",
    },
):
    """A sent campaign. `sent` is a naive text `YYYY-MM-DD HH:MM:SS` in the client's time zone."""

    campaign_id: str = ""
    name: str = ""
    subject: str = ""
    from_name: str = ""
    from_email: str = ""
    reply_to: str = ""
    sent: str = ""
    recipients: int = 0
    tags: tuple[str, ...] = ()
    web_version_url: str = ""
    text_version_url: str = ""


class DraftCampaign(
    msgspec.Struct,
    frozen=True,
    rename={
        "campaign_id": "CampaignID",
        "name": "Name",
        "subject": "Subject",
        "from_name": "FromName",
        "from_email": "FromEmail",
        "reply_to": "ReplyTo",
        "created": "DateCreated",
        "tags": "Tags",
        "preview_url": "PreviewURL",
        "text_preview_url": "PreviewTextURL",
    },
):
    """A campaign not yet sent. `created` is a naive text `YYYY-MM-DD HH:MM:SS` in the client's time zone."""

    campaign_id: str = ""
    name: str = ""
    subject: str = ""
    from_name: str = ""
    from_email: str = ""
    reply_to: str = ""
    created: str = ""
    tags: tuple[str, ...] = ()
    preview_url: str = ""
    text_preview_url: str = ""


class ScheduledCampaign(
    DraftCampaign, frozen=True, rename={"scheduled": "DateScheduled", "time_zone": "ScheduledTimeZone"}
):
    """A campaign that waits for its time: `scheduled`, a naive text in the time zone that the label `time_zone` names."""

    scheduled: str = ""
    time_zone: str = ""


class Tag(msgspec.Struct, frozen=True, rename={"name": "Name", "campaigns": "NumberOfCampaigns"}):
    """A tag of campaigns, and how many have it."""

    name: str = ""
    campaigns: int = 0


class Summary(
    msgspec.Struct,
    frozen=True,
    rename={
        "name": "Name",
        "recipients": "Recipients",
        "opens": "TotalOpened",
        "unique_opens": "UniqueOpened",
        "clicks": "Clicks",
        "unsubscribes": "Unsubscribed",
        "bounces": "Bounced",
        "spam_complaints": "SpamComplaints",
        "mentions": "Mentions",
        "forwards": "Forwards",
        "likes": "Likes",
        "web_version_url": "WebVersionURL",
        "text_version_url": "WebVersionTextURL",
        "worldview_url": "WorldviewURL",
    },
):
    """A sent campaign's figures. `opens` counts every opening, `unique_opens` the people who opened."""

    name: str = ""
    recipients: int = 0
    opens: int = 0
    unique_opens: int = 0
    clicks: int = 0
    unsubscribes: int = 0
    bounces: int = 0
    spam_complaints: int = 0
    mentions: int = 0
    forwards: int = 0
    likes: int = 0
    web_version_url: str = ""
    text_version_url: str = ""
    worldview_url: str = ""


class EmailClientUsage(
    msgspec.Struct,
    frozen=True,
    rename={"client": "Client", "version": "Version", "percentage": "Percentage", "subscribers": "Subscribers"},
):
    """How many of those who opened did so with a mail program; `percentage` is 0 to 100."""

    client: str = ""
    version: str = ""
    percentage: float = 0.0
    subscribers: int = 0


class Audience(msgspec.Struct, frozen=True, rename={"lists": "Lists", "segments": "Segments"}):
    """The lists and segments that a campaign was sent to."""

    lists: tuple[ListName, ...] = ()
    segments: tuple[SegmentName, ...] = ()


_SENT = Reader[Page[SentCampaign] | list[SentCampaign]](Page[SentCampaign] | list[SentCampaign])
_SCHEDULED = Reader[list[ScheduledCampaign]](list[ScheduledCampaign])
_DRAFTS = Reader[list[DraftCampaign]](list[DraftCampaign])
_TAGS = Reader[list[Tag]](list[Tag])
_SUMMARY = Reader[Summary](Summary)
_USAGE = Reader[list[EmailClientUsage]](list[EmailClientUsage])
_AUDIENCE = Reader[Audience](Audience)


class Campaigns:
    """The campaigns of clients."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def sent(
        self,
        client_id: str,
        sent_from: date | None = None,
        sent_to: date | None = None,
        tags: Sequence[str] = (),
        *,
        page_size: int = 1000,
    ) -> AsyncGenerator[Page[SentCampaign], None]:
        """The sent campaigns, a page at a time; see `paging.every_page` for order and repeats.

        `sent_from` and `sent_to` are days of the client's time zone; whether the last day itself is included is not
        documented: give the day after it. `tags`: those that have all of them.
        Raises ValueError where the first day is not before the last, or a tag cannot be asked for.
        """
        query = {"orderdirection": "asc"} | _days(sent_from, sent_to) | _tagged(tags)
        return Numbered(self._transport, Door("/clients/{}/campaigns", (client_id,), query), _sent, page_size).every()

    async def scheduled(self, client_id: str) -> list[ScheduledCampaign]:
        """The campaigns that wait for their time."""
        return await self._transport.get(Door("/clients/{}/scheduled", (client_id,)), _SCHEDULED)

    async def drafts(self, client_id: str) -> list[DraftCampaign]:
        """The campaigns that are being written."""
        return await self._transport.get(Door("/clients/{}/drafts", (client_id,)), _DRAFTS)

    async def tags(self, client_id: str) -> list[Tag]:
        """The tags of a client's campaigns, in the order of their names."""
        return await self._transport.get(Door("/clients/{}/tags", (client_id,)), _TAGS)

    async def summary(self, campaign_id: str) -> Summary:
        """A sent campaign's figures."""
        return await self._transport.get(Door("/campaigns/{}/summary", (campaign_id,)), _SUMMARY)

    async def email_client_usage(self, campaign_id: str) -> list[EmailClientUsage]:
        """The mail programs that a campaign was opened with."""
        return await self._transport.get(Door("/campaigns/{}/emailclientusage", (campaign_id,)), _USAGE)

    async def lists_and_segments(self, campaign_id: str) -> Audience:
        """Whom a campaign was sent to."""
        return await self._transport.get(Door("/campaigns/{}/listsandsegments", (campaign_id,)), _AUDIENCE)


def _sent(body: bytes) -> Page[SentCampaign]:
    """A page of v3.3, or the array of all campaigns that older versions give, as one page."""
    found = _SENT(body)
    return Page(found, 1, 1, len(found)) if isinstance(found, list) else found


def _days(sent_from: date | None, sent_to: date | None) -> dict[str, str]:
    first, last = (f"{day:%Y-%m-%d}" if day else "" for day in (sent_from, sent_to))
    if first and last and first >= last:
        raise ValueError(
            f"Campaigns sent from {first} to {last} cannot be asked for: give a first day before the last."
        )
    return {name: day for name, day in (("sentfromdate", first), ("senttodate", last)) if day}


def _tagged(tags: Sequence[str]) -> dict[str, str]:
    unfit = [tag for tag in tags if "," in tag or not tag.strip()]
    if unfit:
        raise ValueError(f"{unfit[0]!r} is not a tag that can be asked for: give names without a comma.")
    return {"tags": ",".join(tags)} if tags else {}
