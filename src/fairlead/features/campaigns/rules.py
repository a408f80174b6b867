"""What the campaigns room decides: whose figures to ask for, what moved, and how campaigns and journeys look as records."""

import zlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, Protocol

from fairlead.domain.records import Kind, Rows
from fairlead.domain.setting import Number

ASK_ALWAYS_DAYS: Final = Number(
    name="campaigns.ask_always_days",
    title="Recent campaigns",
    help=(
        "Figures of campaigns sent within so many days are asked for by every sync. Those of older ones are asked for "
        "once a day, spread over its hours: opens and clicks may still arrive months later."
    ),
    default=180,
    unit="days",
    least=1,
    most=3_650,
)
SETTINGS: Final = (ASK_ALWAYS_DAYS,)

CHARTED: Final = {
    "Opened": "Opens",
    "Clicked": "Clicks",
    "Bounced": "Bounces",
    "Unsubscribed": "Unsubscribes",
}
"""Kinds of events that a campaign's chart counts by day, and their labels; opens and clicks are drawn, the others are few."""
STATUSES_OF_RECIPIENTS: Final = {
    "Sent": "Got it",
    "Opened": "Opened",
    "Clicked": "Clicked",
    "Bounced": "Bounced",
    "Unsubscribed": "Unsubscribed",
}
"""What recipients can be looked up by: the kind of event, and its label."""

MAX_NAME: Final = 80
MAX_TEXT: Final = 255
MAX_EMAIL: Final = 80
MAX_TRIGGER: Final = 80
STATUSES: Final = frozenset({"Active", "Not started", "Paused"})

Figures = dict[str, int | str]
"""A summary's counters, and where the campaign can be read, by the name of the field in the org."""

COUNTERS: Final = {
    "Recipients__c": "recipients",
    "Opens__c": "opens",
    "Unique_Opens__c": "unique_opens",
    "Clicks__c": "clicks",
    "Bounces__c": "bounces",
    "Unsubscribes__c": "unsubscribes",
    "Spam_Complaints__c": "spam_complaints",
    "Forwards__c": "forwards",
    "Likes__c": "likes",
    "Mentions__c": "mentions",
}
ADDRESSES: Final = {
    "Web_Version__c": "web_version_url",
    "Text_Version__c": "text_version_url",
    "Worldview__c": "worldview_url",
}
KIND_FIELDS: Final = {
    "recipients": "Recipients__c",
    "opens": "Opens__c",
    "clicks": "Clicks__c",
    "bounces": "Bounces__c",
    "unsubscribes": "Unsubscribes__c",
    "spam": "Spam_Complaints__c",
}
"""Which counter tells of which kind of events."""

CAMPAIGN_FIELDS: Final = (
    "Campaign_Id__c",
    "Name",
    "Client__r.Client_Id__c",
    "Subject__c",
    "From_Name__c",
    "From_Email__c",
    "Reply_To__c",
    "Sent_Date__c",
    "Tags__c",
    *COUNTERS,
    *ADDRESSES,
    "Sync_Run__c",
)
CAMPAIGN_KINDS: Final = tuple(
    Kind.NUMBER if name in COUNTERS or name == "Sync_Run__c" else Kind.DATETIME if name == "Sent_Date__c" else Kind.TEXT
    for name in CAMPAIGN_FIELDS
)
JOURNEY_FIELDS: Final = ("Journey_Id__c", "Name", "List__r.List_Id__c", "Status__c", "Trigger_Type__c", "Sync_Run__c")
JOURNEY_KINDS: Final = (Kind.TEXT,) * 5 + (Kind.NUMBER,)
EMAIL_COUNTERS: Final = {
    "Sent__c": "sent",
    "Opens__c": "opens",
    "Unique_Opens__c": "unique_opens",
    "Clicks__c": "clicks",
    "Bounces__c": "bounces",
    "Unsubscribes__c": "unsubscribes",
}
EMAIL_FIELDS: Final = ("Email_Id__c", "Name", "Journey__r.Journey_Id__c", *EMAIL_COUNTERS, "Sync_Run__c")
EMAIL_KINDS: Final = (Kind.TEXT,) * 3 + (Kind.NUMBER,) * 7


class Sent(Protocol):
    """A sent campaign as the listing gives it; `sent` is a naive text in the client's time zone."""

    @property
    def campaign_id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def subject(self) -> str: ...
    @property
    def from_name(self) -> str: ...
    @property
    def from_email(self) -> str: ...
    @property
    def reply_to(self) -> str: ...
    @property
    def sent(self) -> str: ...
    @property
    def tags(self) -> Sequence[str]: ...


class JourneyLike(Protocol):
    """A journey with its e-mails' figures."""

    @property
    def journey_id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def trigger(self) -> str: ...
    @property
    def status(self) -> str: ...
    @property
    def emails(self) -> Sequence["EmailLike"]: ...


class EmailLike(Protocol):
    """One e-mail of a journey."""

    @property
    def email_id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def sent(self) -> int: ...
    @property
    def opens(self) -> int: ...
    @property
    def clicks(self) -> int: ...
    @property
    def bounces(self) -> int: ...
    @property
    def unsubscribes(self) -> int: ...


def to_ask(campaign_id: str, sent: str, asked_at: str, now: datetime, always_days: int) -> bool:
    """Whether a campaign's figures are asked for now. `asked_at` (ISO) is blank for never; an old one has its hour of the day.

    `sent` is of the client's wall clock, `now` of the account's: a campaign is old a day later, so that none is too early.
    """
    if not asked_at or sent >= f"{now - timedelta(days=always_days + 1):%Y-%m-%d %H:%M:%S}":
        return True
    hour = zlib.crc32(campaign_id.encode()) % 24
    due = now.replace(hour=hour, minute=0, second=0, microsecond=0)
    if due > now:
        due -= timedelta(days=1)
    return datetime.fromisoformat(asked_at) < due


def figures_of(summary: object) -> Figures:
    """A summary as it is remembered."""
    counters: Figures = {field: int(getattr(summary, name)) for field, name in COUNTERS.items()}
    return counters | {field: str(getattr(summary, name))[:MAX_TEXT] for field, name in ADDRESSES.items()}


def counters(figures: Mapping[str, int | str]) -> dict[str, int]:
    """Counters by kind of events."""
    return {kind: int(figures[field]) for kind, field in KIND_FIELDS.items() if field in figures}


def moved(mail: str, figures: Mapping[str, int], seen: Mapping[tuple[str, str], int]) -> frozenset[str]:
    """The kinds of events whose counters differ from those last seen; one that was never seen was 0."""
    return frozenset(kind for kind, counter in figures.items() if counter != seen.get((mail, kind), 0))


def email_counters(email: EmailLike) -> dict[str, int]:
    """Counters of a journey's e-mail by kind of events."""
    return {
        "recipients": email.sent,
        "opens": email.opens,
        "clicks": email.clicks,
        "bounces": email.bounces,
        "unsubscribes": email.unsubscribes,
    }


def joined_tags(tags: Iterable[str]) -> str:
    """Tags as one text, in their order, as many as the field takes whole."""
    text = ""
    for tag in tags:
        longer = f"{text}; {tag}" if text else tag
        if len(longer) > MAX_TEXT:
            break
        text = longer
    return text


def campaign_rows(
    sent: Sequence[Sent], figures: Sequence[Mapping[str, int | str]], utc: list[str], client_id: str, run: int
) -> Rows:
    """Sent campaigns of a client as records. `utc` are the moments of sending; figures that are not known are blank."""
    return Rows(
        CAMPAIGN_FIELDS,
        CAMPAIGN_KINDS,
        (
            [one.campaign_id for one in sent],
            [one.name[:MAX_NAME] for one in sent],
            [client_id] * len(sent),
            [one.subject[:MAX_TEXT] for one in sent],
            [one.from_name[:MAX_TEXT] for one in sent],
            [one.from_email if len(one.from_email) <= MAX_EMAIL else "" for one in sent],
            [one.reply_to if len(one.reply_to) <= MAX_EMAIL else "" for one in sent],
            utc,
            [joined_tags(one.tags) for one in sent],
            *([str(of.get(field, "")) for of in figures] for field in (*COUNTERS, *ADDRESSES)),
            [str(run)] * len(sent),
        ),
    )


def journey_rows(journeys: Sequence[JourneyLike], lists: Mapping[str, str], run: int) -> Rows:
    """Journeys as records; `lists` are their lists' ids by their own."""
    return Rows(
        JOURNEY_FIELDS,
        JOURNEY_KINDS,
        (
            [one.journey_id for one in journeys],
            [one.name[:MAX_NAME] for one in journeys],
            [lists.get(one.journey_id, "") for one in journeys],
            [one.status if one.status in STATUSES else "" for one in journeys],
            [one.trigger[:MAX_TRIGGER] for one in journeys],
            [str(run)] * len(journeys),
        ),
    )


def email_rows(journeys: Sequence[JourneyLike], run: int) -> Rows:
    """The e-mails of journeys as records."""
    emails = [(journey.journey_id, email) for journey in journeys for email in journey.emails]
    return Rows(
        EMAIL_FIELDS,
        EMAIL_KINDS,
        (
            [email.email_id for _, email in emails],
            [email.name[:MAX_NAME] for _, email in emails],
            [journey for journey, _ in emails],
            *([str(getattr(email, name)) for _, email in emails] for name in EMAIL_COUNTERS.values()),
            [str(run)] * len(emails),
        ),
    )


def rate(part: float | None, whole: float | None) -> float | None:
    """A share in percent, None of nothing."""
    return 100 * (part or 0) / whole if whole else None


UNKNOWN_CAMPAIGN: Final = 301
"""Campaign Monitor's code for a campaign that is not there, or hidden (F51)."""


def is_gone(error: BaseException | None) -> bool:
    """Whether Campaign Monitor says that there is no such campaign (any more)."""
    return getattr(error, "code", None) == UNKNOWN_CAMPAIGN


def who_and_when(row: Mapping[str, object]) -> tuple[str, str, str]:
    """The address, the campaign and the minute of an event as the org holds it."""
    return str(row["Email__c"]).lower(), str(row["Campaign__c"]), str(row["Activity_Date__c"])[:16]


def to_review(
    opt_outs: Sequence[Mapping[str, object]], scanned: Iterable[Mapping[str, object]]
) -> list[Mapping[str, object]]:
    """Of unsubscribes those that a scanner may have made: it clicked links of that campaign, of that address, in that minute."""
    clicked = {who_and_when(row) for row in scanned}
    return [row for row in opt_outs if who_and_when(row) in clicked]
