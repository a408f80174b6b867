"""Making webhooks and keeping them: one for each list that is synced while the option is on, none otherwise."""

import secrets as random
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from asgiref.sync import sync_to_async
from django.conf import settings
from django.db.models import Case, Count, Exists, OuterRef, Q, QuerySet, When
from django.utils import timezone

from fairlead.campaignmonitor.account import CampaignMonitor
from fairlead.campaignmonitor.webhooks import EventKind, Webhook
from fairlead.features.webhooks import receiving, rules
from fairlead.features.webhooks.models import Delivery, Endpoint, State
from fairlead.jobs import api
from fairlead.store import setting_rows
from fairlead.store.models import Org
from fairlead.sync.failures import CampaignMonitorRecord, CampaignMonitorSetup, campaign_monitor_failures

KIND: Final = "webhooks"
TITLE: Final = "Webhooks: make and repair"
CHECK_EVERY: Final = timedelta(hours=20)
"""A webhook that works is looked at once a day: each look is a call a list."""


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list, with its client's id."""

    id: str
    name: str
    client: str


@dataclass(slots=True)
class Repaired:
    """What was done, in webhooks."""

    kept: int = 0
    made: int = 0
    revived: int = 0
    removed: int = 0
    failed: int = 0
    not_due: int = 0


async def repair(
    org: Org, account: CampaignMonitor, account_url: str, lists: Sequence[ListOf], *, due_only: bool, all_lists: bool
) -> Repaired:
    """Bring the webhooks of these lists to what is wanted; with `all_lists`, take those of other lists away.

    `due_only`: leave alone what was looked at lately and works. A list that fails does not take the others with it.
    Raises NotReachable, CampaignMonitorSignIn, or CampaignMonitorUnavailable.
    """
    done = Repaired()
    wanted = await sync_to_async(setting_rows.value)(org, rules.USE)
    base = rules.base_of(settings.FAIRLEAD_PUBLIC_URL, account_url) if wanted else ""
    known = {endpoint.list: endpoint for endpoint in await sync_to_async(_endpoints)(org)}
    for one in lists if wanted else ():
        endpoint = known.get(one.id)
        if due_only and endpoint is not None and not _due(endpoint, timezone.now()):
            done.not_due += 1
            continue
        await _one(org, account, one, base, done)
    listed = {one.id for one in lists} if wanted else set()
    for endpoint in known.values():
        if endpoint.list not in listed and (all_lists or not wanted):
            await _remove(account, endpoint, done)
    await sync_to_async(ask_for_what_waits)(org)
    return done


def _endpoints(org: Org) -> list[Endpoint]:
    return list(Endpoint.objects.filter(org=org))


def _due(endpoint: Endpoint, now: datetime) -> bool:
    return endpoint.state != State.ACTIVE or endpoint.checked_at is None or now - endpoint.checked_at > CHECK_EVERY


async def _one(org: Org, account: CampaignMonitor, one: ListOf, base: str, done: Repaired) -> None:
    """One list's webhook; a refusal is noted at it."""
    endpoint = await sync_to_async(_endpoint)(org, one)
    try:
        with campaign_monitor_failures(f"repair the webhook of the list “{one.name}”"):
            await _as_planned(account, endpoint, base, done)
    except (CampaignMonitorSetup, CampaignMonitorRecord) as failure:
        done.failed += 1
        await sync_to_async(_note)(endpoint, State.FAILING, str(failure))


def _endpoint(org: Org, one: ListOf) -> Endpoint:
    """The list's endpoint, made with a token that nobody knows where there is none."""
    unknown = receiving.hash_of(random.token_urlsafe(32))
    defaults = {"client": one.client, "name": one.name[:255], "token_hash": unknown}
    found, made = Endpoint.objects.get_or_create(org=org, list=one.id, defaults=defaults)
    if not made and (found.name, found.client) != (one.name[:255], one.client):
        found.name, found.client = one.name[:255], one.client
        found.save(update_fields=["name", "client"])
    return found


async def _as_planned(account: CampaignMonitor, endpoint: Endpoint, base: str, done: Repaired) -> None:
    listed = [_hook(each, endpoint, base) for each in await account.webhooks.all(endpoint.list)]
    plan = rules.plan(listed, wanted=True)
    if plan.create:
        webhook = await _make(account, endpoint, base)
        done.made += 1
    else:
        webhook = plan.keep
        done.kept += 1
    if plan.activate:
        await account.webhooks.activate(endpoint.list, webhook)
        endpoint.revived_at = timezone.now()
        done.revived += 1
    for other in plan.delete:
        await account.webhooks.delete(endpoint.list, other)
        done.removed += 1
    endpoint.webhook = webhook
    if plan.create or plan.activate or endpoint.state != State.ACTIVE:
        tested = await account.webhooks.test(endpoint.list, webhook)
        if not tested.arrived:
            what = f"{tested.status} {tested.response_code}".strip()
            await sync_to_async(_note)(endpoint, State.FAILING, f"A test of Campaign Monitor did not arrive ({what}).")
            return
    await sync_to_async(_note)(endpoint, State.ACTIVE, "")


def _hook(webhook: Webhook, endpoint: Endpoint, base: str) -> rules.Hook:
    start, _, token = webhook.url.rpartition("/")
    current = receiving.hash_of(token) == bytes(endpoint.token_hash)
    ours = current or webhook.url.startswith(base)
    complete = set(webhook.events) == set(EventKind) and webhook.payload_format.lower() == "json"
    return rules.Hook(webhook.webhook_id, ours, current and f"{start}/" == base, webhook.active, complete)


async def _make(account: CampaignMonitor, endpoint: Endpoint, base: str) -> str:
    """A new webhook with a new token. Its hash is kept first: one that was made, and not noted, is known again."""
    token = random.token_urlsafe(32)
    endpoint.token_hash = receiving.hash_of(token)
    endpoint.state = State.MAKING
    await sync_to_async(endpoint.save)(update_fields=["token_hash", "state"])
    return await account.webhooks.create(endpoint.list, base + token, list(EventKind))


async def _remove(account: CampaignMonitor, endpoint: Endpoint, done: Repaired) -> None:
    """Take a list's webhook away there and here, with what waits for it; a list that is gone has none."""
    try:
        with campaign_monitor_failures(f"remove the webhook of the list “{endpoint.name}”"):
            for each in await account.webhooks.all(endpoint.list):
                if receiving.hash_of(each.url.rpartition("/")[2]) == bytes(endpoint.token_hash):
                    await account.webhooks.delete(endpoint.list, each.webhook_id)
                    done.removed += 1
    except (CampaignMonitorSetup, CampaignMonitorRecord):
        done.failed += 1  # the list is gone, or its webhooks are no longer ours to touch
    await sync_to_async(endpoint.delete)()


def _note(endpoint: Endpoint, state: State, message: str) -> None:
    endpoint.state, endpoint.message, endpoint.checked_at = state, message, timezone.now()
    endpoint.save(update_fields=["state", "message", "checked_at", "webhook", "revived_at"])


async def remove_all(org: Org, account: CampaignMonitor) -> Repaired:
    """Take every webhook of ours away. Raises a Failure when Campaign Monitor cannot be asked."""
    done = Repaired()
    for endpoint in await sync_to_async(_endpoints)(org):
        await _remove(account, endpoint, done)
    return done


def ask_for_what_waits(org: Org) -> None:
    """Ask for the jobs of lists with posts that wait, in case one gave up."""
    waiting = (
        Delivery.objects.filter(endpoint__org=org, problem="", handled=False)
        .order_by()
        .values_list("endpoint__list", flat=True)
    )
    for list_id in waiting.distinct():
        api.ask(org, receiving.LOOK, key=list_id, args={"list": list_id}, by="webhooks")


def name_of(org: Org, list_id: str) -> str:
    """What people call the list of a webhook; its id where there is no webhook any more."""
    return Endpoint.objects.filter(org=org, list=list_id).values_list("name", flat=True).first() or list_id


def status(org: Org) -> list[dict[str, Any]]:
    """Every endpoint: state, what it last received and handled, what waits, what could not be read, and why."""
    return _told(Endpoint.objects.filter(org=org))


def glance(org: Org, most: int) -> tuple[list[dict[str, Any]], int]:
    """At most so many endpoints, those first that want a look, as `status` tells of them; and how many there are."""
    mine = Endpoint.objects.filter(org=org)
    unread = Delivery.objects.filter(endpoint=OuterRef("pk")).exclude(problem="")
    looked_at = Case(When(Exists(unread) | ~Q(state=State.ACTIVE), then=0), default=1)
    chosen = list(mine.order_by(looked_at, "name", "list").values_list("pk", "list")[:most])
    place = {list_id: number for number, (_, list_id) in enumerate(chosen)}
    told = _told(mine.filter(pk__in=[pk for pk, _ in chosen]))
    return sorted(told, key=lambda one: place[one["list"]]), mine.count()


def _told(endpoints: "QuerySet[Endpoint]") -> list[dict[str, Any]]:
    rows = endpoints.annotate(
        waiting=Count("delivery", filter=Q(delivery__problem="", delivery__handled=False)),
        unreadable=Count("delivery", filter=~Q(delivery__problem="")),
    )
    problems = _problems([row.pk for row in rows])
    return [
        {
            "list": row.list,
            "name": row.name,
            "client": row.client,
            "state": row.state,
            "label": row.get_state_display(),
            "message": row.message or problems.get(row.pk, ""),
            "checked_at": row.checked_at,
            "received_at": row.received_at,
            "handled_at": row.handled_at,
            "revived_at": row.revived_at,
            "waiting": row.waiting,
            "unreadable": row.unreadable,
        }
        for row in rows
    ]


def _problems(endpoints: Collection[int]) -> dict[int, str]:
    """The newest problem of each endpoint's posts."""
    found = Delivery.objects.filter(endpoint__in=endpoints).exclude(problem="").order_by("id")
    return dict(found.values_list("endpoint", "problem"))
