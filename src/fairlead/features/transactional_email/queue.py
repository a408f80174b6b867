"""The queue: a request is taken once by its id, and noted before it is sent. Plain Django.

States go waiting → sending → sent → done, or refused; from sending back to waiting only where the message log, or Campaign
Monitor's own refusal, says that nothing was sent.
"""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from fairlead.domain.failure import Failure
from fairlead.domain.outward_settings import PAUSED
from fairlead.domain.record_id import to_18
from fairlead.features.transactional_email.models import Send, SentMessage, SmartMapping
from fairlead.features.transactional_email.rules.failures import (
    NoSuchMapping,
    NoSuchRecord,
    NoSuchSend,
    NotRefused,
    SendIdTaken,
    TooOld,
)
from fairlead.features.transactional_email.rules.words import SENDS, State
from fairlead.features.transactional_email.settings import KEEP_DAYS, SETTLE_MINUTES
from fairlead.jobs import api
from fairlead.jobs.models import Job
from fairlead.jobs.models import State as JobState
from fairlead.store import audit, hashing, orgs, setting_rows
from fairlead.store.models import Org
from fairlead.sync import known

AGAIN_AFTER: Final = timedelta(minutes=10)
OPEN: Final = (State.WAITING, State.SENDING, State.SENT)

Told = Callable[[Org, bytes, Failure | None, str], None]
"""Hears of an item's end: the hash of its id, the refusal if it was not sent, a remark. Called in the transaction of the end."""
_listeners: list[Told] = []


def tell(*listeners: Told) -> None:
    """Say who hears of ends; a later call replaces an earlier one."""
    _listeners[:] = listeners


def hash_of(name: str) -> bytes:
    """The hash under which a request of this id is kept; requests of flows have the same."""
    return hashing.keyed_hash(f"request\n{name}")


def mark_of(id_hash: bytes | memoryview) -> str:
    """What stands beside the variables of the e-mail, so that its message is found in the log."""
    return hashing.keyed_hash(f"smart send\n{bytes(id_hash).hex()}").hex()[:32]


def take(org: Org, id_hash: bytes, mapping: str, record_id: str, by: str) -> Send:
    """Keep a request and ask for the job; one that is known is given as it stands.

    Raises NoSuchMapping, NoSuchRecord for what is no id at all, SendIdTaken.
    """
    found = SmartMapping.objects.filter(org=org, uid=mapping).first()
    if found is None:
        raise NoSuchMapping(mapping)
    if len(record_id) not in (15, 18) or not (record_id.isascii() and record_id.isalnum()):
        raise NoSuchRecord(found.object)
    record_id = to_18(record_id)
    with transaction.atomic():
        row, new = Send.objects.get_or_create(
            org=org,
            id_hash=id_hash,
            defaults={"mapping": mapping, "record_id": record_id, "asked_by": by, "asked_at": timezone.now()},
        )
        if not new and (row.mapping, row.record_id) != (mapping, record_id):
            raise SendIdTaken
        if new:
            ask(org, by)
    return row


def find(org: Org, name: str) -> Send:
    """The item of this request id. Raises NoSuchSend."""
    row = Send.objects.filter(org=org, id_hash=hash_of(name)).first()
    if row is None:
        raise NoSuchSend
    return row


def again(org: Org, send: int, by: str) -> None:
    """Let what was refused wait once more; it was not sent, for sure. Raises NoSuchSend, NotRefused."""
    with transaction.atomic():
        row = Send.objects.select_for_update(no_key=True).filter(org=org, pk=send).first()
        if row is None:
            raise NoSuchSend
        if row.state != State.REFUSED:
            raise NotRefused
        row.state, row.support_code, row.reason, row.done_at = State.WAITING, "", "", None
        row.asked_at = timezone.now()
        row.save()
        audit.record(org, by, "send again", f"send {row.pk} of mapping {row.mapping}")
        ask(org, by)


def ask(org: Org, by: str) -> None:
    """Ask for the job that sends what is due."""
    api.ask(org, SENDS, by=by)


def paused(org: Org) -> bool:
    """Whether nothing is written to Campaign Monitor at the moment."""
    return setting_rows.value(org, PAUSED)


def resting(org: Org) -> list[str]:
    """Mappings whose client is paused, as it is not selected: theirs wait."""
    selected = [one.scope.id for one in known.clients(org.pk) if one.selected]
    return list(SmartMapping.objects.filter(org=org).exclude(client__in=selected).values_list("uid", flat=True))


def waiting(org: Org, most: int, but: Collection[str] = ()) -> list[Send]:
    """The next items to send, the oldest first, without those of the mappings `but`, or of clients that are paused.

    None while everything is paused.
    """
    if paused(org):
        return []
    return list(
        Send.objects.filter(org=org, state=State.WAITING)
        .exclude(mapping__in=[*but, *resting(org)])
        .order_by("id")[:most]
    )


def in_state(org: Org, state: State) -> list[Send]:
    """All items in a state, the oldest first."""
    return list(Send.objects.filter(org=org, state=state).order_by("id"))


def taken_messages(org: Org, ids: Sequence[str]) -> set[str]:
    """Those of these messages that are known to belong to a send."""
    return set(SentMessage.objects.filter(org=org, message_id__in=ids).values_list("message_id", flat=True))


def end(org: Org, row: Send, failure: Failure | None = None, remark: Failure | None = None) -> None:
    """An item is done, or refused with a failure; a remark is about what could not be kept of an e-mail that is sent.

    Listeners may ask for jobs: the caller has locked the org (`orgs.lock`), before its job.
    """
    said = failure or remark
    row.state = State.DONE if failure is None else State.REFUSED
    row.support_code, row.reason = (said.code, str(said)) if said else ("", "")
    row.sealed, row.done_at = None, timezone.now()
    row.save()
    for listener in _listeners:
        listener(org, bytes(row.id_hash), failure, str(remark) if remark and not failure else "")


def refuse_old(org: Org, now: datetime, fence: Callable[[], None]) -> list[Failure]:
    """Refuse what waits for longer than items are kept; the refusals."""
    days = setting_rows.value(org, KEEP_DAYS)
    with transaction.atomic():
        orgs.lock(org.pk)
        fence()
        old = Send.objects.select_for_update(no_key=True).filter(
            org=org, state=State.WAITING, asked_at__lt=now - timedelta(days=days)
        )
        failures: list[Failure] = [TooOld(days) for _ in old]
        for row, failure in zip(old, failures, strict=True):
            end(org, row, failure)
        return failures


def purge(org: Org, now: datetime) -> int:
    """Forget items that ended so many days ago, with their messages (F64); returns how many."""
    before = now - timedelta(days=setting_rows.value(org, KEEP_DAYS))
    old = Send.objects.filter(org=org, state__in=[State.DONE, State.REFUSED], done_at__lt=before)
    return int(old.delete()[1].get("transactional_email.Send", 0))


def look_again(org: Org) -> None:
    """Ask for the job where something is due: after a pause, a lost answer, or a job that has given up."""
    now = timezone.now()
    settled = now - timedelta(minutes=setting_rows.value(org, SETTLE_MINUTES))
    due: Any = Send.objects.filter(org=org, state=State.SENT)
    due = due | Send.objects.filter(org=org, state=State.SENDING, sending_at__lte=settled)
    if not paused(org):
        due = due | Send.objects.filter(org=org, state=State.WAITING).exclude(mapping__in=resting(org))
    if not due.exists():
        return
    last = Job.objects.filter(org=org, kind=SENDS).first()
    failed_at = last.finished_at if last is not None and last.state == JobState.FAILED else None
    if failed_at is None or now - failed_at > AGAIN_AFTER:
        ask(org, "schedule")
