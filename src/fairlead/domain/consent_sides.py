"""What each side shows of an address, before anything is compared; and which events of its history are opt-outs of people."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from fairlead.domain.consent import MISSING, Event, Opt, Shown, Side
from fairlead.domain.consent_settings import FromCampaignMonitor, Options

ACTIVE: Final = "Active"
UNSUBSCRIBED: Final = "Unsubscribed"
BOUNCED: Final = "Bounced"


@dataclass(frozen=True, slots=True)
class Membership:
    """Where an address stands on one list that Fairlead looks after; `since` when, with a time zone."""

    list: str
    state: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Write:
    """An opt-out that Fairlead itself wrote: where, under which user id, and between which moments it was carried out."""

    side: Side
    place: str
    user: str
    since: datetime
    until: datetime


def salesforce_side(ticks: Iterable[bool]) -> Shown:
    """Email Opt Out of every contact and lead with the address: one tick is enough."""
    boxes = list(ticks)
    if not boxes:
        return MISSING
    return Shown(Opt.OUT, partly=not all(boxes)) if any(boxes) else Shown(Opt.IN)


def campaign_monitor_side(memberships: Collection[Membership], *, suppressed: bool, options: Options) -> Shown:
    """The lists' states as one value.

    Unconfirmed and deleted people cannot be mailed and have said nothing: they count as missing. So does a bounced one,
    unless a hard bounce is an opt-out.
    """
    if suppressed:
        return Shown(Opt.OUT)
    gone = {UNSUBSCRIBED, BOUNCED} if options.hard_bounce_is_opt_out else {UNSUBSCRIBED}
    states = {each.state for each in memberships}
    left, active = not gone.isdisjoint(states), ACTIVE in states
    if left and not active:
        return Shown(Opt.OUT)
    if left and options.opt_out_from_campaign_monitor is FromCampaignMonitor.ANY_LIST:
        return Shown(Opt.OUT, partly=True)
    return Shown(Opt.IN) if active else MISSING


def opt_outs(events: Iterable[Event], memberships: Collection[Membership], options: Options) -> list[Event]:
    """The events that are opt-outs of the whole address, by the option.

    Where all lists count, leaving one is none while another was active already at that moment: both are told by Campaign
    Monitor's own clock. An equal moment does not protect, since moments are whole minutes.
    """
    if options.opt_out_from_campaign_monitor is FromCampaignMonitor.ANY_LIST:
        return list(events)
    active = [each.since for each in memberships if each.state == ACTIVE]
    return [
        event
        for event in events
        if event.side is Side.SALESFORCE or not event.place or all(since >= event.at for since in active)
    ]


def not_ours(events: Iterable[Event], writes: Collection[Write]) -> list[Event]:
    """The events without those that Fairlead's own writes caused.

    One is ours only where place, user and moment all match; where the side does not tell who, it counts as a person's.
    """
    return [event for event in events if not any(_explains(write, event) for write in writes)]


def _explains(write: Write, event: Event) -> bool:
    return (
        bool(event.user)
        and (write.side, write.place, write.user) == (event.side, event.place, event.user)
        and write.since <= event.at <= write.until
    )
