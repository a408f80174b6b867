"""Handling what was posted: it only says where to look. Records follow changed addresses first, as only the post knows both."""

import json
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import ip_address
from typing import Final

from asgiref.sync import sync_to_async
from cryptography.fernet import InvalidToken
from django.db import transaction
from django.utils import timezone

from fairlead.campaignmonitor.account import CampaignMonitor
from fairlead.campaignmonitor.deliveries import (
    Deactivated,
    DeliveryUnreadable,
    Event,
    Subscribed,
    Updated,
    read_delivery,
)
from fairlead.campaignmonitor.deliveries import Delivery as Posts
from fairlead.campaignmonitor.errors import RecordRefused
from fairlead.campaignmonitor.subscriptions import NOT_ON_THE_LIST
from fairlead.domain.address import MAX_SALESFORCE_EMAIL, member_key, normal
from fairlead.features.webhooks import rules
from fairlead.features.webhooks.models import Delivery, Endpoint
from fairlead.salesforce import names
from fairlead.salesforce.client import Salesforce
from fairlead.salesforce.query import split_in
from fairlead.store import moves, secrets, setting_rows
from fairlead.store.models import Org
from fairlead.sync import heard
from fairlead.sync.failures import campaign_monitor_failures, salesforce_failures
from fairlead.sync.following import Follows, let_follow
from fairlead.sync.heard import Heard
from fairlead.sync.together import each

AT_ONCE: Final = 8
LEFT: Final = "Unsubscribed"
CHANGES_KEPT: Final = timedelta(days=1)
"""How long a change of address is remembered, sealed, for others of the same person that arrive late."""
ANOTHER_LIST: Final = "It names another list than the one whose webhook it is."
NO_KEY: Final = "It cannot be opened with the secret keys that are set."


@dataclass(slots=True)
class Posted:
    """What the waiting posts of a list point at. In memory only.

    `earlier` are changes of address that were handled within a day. `heard` is who left, and who signed up by a form.
    `whole`: the list itself is to be looked at. `unread` posts and events could not be read; `stayed` records could not
    follow their addresses.
    """

    ids: list[int] = field(default_factory=list)
    addresses: set[str] = field(default_factory=set)
    changed: set[rules.Change] = field(default_factory=set)
    earlier: set[rules.Change] = field(default_factory=set)
    heard: list[Heard] = field(default_factory=list)
    whole: bool = False
    unread: int = 0
    stayed: int = 0


Look = Callable[[Collection[str], bool], Awaitable[None]]
"""Read these addresses of the list as they are now and write them; or, for True, what changed of the list as a whole."""


async def handle(
    org: Org,
    list_id: str,
    fence: Callable[[], None],
    account: CampaignMonitor,
    crm: Salesforce,
    look: Look,
) -> Posted:
    """Handle all posts that wait for a list, then forget them. Killed anywhere, they are there for the next attempt.

    Raises a Failure, or what `fence` raises: then nothing is forgotten.
    """
    posted = await sync_to_async(read)(org, list_id, fence)
    if not posted.ids:
        return posted
    changed = rules.changes(posted.changed)
    if changed:
        changed = rules.connected(changed, rules.changes(posted.earlier))
        posted.stayed = await _follow(org.pk, list_id, changed, account, crm)
    await sync_to_async(heard.tell)(org.pk, list_id, posted.heard)
    if posted.addresses or posted.whole:
        await look(posted.addresses, posted.whole)
    await sync_to_async(_forget)(posted, fence)
    return posted


def read(org: Org, list_id: str, fence: Callable[[], None]) -> Posted:
    """Open and read the posts that wait. One that cannot be read is marked, with the reason, and stays sealed."""
    found, earlier = Posted(), Posted()
    with transaction.atomic():
        fence()
        _drop_old(org)
    posts = Delivery.objects.filter(endpoint__org=org, endpoint__list=list_id, problem="").order_by("id")
    problems: dict[int, str] = {}
    for delivery in posts:
        into = earlier if delivery.handled else found
        try:
            _read_one(delivery, list_id, into)
            into.ids.append(int(delivery.pk))
        except DeliveryUnreadable as error:
            problems[int(delivery.pk)] = error.text[:200]
        except InvalidToken:
            problems[int(delivery.pk)] = NO_KEY
    with transaction.atomic():
        fence()
        for number, problem in problems.items():
            Delivery.objects.filter(pk=number).update(problem=problem)
    found.unread += len(problems)
    found.earlier = earlier.changed
    return found


def _drop_old(org: Org) -> None:
    """Posts that nobody could read, and changes of address that nothing will follow any more."""
    kept = timedelta(days=setting_rows.value(org, rules.KEEP_DAYS))
    posts, now = Delivery.objects.filter(endpoint__org=org), timezone.now()
    posts.filter(received_at__lt=now - kept).exclude(problem="").delete()
    posts.filter(received_at__lt=now - CHANGES_KEPT, handled=True).delete()


def _read_one(delivery: Delivery, list_id: str, found: Posted) -> None:
    if delivery.body is None:
        found.whole = True
        return
    posted = _opened(delivery)
    if posted.list_id.lower() != list_id.lower():
        raise DeliveryUnreadable(ANOTHER_LIST)
    found.unread += posted.unread
    for event in posted.events:
        said = {normal(event.email)}
        if isinstance(event, Updated) and event.old_email:
            said.add(normal(event.old_email))
            found.changed.add((event.old_email, event.email))
        found.addresses |= said - {""}
        found.heard += _heard(event)


def _heard(event: Event) -> list[Heard]:
    """Who left, or signed up from an address of the internet: imports and the API sign up with a word in its place."""
    if isinstance(event, Deactivated) and event.state == LEFT:
        return [Heard(event.email, event.date, signed_up=False)]
    if isinstance(event, Subscribed) and _is_internet(event.signup_ip):
        return [Heard(event.email, event.date, signed_up=True)]
    return []


def _is_internet(text: str) -> bool:
    try:
        ip_address(text.strip())
    except ValueError:
        return False
    return True


def _opened(delivery: Delivery) -> Posts:
    """What was posted. Raises InvalidToken, or DeliveryUnreadable."""
    return read_delivery(secrets.unseal(bytes(delivery.body or b"")).encode("latin-1"))


def _forget(posted: Posted, fence: Callable[[], None]) -> None:
    """Delete what is handled, but for changes of address: those are sealed anew, without all else, for a day."""
    message = f"{posted.stayed} records could not follow their changed addresses." if posted.stayed else ""
    with transaction.atomic():
        fence()
        endpoints = set()
        for delivery in Delivery.objects.filter(pk__in=posted.ids):
            endpoints.add(delivery.endpoint_id)
            kept = _changes_alone(delivery)
            if kept:
                Delivery.objects.filter(pk=delivery.pk).update(body=kept, handled=True)
            else:
                delivery.delete()
        Endpoint.objects.filter(pk__in=endpoints).update(handled_at=timezone.now(), message=message)


def _changes_alone(delivery: Delivery) -> bytes | None:
    """The post with nothing but its changes of address, sealed; None where it has none."""
    if delivery.body is None:
        return None
    posted = _opened(delivery)
    pairs = [(each.old_email, each.email) for each in posted.events if isinstance(each, Updated)]
    events = [
        {"Type": "Update", "OldEmailAddress": old, "EmailAddress": new} for old, new in sorted(rules.changes(pairs))
    ]
    return secrets.seal(json.dumps({"ListID": posted.list_id, "Events": events})) if events else None


async def _follow(
    org_id: int, list_id: str, changed: Collection[rules.Change], account: CampaignMonitor, crm: Salesforce
) -> int:
    """Let the records of changed addresses become those of the new ones, so that what hangs on them stays (C7).

    What Fairlead counts of a member moves before the record: an attempt that is killed in between does both again.
    Gives how many were refused for good: the new address then gets a record of its own. Raises a Failure.
    """
    addresses = {address for pair in changed for address in pair if len(address) <= MAX_SALESFORCE_EMAIL}
    records = await _records(crm, list_id, addresses)
    if not records:
        return 0
    todo = rules.moves(changed, await _subscribed(account, list_id, addresses), records)
    for move in todo:
        await sync_to_async(moves.follow)(org_id, list_id, move.old, move.new, merge=move.merge)
    return await let_follow(crm, [Follows(records[move.old], list_id, move.new, merge=move.merge) for move in todo])


async def _records(crm: Salesforce, list_id: str, addresses: Collection[str]) -> dict[str, str]:
    """Record ids of the members of these addresses."""
    keys = {member_key(list_id, address): address for address in sorted(addresses)}
    found: dict[str, str] = {}
    with salesforce_failures("read members"):
        for soql in split_in(f"SELECT Id, {names.MEMBER_KEY} FROM {names.MEMBER} WHERE {names.MEMBER_KEY} IN", keys):
            async for page in crm.query(soql):
                found |= {keys[row[names.MEMBER_KEY]]: str(row["Id"]) for row in page}
    return found


async def _subscribed(account: CampaignMonitor, list_id: str, addresses: Collection[str]) -> set[str]:
    """Those of the addresses that the list has now, in whatever state."""
    found: set[str] = set()

    async def one(address: str) -> None:
        try:
            await account.subscriber(list_id, address)
        except RecordRefused as error:
            if error.code != NOT_ON_THE_LIST:
                raise
        else:
            found.add(address)

    with campaign_monitor_failures("read single subscribers"):
        await each(sorted(addresses), one, at_once=AT_ONCE)
    return found
