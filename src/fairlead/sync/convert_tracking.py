"""Events of an e-mail as rows of CM_Tracking__c. Pure, and by column: it is the hot path.

Campaign Monitor gives events no id and tells times to the minute, so equal rows are legal. The key of a record is made of
all that tells an event from others, and of its ordinal among those that nothing tells apart: the same whatever the order
of pages, and whatever whole minute the reading begins with.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, fields
from hashlib import blake2b
from typing import Any, Final

from fairlead.domain.activity import KIND_OF, Activity
from fairlead.domain.records import Kind, Rows
from fairlead.sync.seen import Seen, text_hashes

TRACKING_FIELDS: Final = (
    "Tracking_Key__c",
    "Activity__c",
    "Activity_Date__c",
    "Email__c",
    "Email_Type__c",
    "Campaign__r.Campaign_Id__c",
    "Journey_Email__r.Email_Id__c",
    "List__r.List_Id__c",
    "Contact__c",
    "Lead__c",
    "URL_Clicked__c",
    "Bounce_Type__c",
    "Bounce_Reason__c",
    "IP_Address__c",
    "City__c",
    "Region__c",
    "Country_Code__c",
    "Country_Name__c",
    "Location__Latitude__s",
    "Location__Longitude__s",
    "Suspicious__c",
    "Sync_Run__c",
)
_KINDS: Final = {
    "Activity_Date__c": Kind.DATETIME,
    "Location__Latitude__s": Kind.NUMBER,
    "Location__Longitude__s": Kind.NUMBER,
    "Suspicious__c": Kind.BOOLEAN,
    "Sync_Run__c": Kind.NUMBER,
}
TRACKING_KINDS: Final = tuple(_KINDS.get(name, Kind.TEXT) for name in TRACKING_FIELDS)
ACTIVITY_OF: Final = {kind: activity for activity, kind in KIND_OF.items()}

MAX_TEXT: Final = 255
MAX_CODE: Final = 20
MAX_IP: Final = 45
_LETTERS: Final = {kind: kind[0] if kind != "spam" else "x" for kind in ACTIVITY_OF}  # r o c b u x


@dataclass(frozen=True, slots=True)
class Events:
    """Some events of one kind by column. `dates` are naive texts of the client's wall clock; what is not told is blank."""

    emails: list[str]
    lists: list[str]
    dates: list[str]
    urls: list[str]
    ips: list[str]
    cities: list[str]
    regions: list[str]
    codes: list[str]
    countries: list[str]
    latitudes: list[str]
    longitudes: list[str]
    bounces: list[str]
    reasons: list[str]

    def __len__(self) -> int:
        return len(self.emails)

    def take(self, positions: Sequence[int]) -> "Events":
        """The events at these positions, each once, in the order in which they stand."""
        if len(positions) == len(self):
            return self
        columns = [getattr(self, column.name) for column in fields(self)]
        return Events(*([column[i] for i in positions] for column in columns))


@dataclass(frozen=True, slots=True)
class Mail:
    """The e-mail that events are of: a campaign, or one e-mail of a journey (then `list` is the journey's list).

    `sent` is when a campaign was sent, on the client's wall clock: its recipients are told without a date.
    """

    id: str
    journey: bool = False
    list: str = ""
    sent: str = ""


def prefix(mail: str, kind: str) -> str:
    """How the keys of all events of one kind of an e-mail begin."""
    return f"{mail}:{_LETTERS[kind]}:"


def columns(kind: str, rows: Sequence[Any], mail: Mail) -> Events:
    """A page of a report, by column."""
    blank = [""] * len(rows)
    lists = [mail.list] * len(rows) if mail.journey else [row.list_id for row in rows]
    if kind == "recipients":
        dates = [row.sent for row in rows] if mail.journey else [mail.sent] * len(rows)
    else:
        dates = [row.date for row in rows]
    emails = [row.email for row in rows]
    urls = [row.url for row in rows] if kind == "clicks" else blank
    ips = [row.ip_address for row in rows] if kind in {"opens", "clicks", "unsubscribes"} else blank
    bounces, reasons = blank, blank
    if kind == "bounces":
        bounces, reasons = [row.kind for row in rows], [row.reason for row in rows]
    if kind not in {"opens", "clicks"}:
        return Events(emails, lists, dates, urls, ips, blank, blank, blank, blank, blank, blank, bounces, reasons)
    places = [bool(row.city or row.country_code) for row in rows]  # else the degrees are 0, which is a place at sea
    return Events(
        emails,
        lists,
        dates,
        urls,
        ips,
        [row.city for row in rows],
        [row.region for row in rows],
        [row.country_code for row in rows],
        [row.country for row in rows],
        [str(row.latitude) if known else "" for row, known in zip(rows, places, strict=True)],
        [str(row.longitude) if known else "" for row, known in zip(rows, places, strict=True)],
        bounces,
        reasons,
    )


class Keys:
    """Makes the keys of one reading of a kind, a page at a time. It remembers 8 bytes an event."""

    def __init__(self, kind: str, mail: Mail) -> None:
        self._prefix = prefix(mail.id, kind)
        self._once = kind == "recipients" and not mail.journey  # an address gets a campaign once
        self._seen = Seen()
        self._count = 0
        self._repeated: dict[str, int] = {}
        self._short = _Short()

    def of(self, events: Events, addresses: list[str]) -> tuple[list[str], list[int]]:
        """A key an event; and the positions of those that only came by again. `addresses` are their `address_digests`."""
        before = self._prefix
        if self._once:
            keys = [before + address for address in addresses]
            repeated = self._again(keys)
            self._count += len(keys) - len(repeated)
            return keys, repeated
        self._count += len(events)
        self._short.make_room()
        short = self._short
        rest = zip(events.urls, events.ips, events.lists, events.bounces, events.reasons, strict=True)
        minutes = {date: _minute(date) for date in set(events.dates)}
        keys = [
            f"{before}{address}:{minutes[date]}:{short[more]}"
            for address, date, more in zip(addresses, events.dates, rest, strict=True)
        ]
        for i in self._again(keys):
            number = self._repeated[keys[i]] = self._repeated.get(keys[i], 0) + 1
            keys[i] = f"{keys[i]}:{number}"
        return keys, []

    def _again(self, keys: list[str]) -> list[int]:
        positions: list[int] = self._seen.add(text_hashes(keys)).nonzero()[0].tolist()
        return positions

    def __len__(self) -> int:
        """How many events have come by."""
        return self._count


class _Short(dict[tuple[str, ...], str]):
    """Short texts for what else tells an event from others, each made once."""

    def __missing__(self, texts: tuple[str, ...]) -> str:
        (short,) = _digests((chr(31).join(texts),), 6)
        self[texts] = short
        return short

    def make_room(self) -> None:
        """Before a page: forget what has become too much."""
        if len(self) > 50_000:
            self.clear()


def address_digests(addresses: Iterable[str]) -> list[str]:
    """What stands for an address (normal form) in the key of an event: 20 hexadecimal digits."""
    return _digests(addresses, 10)


def _digests(texts: Iterable[str], size: int) -> list[str]:
    """Hexadecimal, so that they are the same to who does not look at the case."""
    begin, digests = blake2b(digest_size=size).copy, []
    for text in texts:
        digest = begin()
        digest.update(text.encode("utf-8", "replace"))
        digests.append(digest.hexdigest())
    return digests


def _minute(date: str) -> str:
    return f"{date[0:4]}{date[5:7]}{date[8:10]}{date[11:13]}{date[14:16]}"


def rows(
    kind: str,
    mail: Mail,
    events: Events,
    keys: list[str],
    suspicious: Sequence[bool],
    linked: tuple[list[str], list[str]],
    utc: list[str],
    lists: Collection[str],
    run: int,
) -> Rows:
    """Events as records. `linked`: ids of contacts and of leads, `utc` their dates, `lists` the lists that the org has."""
    count = len(events)
    blank = [""] * count
    this = [mail.id] * count
    return Rows(
        TRACKING_FIELDS,
        TRACKING_KINDS,
        (
            keys,
            [ACTIVITY_OF[kind].value] * count,
            utc,
            events.emails,
            ["Journey" if mail.journey else "Campaign"] * count,
            blank if mail.journey else this,
            this if mail.journey else blank,
            [of if of in lists else "" for of in events.lists],
            *linked,
            _cut(events.urls, MAX_TEXT),
            [kind if kind in {"Hard", "Soft"} else "" for kind in events.bounces],
            _cut(events.reasons, MAX_TEXT),
            _cut(events.ips, MAX_IP),
            _cut(events.cities, MAX_TEXT),
            _cut(events.regions, MAX_TEXT),
            _cut(events.codes, MAX_CODE),
            _cut(events.countries, MAX_TEXT),
            events.latitudes,
            events.longitudes,
            ["true" if each else "false" for each in suspicious],
            [str(run)] * count,
        ),
    )


def _cut(column: list[str], most: int) -> list[str]:
    return [text[:most] for text in column] if any(column) and max(map(len, column)) > most else column


def activity(kind: str) -> Activity:
    """What a report lists."""
    return ACTIVITY_OF[kind]


ToUtc = Callable[[list[str]], list[str]]
