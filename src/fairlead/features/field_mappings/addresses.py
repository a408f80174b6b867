"""Changed addresses: a subscriber is renamed where that is safe; else the change waits, sealed, for a person (C7)."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from asgiref.sync import async_to_sync
from django.db import transaction
from django.db.models import QuerySet

from fairlead.campaignmonitor.account import CampaignMonitor
from fairlead.campaignmonitor.errors import RecordRefused
from fairlead.campaignmonitor.subscriptions import NOT_ON_THE_LIST
from fairlead.campaignmonitor.wishes import ConsentToTrack, SubscriberWish
from fairlead.domain import consent, consent_settings
from fairlead.domain.address import MAX_SALESFORCE_EMAIL, member_key, normal
from fairlead.domain.consent import MISSING, Opt, Shown
from fairlead.domain.failure import FixTheSettings
from fairlead.features.field_mappings import agreed, outcome, rules
from fairlead.features.field_mappings.models import AddressChange, Reason
from fairlead.features.field_mappings.rules import Entry, Moved, Pair
from fairlead.jobs.context import in_database
from fairlead.salesforce import names
from fairlead.salesforce.query import quote
from fairlead.store import audit, hashing, moves, secrets
from fairlead.store.consent import PostgresConsentBook
from fairlead.store.models import Org
from fairlead.sync import sides
from fairlead.sync.failures import campaign_monitor_failures, salesforce_failures
from fairlead.sync.following import Follows, let_follow
from fairlead.sync.list_sink import take_off
from fairlead.sync.outward import OutwardRun

TAKEN: Final = 201


class AddressSettled(FixTheSettings):
    """A changed address that somebody decided on already."""

    code = "FL-389"
    next_step = "Open the page of waiting addresses anew: it shows what is still to be decided."

    def __init__(self) -> None:
        super().__init__("This changed address waits no more.")


@dataclass(frozen=True, slots=True)
class Followed:
    """A pair after its address was looked at, and what is known of it."""

    pair: Pair
    known: dict[bytes, Entry]


@dataclass(frozen=True, slots=True)
class Addresses:
    """Follows addresses that were changed in Salesforce."""

    run: OutwardRun

    async def follow(self, pair: Pair, known: dict[bytes, Entry]) -> Followed:
        """The pair by the address that it has now, and what to remember of the address.

        Killed anywhere: Campaign Monitor then has the new address already, and only the member follows. Raises a Failure.
        """
        digest = outcome.digest_by(self.run.ledger)
        new = rules.address_of(pair)
        if rules.ADDRESS not in known and new and new != normal(pair.address):
            # an earlier attempt may have come as far as this: what was agreed on has gone to the new key already
            (key,) = self.run.ledger.hashes([member_key(pair.list, new)])
            further = (await in_database(agreed.of, self.run.org_id, pair.list, [key])).get(key, {})
            if rules.ADDRESS in further and further[rules.ADDRESS].shown == digest(normal(pair.address)):
                known = further
        change = rules.moved(pair, known.get(rules.ADDRESS), digest)
        reason = Reason.BOTH_CHANGED if change is Moved.ON_BOTH else None
        if change is Moved.IN_SALESFORCE:
            reason = await self._changed_in_salesforce(pair, new)
            if reason is None:
                pair = replace(pair, key=member_key(pair.list, new), address=new)
                change = Moved.AGREED
        if reason is not None:
            await self._wait(pair, new, reason)
        if change is Moved.AGREED:
            known = {**known, rules.ADDRESS: rules.address_entry(pair, digest)}
        return Followed(pair, known)

    async def _changed_in_salesforce(self, pair: Pair, new: str) -> Reason | None:
        """Rename the subscriber; or why that must wait."""
        if await self._opted_out(pair, new):
            return Reason.OPTED_OUT
        if not await self._rename(pair, new):
            return Reason.TAKEN
        await self._move_member(pair, new)
        self.run.add(mapping_renamed=1)
        return None

    async def _opted_out(self, pair: Pair, new: str) -> bool:
        book = PostgresConsentBook(self.run.org_id, self.run.fence)
        (key,) = self.run.ledger.hashes([new])
        shadow = (await book.shadows(pair.client, [key])).get(key)
        ticked = Shown(Opt.OUT if pair.values.get(rules.OPTED_OUT) is True else Opt.IN)
        options = replace(consent_settings.options(self.run.settings), block_adding_opted_out=True)
        return consent.stands_in_the_way(shadow, ticked, MISSING, options) is not None

    async def _rename(self, pair: Pair, new: str) -> bool:
        """Whether the subscriber has the new address now; False where another has it. Raises a Failure."""
        account = self.run.campaign_monitor
        with campaign_monitor_failures("rename a subscriber"):
            try:
                await account.subscriptions.update(
                    pair.list, pair.address, SubscriberWish(new, ConsentToTrack.UNCHANGED)
                )
            except RecordRefused as error:
                if error.code == NOT_ON_THE_LIST:
                    return await _is_there(account, pair.list, new)
                if error.code == TAKEN:
                    return False
                raise
        return True

    async def _move_member(self, pair: Pair, new: str) -> None:
        await in_database(_follow, self.run.org_id, pair.list, normal(pair.address), new)
        if len(new) > MAX_SALESFORCE_EMAIL:
            return
        await let_follow(self.run.salesforce, [Follows(pair.member, pair.list, new)])

    async def _wait(self, pair: Pair, new: str, reason: Reason) -> None:
        (key,) = self.run.ledger.hashes([pair.key])
        await in_database(_keep, self.run.org_id, pair, key, new, reason, self.run.fence)
        self.run.add(mapping_addresses_wait=1)


def _follow(org_id: int, list_id: str, old: str, new: str, *, merge: bool = False) -> None:
    """Take along what is kept by the old address. Salesforce has the new one: it need not be told."""
    with transaction.atomic():
        moves.follow(org_id, list_id, old, new, merge=merge)
        key = hashing.keyed_hash(member_key(list_id, new))
        AddressChange.objects.filter(org_id=org_id, list=list_id, member=key, reason=Reason.NEXT_SYNC).delete()


async def _is_there(account: CampaignMonitor, list_id: str, address: str) -> bool:
    try:
        return (await account.subscriber(list_id, address)).state == "Active"
    except RecordRefused as error:
        if error.code != NOT_ON_THE_LIST:
            raise
        return False


def _keep(org_id: int, pair: Pair, key: bytes, new: str, reason: Reason, fence: Callable[[], None]) -> None:
    with transaction.atomic():
        fence()
        AddressChange.objects.update_or_create(
            org_id=org_id,
            list=pair.list,
            member=key,
            defaults={
                "client": pair.client,
                "object": pair.object,
                "record": pair.record,
                "old": secrets.seal(normal(pair.address)),
                "new": secrets.seal(new),
                "reason": reason,
            },
        )


@dataclass(frozen=True, slots=True)
class Waiting:
    """A changed address that waits, opened to be looked at. In memory only."""

    id: int
    list: str
    object: str
    record: str
    old: str
    new: str
    reason: str

    @property
    def mergeable(self) -> bool:
        """Whether the old subscriber can go in favour of the one that has the new address."""
        return self.reason == Reason.TAKEN


def for_people(org_id: int) -> QuerySet[AddressChange]:
    """What waits for a person."""
    return AddressChange.objects.filter(org_id=org_id).exclude(reason=Reason.NEXT_SYNC)


def waiting(org: Org) -> list[Waiting]:
    """What waits, the oldest first."""
    return [_opened(row) for row in for_people(org.pk)[:200]]


def _opened(row: AddressChange) -> Waiting:
    old, new = secrets.unseal(bytes(row.old)), secrets.unseal(bytes(row.new))
    return Waiting(int(row.pk), row.list, row.object, row.record, old, new, row.reason)


def merge(org: Org, change_id: int, by: str) -> None:
    """Take the subscriber with the old address off the list: the one with the new address stays as it is.

    An opt-out of it stays, too. Raises AddressSettled, or a Failure.
    """
    row = _found(org, change_id)
    one = _opened(row)
    if not one.mergeable:
        raise AddressSettled
    async_to_sync(_merge)(org.pk, one)
    with transaction.atomic():
        _follow(org.pk, one.list, one.old, one.new, merge=True)
        _settle(org, row, by, "merged address")


async def _merge(org_id: int, one: Waiting) -> None:
    async with sides.campaign_monitor(org_id) as account:
        told = await take_off(account, one.list, [(member_key(one.list, one.old), one.old)])
        if told.failures:
            raise MergeRefused(told.failures[0].reason)
    async with sides.salesforce(org_id) as crm:
        key = member_key(one.list, one.old)
        with salesforce_failures("delete a member"):
            soql = f"SELECT Id FROM {names.MEMBER} WHERE {names.MEMBER_KEY} = {quote(key)}"
            ids = [str(found["Id"]) async for page in crm.query(soql) for found in page]
            await crm.collections.delete(ids)


class MergeRefused(FixTheSettings):
    """Campaign Monitor does not let the old subscriber go."""

    code = "FL-455"
    next_step = "Look at the subscriber in Campaign Monitor, then try again."

    def __init__(self, reason: str) -> None:
        super().__init__(f"The old subscriber is still on the list: {reason}")


def leave(org: Org, change_id: int, by: str) -> None:
    """Leave both sides as they are; the change is forgotten until the address changes again. Raises AddressSettled."""
    with transaction.atomic():
        row = _found(org, change_id)
        key = bytes(row.member)
        known = agreed.of(org.pk, row.list, [key]).get(key)
        if known is not None:
            known.pop(rules.ADDRESS, None)
            agreed.keep(org.pk, row.list, {key: known})
        _settle(org, row, by, "left address")


def _found(org: Org, change_id: int) -> AddressChange:
    row = for_people(org.pk).filter(pk=change_id).first()
    if row is None:
        raise AddressSettled
    return row


def _settle(org: Org, row: AddressChange, by: str, what: str) -> None:
    audit.record(org, by, what, row.list)
    row.delete()
