"""What the live activity of a person amounts to: words, counts, rates, months, a timeline. Pure.

Open rate = opened ÷ (sent − bounced), click rate = clicked ÷ sent, each e-mail counted once; 0 where nothing was sent.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any, Final

from fairlead.domain.words import noop

SENT, OPENED, CLICKED, BOUNCED, UNSUBSCRIBED, COMPLAINED = (
    noop("Sent"),
    noop("Opened"),
    noop("Clicked"),
    noop("Bounced"),
    noop("Unsubscribed"),
    noop("Spam complaint"),
)
WHATS: Final = (SENT, OPENED, CLICKED, BOUNCED, UNSUBSCRIBED, COMPLAINED)
CAMPAIGN, JOURNEY, SMART = noop("Campaign"), noop("Journey e-mail"), noop("Smart e-mail")
CHARTED: Final = ((OPENED, noop("Opens")), (CLICKED, noop("Clicks")), (BOUNCED, noop("Bounces")))
MONTHS: Final = 12
SHOWN: Final = 50
"""So many events are shown, the newest first."""
_WORDS: Final = {
    "open": OPENED,
    "click": CLICKED,
    "bounce": BOUNCED,
    "unsubscribe": UNSUBSCRIBED,
    "spam": COMPLAINED,
    "spam complaint": COMPLAINED,
}
_KINDS: Final = {"campaign": CAMPAIGN, "smart": SMART}


def word_of(event: str) -> str:
    """What Campaign Monitor's history calls an event, in our words; another word as it is."""
    return _WORDS.get(event.strip().lower(), event.strip().capitalize())


def kind_of(type: str) -> str:
    """The kind of e-mail that the history's type means: what is no campaign was sent by a journey."""
    return _KINDS.get(type.strip().lower(), JOURNEY)


@dataclass(frozen=True, slots=True)
class Email:
    """An e-mail that the person got. `sent` is None where nobody says when; `status` is a message's own word.

    `opens` and `clicks` are counts of a smart e-mail, whose single events are not read.
    """

    id: str
    name: str
    kind: str
    sent: datetime | None = None
    status: str = ""
    opens: int = 0
    clicks: int = 0


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened; `email` is the id of the e-mail, `detail` a link or a reason."""

    what: str
    at: datetime | None
    email: str
    name: str
    kind: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Summary:
    """Counts of what happened, and e-mails that were opened and clicked at least once."""

    counts: Mapping[str, int]
    emails: Mapping[str, int]
    opened: int
    clicked: int

    @property
    def open_rate(self) -> int:
        """In per cent."""
        return _rate(self.opened, self.counts[SENT] - self.counts[BOUNCED])

    @property
    def click_rate(self) -> int:
        """In per cent."""
        return _rate(self.clicked, self.counts[SENT])


@dataclass(frozen=True, slots=True)
class Activity:
    """All of a person's: e-mails with what happened to them."""

    emails: Sequence[Email] = ()
    events: Sequence[Event] = ()

    @property
    def empty(self) -> bool:
        """Whether nothing is known."""
        return not self.emails and not self.events


def _rate(part: int, whole: int) -> int:
    return round(100 * part / whole) if whole > 0 else 0


def joined(parts: Iterable[Activity]) -> Activity:
    """Several readings as one: an e-mail that came over two lists, or both sides know of, counts once.

    Of an e-mail's send date the one that is known counts; of events only the first reading that knows an e-mail, so
    that nothing is counted twice.
    """
    emails: dict[str, Email] = {}
    events: dict[tuple[Any, ...], Event] = {}
    told_by: dict[str, int] = {}
    for number, part in enumerate(parts):
        for one in part.emails:
            before = emails.get(one.id)
            if before is None:
                emails[one.id] = one
                told_by[one.id] = number
            elif before.sent is None and one.sent is not None:
                emails[one.id] = Email(one.id, before.name, before.kind, one.sent, before.status)
        for event in part.events:
            if told_by.get(event.email, number) == number:
                events.setdefault((event.email, event.what, event.at, event.detail), event)
    return Activity(list(emails.values()), list(events.values()))


def summary(activity: Activity) -> Summary:
    """What it amounts to."""
    counts = dict.fromkeys(WHATS, 0)
    kinds = dict.fromkeys((CAMPAIGN, JOURNEY, SMART), 0)
    touched: dict[str, set[str]] = {OPENED: set(), CLICKED: set()}
    for event in activity.events:
        if event.what in counts and event.what != SENT:
            counts[event.what] += 1
        if event.what in touched:
            touched[event.what].add(event.email)
    for one in activity.emails:
        counts[SENT] += 1
        counts[OPENED] += one.opens
        counts[CLICKED] += one.clicks
        counts[BOUNCED] += one.kind == SMART and one.status.lower() == "bounced"
        counts[COMPLAINED] += one.kind == SMART and one.status.lower() == "spam"
        kinds[one.kind] = kinds.get(one.kind, 0) + 1
        touched[OPENED] |= {one.id} if one.opens else set()
        touched[CLICKED] |= {one.id} if one.clicks else set()
    return Summary(counts, {name: n for name, n in kinds.items() if n}, len(touched[OPENED]), len(touched[CLICKED]))


def timeline(activity: Activity, most: int = SHOWN) -> list[Event]:
    """What happened, the newest first; what nobody dates stands at the end."""
    sent = [Event(SENT, one.sent, one.id, one.name, one.kind, _message(one)) for one in activity.emails]
    rest = [event for event in activity.events if event.what != SENT]
    dated = sorted(((one.at, n, one) for n, one in enumerate([*sent, *rest]) if one.at is not None), reverse=True)
    return [*(one for *_, one in dated), *(one for one in sent if one.at is None)][:most]


def _message(one: Email) -> str:
    if one.kind != SMART:
        return ""
    counted = [f"{n} {word}" for n, word in ((one.opens, "opens"), (one.clicks, "clicks")) if n]
    return ", ".join([one.status, *counted]).strip(", ")


def by_month(activity: Activity, today: date, months: int = MONTHS) -> tuple[list[str], dict[str, list[int]]]:
    """The last months as `YYYY-MM`, and how much of each charted thing happened in each."""
    first = today.year * 12 + today.month - months
    labels = [f"{month // 12:04}-{month % 12 + 1:02}" for month in range(first, first + months)]
    place = {label: n for n, label in enumerate(labels)}
    counted = {what: [0] * months for what, _ in CHARTED}
    for event in activity.events:
        column = place.get(f"{event.at:%Y-%m}") if event.at else None
        if event.what in counted and column is not None:
            counted[event.what][column] += 1
    return labels, counted


def as_json(activity: Activity, today: date) -> dict[str, Any]:
    """All of it for programs; moments in UTC."""
    told = summary(activity)
    labels, counted = by_month(activity, today)
    return {
        "counts": {what.lower(): told.counts[what] for what in WHATS},
        "emails": dict(told.emails),
        "open_rate": told.open_rate,
        "click_rate": told.click_rate,
        "months": [
            {"month": label, **{what.lower(): counted[what][n] for what, _ in CHARTED}}
            for n, label in enumerate(labels)
        ],
        "timeline": [{**asdict(one), "at": one.at.isoformat() if one.at else ""} for one in timeline(activity)],
    }
