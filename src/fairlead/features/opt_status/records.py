"""What the room keeps: readings, changes that were looked at, addresses that wait, own ticks. Plain Django but where said."""

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from asgiref.sync import sync_to_async
from django.db import transaction

from fairlead.domain.address import normal
from fairlead.domain.consent import Basis, Evidence, Opt, Side
from fairlead.domain.consent_book import Settled
from fairlead.domain.consent_sides import Write
from fairlead.features.opt_status.models import OptLooked, OptReading, OptWaiting, OwnTick
from fairlead.jobs.models import Job, State
from fairlead.store import hashing, secrets
from fairlead.store.consent import PostgresConsentBook
from fairlead.store.consent_models import OptReview, OptShadow
from fairlead.sync.stage import ClientScope

PART: Final = 5_000
KEPT: Final = timedelta(days=4)
"""Changes that were looked at are remembered beyond any overlap."""


@dataclass(slots=True)
class Waiting:
    """An address that waits, in clear (memory only), with a consent to carry out, if there is one."""

    address: str = field(repr=False)
    consent: Evidence | None = None
    restores: bool = False
    heard: tuple[tuple[str, str], ...] = ()
    changed_at: datetime | None = None


@dataclass(slots=True)
class Done:
    """What a run of a client commits at its end.

    `left` are addresses (in clear) that the next run looks at, with why; `finished` those that no longer wait, unless
    something was added to what waits since it was read.
    """

    settled: dict[str, list[Settled]] = field(default_factory=dict)
    looked: set[bytes] = field(default_factory=set)
    left: dict[str, tuple[str, str]] = field(default_factory=dict, repr=False)
    finished: dict[str, Waiting] = field(default_factory=dict, repr=False)
    ticks: list[Write] = field(default_factory=list)
    reading: dict[str, Any] = field(default_factory=dict)


def look_key(*parts: str) -> bytes:
    """What tells one change apart from others: 16 bytes."""
    return hashlib.blake2b("\x1f".join(parts).encode(), key=hashing.address_key(), digest_size=16).digest()


def event_key(*parts: str) -> bytes:
    """What tells one opt-out apart from others: 32 bytes."""
    return hashing.keyed_hash("\x1f".join(("opt-out", *parts)))


def address_key(address: str) -> bytes:
    """What is kept of an address."""
    return hashing.keyed_hash(normal(address))


@sync_to_async
def reading(org_id: int, client: ClientScope) -> OptReading:
    """What is kept of a client; a new, unsaved row before the first run."""
    found = OptReading.objects.filter(org_id=org_id, client=client.id).first()
    return found or OptReading(org_id=org_id, client=client.id, name=client.name[:255])


@sync_to_async
def not_looked(org_id: int, client: str, keys: Collection[bytes]) -> set[bytes]:
    """Those of the changes that no commit has looked at."""
    known: set[bytes] = set()
    for part in _parts(sorted(keys)):
        rows = OptLooked.objects.filter(org_id=org_id, client=client, key__in=part)
        known |= {bytes(key) for key in rows.values_list("key", flat=True)}
    return set(keys) - known


@sync_to_async
def waiting(org_id: int, client: str) -> list[Waiting]:
    """Addresses that wait, opened."""
    rows = OptWaiting.objects.filter(org_id=org_id, client=client)
    return [
        Waiting(
            secrets.unseal(bytes(row.sealed)),
            _consent(row.consent),
            restores=row.restores,
            heard=tuple((place, date) for place, date in row.heard),
            changed_at=row.changed_at,
        )
        for row in rows
    ]


def _consent(kept: Mapping[str, Any] | None) -> Evidence | None:
    if kept is None:
        return None
    return Evidence(
        side=Side.SALESFORCE,
        basis=Basis(kept["basis"]),
        source=kept["source"],
        at=datetime.fromisoformat(kept["at"]),
        user=kept["user"],
    )


def put_waiting(
    org_id: int,
    client: str,
    address: str,
    consent: Evidence | None = None,
    *,
    restores: bool = False,
    heard: tuple[str, str] | None = None,
) -> None:
    """Let the next run look at an address: carry out a consent, restore a tick, or count an opt-out that was heard of.

    What waits of it already stays. Call it in a transaction.
    """
    key = address_key(address)
    new = {"sealed": secrets.seal(normal(address))}
    OptWaiting.objects.get_or_create(org_id=org_id, client=client, address=key, defaults=new)
    row = OptWaiting.objects.select_for_update(no_key=True).get(org_id=org_id, client=client, address=key)
    if consent is not None:
        row.consent = {
            "basis": consent.basis.value,
            "source": consent.source,
            "at": consent.at.isoformat(),
            "user": consent.user,
        }
        row.reason = row.code = ""
    row.restores = row.restores or restores
    if heard is not None and list(heard) not in row.heard:
        row.heard = [*row.heard, list(heard)]
    row.save()


@sync_to_async
def own_ticks(org_id: int, since: datetime) -> list[Write]:
    """Ticks that Fairlead set since then."""
    rows = OwnTick.objects.filter(org_id=org_id, until__gte=since)
    return [Write(Side.SALESFORCE, row.record, row.user, row.since, row.until) for row in rows]


@sync_to_async
def running_elsewhere(job: str, own: int) -> bool:
    """Whether a write in flight belongs to another job that still runs: its addresses are left alone."""
    number = job.rpartition(":")[2]
    if not number.isdigit() or int(number) == own:
        return False
    return Job.objects.filter(pk=int(number), state=State.RUNNING).exists()


@sync_to_async
def known_by(org_id: int, client: str) -> dict[Side, int]:
    """How many addresses each side last returned a value of."""
    mine = OptShadow.objects.filter(org_id=org_id, client=client)
    return {
        Side.SALESFORCE: mine.exclude(salesforce="").count(),
        Side.CAMPAIGN_MONITOR: mine.exclude(campaign_monitor="").count(),
    }


@sync_to_async
def out_elsewhere(org_id: int, client: str, addresses: Collection[bytes]) -> set[bytes]:
    """Those of the addresses that are out for another client: the tick box, which all share, has to stay."""
    found: set[bytes] = set()
    for part in _parts(sorted(addresses)):
        rows = OptShadow.objects.filter(org_id=org_id, agreed=Opt.OUT.value, address__in=part).exclude(client=client)
        consents = OptWaiting.objects.filter(org_id=org_id, consent__isnull=False, address__in=part)
        found |= {bytes(each) for each in rows.values_list("address", flat=True)}
        found -= {bytes(each) for each in consents.values_list("address", flat=True)}
    return found


@sync_to_async
def commit(
    org_id: int,
    client: ClientScope,
    book: PostgresConsentBook,
    done: Done,
    *,
    at: datetime,
    scope: str,
    fence: Callable[[], None],
) -> None:
    """Cursors, shadows, what was looked at and what waits: all or nothing. Raises ShadowMoved, or what `fence` raises."""
    with transaction.atomic():
        fence()
        for job, settled in done.settled.items():
            for part in _parts(settled):
                book.settle(client.id, part, job=job, at=at, scope=scope)
        if not any(done.settled.values()):
            book.settle(client.id, [], job="", at=at, scope=scope)
        looked = [OptLooked(org_id=org_id, client=client.id, key=key, at=at) for key in sorted(done.looked)]
        OptLooked.objects.bulk_create(looked, batch_size=PART, ignore_conflicts=True)
        OptLooked.objects.filter(org_id=org_id, client=client.id, at__lt=at - KEPT).delete()
        finished = [each for address, each in done.finished.items() if address not in done.left]
        _forget_waiting(org_id, client.id, finished)
        for address, (code, reason) in done.left.items():
            _leave(org_id, client.id, address, code, reason)
        OwnTick.objects.bulk_create(
            [OwnTick(org_id=org_id, record=w.place, user=w.user, since=w.since, until=w.until) for w in done.ticks],
            batch_size=PART,
        )
        OwnTick.objects.filter(org_id=org_id, until__lt=at - 10 * KEPT).delete()
        if done.reading:
            OptReading.objects.update_or_create(
                org_id=org_id, client=client.id, defaults={"name": client.name[:255], **done.reading}
            )


def _forget_waiting(org_id: int, client: str, finished: Iterable[Waiting]) -> None:
    for each in finished:
        row = OptWaiting.objects.filter(org_id=org_id, client=client, address=address_key(each.address))
        if each.changed_at is not None:
            row.filter(changed_at=each.changed_at).delete()


def _leave(org_id: int, client: str, address: str, code: str, reason: str) -> None:
    """An address waits, or waits on; a consent that waits with it stays."""
    key = address_key(address)
    row = OptWaiting.objects.filter(org_id=org_id, client=client, address=key).first()
    row = row or OptWaiting(org_id=org_id, client=client, address=key, sealed=secrets.seal(address))
    row.code, row.reason, row.attempts = code[:80], reason[:300], row.attempts + 1
    row.save()


@sync_to_async
def settle_one(
    org_id: int,
    client: str,
    book: PostgresConsentBook,
    settled: Settled,
    *,
    job: str,
    at: datetime,
    waited: Waiting | None = None,
) -> None:
    """The careful lane's commit: what was let in, and that it no longer waits."""
    with transaction.atomic():
        book.settle(client, [settled], job=job, at=at)
        _forget_waiting(org_id, client, [waited] if waited else [])


@sync_to_async
def note(org_id: int, client: ClientScope, **told: Any) -> None:
    """Keep how a run ended without a commit: refused, or a preview."""
    OptReading.objects.update_or_create(org_id=org_id, client=client.id, defaults={"name": client.name[:255], **told})


def readings(org_id: int) -> list[OptReading]:
    """All clients that were ever read."""
    return list(OptReading.objects.filter(org_id=org_id))


def open_reviews(org_id: int) -> int:
    """How many addresses wait for a person."""
    return OptReview.objects.filter(org_id=org_id, decided_at=None).count()


def refused(org_id: int) -> list[OptWaiting]:
    """Addresses that wait, each with why."""
    return list(OptWaiting.objects.filter(org_id=org_id))


def _parts(items: Sequence[Any]) -> Iterable[Sequence[Any]]:
    for start in range(0, len(items), PART):
        yield items[start : start + PART]
