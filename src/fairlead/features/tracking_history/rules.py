"""What the tracking room decides: which events are wanted, and which look like the work of a machine."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Final, Protocol

from fairlead.domain import tracking_settings as settings
from fairlead.domain.activity import KIND_OF, Activity
from fairlead.domain.address import normal
from fairlead.domain.failure import Failure, WaitAndRetry
from fairlead.domain.setting import Flag, Number, Values
from fairlead.domain.tracking_plan import NEVER, RECIPIENTS_SETTLE

Network = IPv4Network | IPv6Network

MEMBER_TOTALS: Final = Flag(
    name="tracking_history.member_totals",
    title="Totals on members",
    help="Count what every member was sent, opened and clicked, of all time. Events that are not kept are then still read "
    "once, to be counted. Off, only what is kept is read.",
    default=True,
)
SUSPICIOUS: Final = Flag(
    name="tracking_history.suspicious",
    title="Mark suspicious activity",
    help="Mark opens by mail-privacy proxies and clicks by scanners, and count them apart on the campaign.",
    default=True,
)
SCANNER_LINKS: Final = Number(
    name="tracking_history.scanner_links",
    title="Links of a scanner",
    help="Who clicks so many different links of one e-mail within a minute is taken for a scanner.",
    default=4,
    unit="links",
    least=2,
    most=100,
)
SETTINGS: Final = (MEMBER_TOTALS, SUSPICIOUS, SCANNER_LINKS)

KINDS: Final = tuple(KIND_OF.values())
JOURNEY_KINDS: Final = tuple(kind for kind in KINDS if kind != "spam")
TOGETHER: Final = 100_000
"""Events of several reports that are read and written together, by one bulk job; a report with more is read alone."""

GROUP: Final = 400
"""Reports that are read together, at most."""


class Columns(Protocol):
    """Events by column, as far as suspicion looks at them."""

    @property
    def emails(self) -> list[str]: ...
    @property
    def dates(self) -> list[str]: ...
    @property
    def urls(self) -> list[str]: ...
    @property
    def ips(self) -> list[str]: ...


@dataclass(slots=True)
class Suspicion:
    """Tells machines from people, for the opens and clicks of one e-mail. Two rules, one for each.

    An open from a network of `proxies` was made by a mail program by itself. Clicks on at least `links` different links
    within a minute, or in the very minute of sending (`sent`), before anybody can have read it, were made by a scanner.
    """

    proxies: Sequence[Network]
    links: int
    sent: str = ""
    _clicked: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    _known: dict[str, bool] = field(default_factory=dict)

    def opens(self, events: Columns) -> list[bool]:
        """Which opens a machine made."""
        made = {ip: self._proxy(ip) for ip in set(events.ips)}
        return [made[ip] for ip in events.ips]

    def clicks(self, events: Columns) -> list[bool]:
        """Which clicks a machine made; a burst counts as far as its clicks have been met."""
        who = [(normal(email), date[:16]) for email, date in zip(events.emails, events.dates, strict=True)]
        minutes = {minute for _, minute in who}
        # pages come in the order of time: only the minutes of this page can go on in the next
        self._clicked = {key: urls for key, urls in self._clicked.items() if key[1] in minutes}
        for key, url in zip(who, events.urls, strict=True):
            self._clicked.setdefault(key, set()).add(url)
        return [len(self._clicked[key]) >= self.links or key[1] <= self.sent[:16] for key in who]

    def _proxy(self, ip: str) -> bool:
        known = self._known.get(ip)
        if known is None:
            known = self._known[ip] = _within(ip, self.proxies)
        return known


def _within(ip: str, networks: Iterable[Network]) -> bool:
    try:
        address = ip_address(ip)
    except ValueError:
        return False
    return any(address.version == network.version and address in network for network in networks)


def write_from(values: Values, oldest: str, activity: Activity, *, journey: bool) -> str:
    """The first minute (of the client's wall clock) from which events of this activity are kept; `NEVER` for none.

    `oldest` is the minute from which on any are.
    """
    if not values.of(settings.DAYS_TO_KEEP) or activity.value not in values.of(settings.TYPES):
        return NEVER
    return NEVER if journey and not values.of(settings.JOURNEYS) else oldest


def may_have_moved(kind: str, figures: Mapping[str, int], seen: Mapping[str, int], events: int) -> bool:
    """Whether there may be new clicks though their counter stands still.

    It is not published whether the counter counts clicks or people. Where more clicks are known than it tells it counts
    people; who clicks again has then most often opened again.
    """
    return kind == "clicks" and events > seen.get(kind, 0) and figures.get("opens", 0) != seen.get("opens", 0)


def has_settled(sent: str, now: datetime) -> bool:
    """Whether the recipients of a campaign that was sent then can no longer grow."""
    return bool(sent) and datetime.fromisoformat(sent) + RECIPIENTS_SETTLE < now


class Expecting(Protocol):
    """Something of which so many events are to come."""

    @property
    def expected(self) -> int: ...


def groups(
    readings: Sequence[Expecting], small: int = TOGETHER, most: int = GROUP
) -> tuple[list[list[int]], list[int]]:
    """Positions of readings that are read together, few events each, and of those that are read alone."""
    together: list[list[int]] = []
    alone: list[int] = []
    room = 0
    for i in sorted(range(len(readings)), key=lambda i: readings[i].expected):
        if readings[i].expected > small:
            alone.append(i)
        elif together and readings[i].expected <= room and len(together[-1]) < most:
            together[-1].append(i)
            room -= readings[i].expected
        else:
            together.append([i])
            room = small - readings[i].expected
    return together, sorted(alone)


def the_one_to_tell(failures: Sequence[Failure], readings: int) -> Failure:
    """Of the failures of several readings the one that a person must act on, before those that pass by themselves."""
    first = next((failure for failure in failures if not isinstance(failure, WaitAndRetry)), failures[0])
    if len(failures) > 1:
        first.tell_more(f"{len(failures)} of {readings} reports of e-mails did not come to their end; the first says:")
    return first
