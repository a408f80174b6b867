"""The first part of a run: which addresses are looked at, and where they stand. States come before events."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from fairlead.domain.consent import Event, Shadow, Side
from fairlead.features.opt_status import records, rules
from fairlead.features.opt_status.account_side import Change, Left, Standing
from fairlead.features.opt_status.org_side import EVER, Box, Changed, Ticked, moment
from fairlead.sync.failures import campaign_monitor_failures

if TYPE_CHECKING:
    from fairlead.features.opt_status.flow import ClientRun

PART: Final = 5_000


@dataclass(slots=True)
class Gathered:
    """What was read of a client. Addresses are in their normal form, in memory only.

    `looked`: keys of the changes that led to an address. `account_clock` and `org_clock` are the new cursors.
    """

    whole: bool = False
    standing: dict[str, Standing] = field(default_factory=dict, repr=False)
    boxes: dict[str, list[Box]] = field(default_factory=dict, repr=False)
    addresses: set[str] = field(default_factory=set, repr=False)
    waiting: dict[str, records.Waiting] = field(default_factory=dict, repr=False)
    ticks: list[Ticked] = field(default_factory=list, repr=False)
    gone: list[Changed] = field(default_factory=list, repr=False)
    looked: dict[bytes, str] = field(default_factory=dict, repr=False)
    account_clock: str = ""
    org_clock: str = ""
    events_since: datetime = EVER

    def looked_without(self, addresses: Collection[str]) -> set[bytes]:
        """Keys of the changes that need no second look: not those of addresses that wait."""
        return {key for key, address in self.looked.items() if address not in addresses}


async def gather(run: "ClientRun", *, whole: bool) -> Gathered:
    """Read what is needed for a decision. Raises a Failure."""
    found = Gathered(whole)
    await _clocks(run, found)
    for each in await records.waiting(run.opting.org_id, run.client.id):
        found.waiting[each.address] = each
    org_since = moment(found.org_clock) - rules.ORG_OVERLAP
    if run.kept.org_until:
        org_since = moment(run.kept.org_until) - rules.ORG_OVERLAP
    if whole:
        found.gone = [one async for page in run.org.changed(org_since) for one in page if one.deleted]
        found.standing = await run.account.everybody()
        found.boxes = await run.org.all_boxes()
        found.ticks = await run.org.ticks(org_since)
        found.addresses = await _everybody(run, found)
        return found
    found.addresses = set(run.only or ()) | set(found.waiting)
    if run.only is None:
        await _changes(run, found, org_since)
    await _states(run, found)
    found.ticks = await run.org.ticks(org_since) if found.addresses else []
    return found


async def _clocks(run: "ClientRun", found: Gathered) -> None:
    """The new cursors, read before anything else, and since when opt-outs count that no commit has used."""
    with campaign_monitor_failures("read the clock of the account"):
        now = await run.opting.campaign_monitor.system_date()
    found.account_clock = now.isoformat()
    found.org_clock = (
        (await run.org.newest()).isoformat() if run.only is None else run.kept.org_until or EVER.isoformat()
    )
    kept = run.kept.account_until
    began = min(now, datetime.fromisoformat(kept)) if kept else now
    # the account's wall clock and UTC are at most half a day apart: the day before is never later than this
    found.events_since = (began - rules.ACCOUNT_OVERLAP).replace(tzinfo=UTC) - timedelta(hours=14)


async def _everybody(run: "ClientRun", found: Gathered) -> set[str]:
    """All addresses of a whole reading, without contacts and leads of whom there is nothing to remember."""
    ticked_gone = {one.email for one in found.gone if one.ticked}
    ticked_before = {one.email for one in found.ticks}
    quiet = [
        address
        for address, boxes in found.boxes.items()
        if address not in found.standing and not any(box.ticked for box in boxes)
    ]
    unknown = set(quiet) - set(await shadows_of(run, quiet))
    everybody = found.standing.keys() | found.boxes.keys() | ticked_gone | ticked_before
    return (set(everybody) - unknown) | ticked_before | ticked_gone | set(found.waiting)


async def shadows_of(run: "ClientRun", addresses: Iterable[str]) -> dict[str, Shadow]:
    """What is remembered of these addresses, by address."""
    every = sorted(addresses)
    found: dict[str, Shadow] = {}
    for start in range(0, len(every), PART):
        keys = {records.address_key(each): each for each in every[start : start + PART]}
        shadows = await run.opting.book.shadows(run.client.id, list(keys))
        found |= {keys[key]: shadow for key, shadow in shadows.items()}
    return found


async def _changes(run: "ClientRun", found: Gathered, org_since: datetime) -> None:
    """Addresses of changes that may tell something new."""
    since = (datetime.fromisoformat(run.kept.account_until) - rules.ACCOUNT_OVERLAP).date()
    async for changes in run.account.changed(since):
        await _account_changes(run, found, changes)
    entries = await run.account.newly_suppressed(since)
    await _account_changes(
        run, found, [Change("", "Unsubscribed", one.email.strip().lower(), one.date) for one in entries]
    )
    async for page in run.org.changed(org_since):
        await _org_changes(run, found, page)
    ticks = await run.org.ticks(org_since)
    keys = {records.event_key("tick", one.key): one.email for one in ticks if one.email}
    for key in await run.opting.book.unseen(run.client.id, list(keys)):
        found.addresses.add(keys[key])


async def _account_changes(run: "ClientRun", found: Gathered, changes: Sequence[Change]) -> None:
    keys = {records.look_key(one.list, one.state, one.email, one.date): one for one in changes}
    new = {key: keys[key] for key in await records.not_looked(run.opting.org_id, run.client.id, list(keys))}
    shadows = await shadows_of(run, {one.email for one in new.values()})
    for key, one in new.items():
        found.looked[key] = one.email
        if rules.account_change_counts(one.state, shadows.get(one.email)):
            found.addresses.add(one.email)


async def _org_changes(run: "ClientRun", found: Gathered, page: Sequence[Changed]) -> None:
    keys = {records.look_key("org", one.id, one.stamp.isoformat(), str(one.deleted)): one for one in page}
    new = {key: keys[key] for key in await records.not_looked(run.opting.org_id, run.client.id, list(keys))}
    shadows = await shadows_of(run, {one.email for one in new.values()})
    for key, one in new.items():
        found.looked[key] = one.email
        if one.deleted and one.ticked:
            found.gone.append(one)
        if rules.org_change_counts(shadows.get(one.email), ticked=one.ticked, deleted=one.deleted):
            found.addresses.add(one.email)


async def _states(run: "ClientRun", found: Gathered) -> None:
    """Where the addresses stand: each by itself, or all from whole lists, as is cheaper."""
    if not found.addresses:
        return
    found.boxes = await run.org.boxes(found.addresses)
    if rules.one_by_one(len(found.addresses), run.kept.pages):
        found.standing = await run.account.standing(found.addresses)
        return
    everybody = await run.account.everybody()
    found.standing = {each: everybody[each] for each in found.addresses if each in everybody}


def events_of(
    address: str, left: Iterable[Left], ticks: Iterable[Ticked], gone: Iterable[Changed], since: datetime
) -> list[Event]:
    """The opt-outs of an address that the histories of both sides tell, since a moment."""
    events = [
        Event(Side.CAMPAIGN_MONITOR, records.event_key("left", one.place, address, one.date), one.at, one.place)
        for one in left
        if one.at >= since
    ]
    events += [
        Event(Side.SALESFORCE, records.event_key("tick", one.key), one.at, one.record, one.user) for one in ticks
    ]
    events += [
        Event(Side.SALESFORCE, records.event_key("gone", one.id, one.stamp.isoformat()), one.stamp, one.id)
        for one in gone
        if one.ticked
    ]
    return events


def by_address(items: Iterable["Ticked | Changed"]) -> Mapping[str, list["Ticked | Changed"]]:
    """Things with an address, by it."""
    found: dict[str, list[Ticked | Changed]] = {}
    for one in items:
        found.setdefault(one.email, []).append(one)
    return found
