"""Sending notices: which are due, and the durable job that sends one by one way.

Killed between sending and noting that it was sent, a notice goes out twice, under the same id. It never gets lost: what
could not be sent stays in the notice, and is sent with what came meanwhile.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Final
from uuid import uuid4

from asgiref.sync import sync_to_async
from django.conf import settings as deployment
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from fairlead.domain.setting import Values
from fairlead.features.maintenance import notified, rules, settings
from fairlead.features.maintenance.models import Message, Notice, State
from fairlead.features.maintenance.rules import Line
from fairlead.features.maintenance.ways import WAYS, Parcel, Way
from fairlead.jobs.context import JobContext
from fairlead.jobs.models import Job
from fairlead.jobs.states import ENDED
from fairlead.store import setting_rows
from fairlead.store.models import Org

TITLE: Final = "Notification"
MOST: Final = 500
"""Messages of one notice; the others are told by the next."""
ORDER: Final = ("error", "warning", "info")


def due(now: datetime) -> Iterator[tuple[Org, str]]:
    """Orgs and ways by which something is to be sent now: there is something, and the last try is long enough ago."""
    for org in Org.objects.all():
        chosen = setting_rows.values(org)
        for way in WAYS.values():
            if way.on(chosen) and _due(org, way.name, chosen, now):
                yield org, way.name


def _due(org: Org, way: str, chosen: Values, now: datetime) -> bool:
    last = Notice.objects.filter(org=org, way=way).order_by("-tried_at").first()
    if last is not None and last.tried_at > now - timedelta(minutes=chosen.of(settings.WINDOW)):
        return False
    waits = Notice.objects.filter(org=org, way=way, ended_at=None).exists() or _untold(org, way, chosen).exists()
    return waits and not Job.objects.filter(org=org, kind=rules.NOTIFY, key=way).exclude(state__in=ENDED).exists()


def _untold(org: Org, way: str, chosen: Values) -> QuerySet[Message]:
    """What was seen since it was last sent by this way. Trouble with notices is never sent: it would feed itself."""
    found = Message.objects.filter(org=org, state=State.OPEN, severity__in=chosen.of(settings.SEVERITIES))
    return found.exclude(kind=rules.NOTIFY).filter(Q(times__gt=F(f"told_{way}")))


async def run_notify(context: JobContext) -> None:
    """Send one notice by the way that the job's key names; a job without anything to send does nothing."""
    way = WAYS[str(context.args["way"])]
    await context.stages([(way.name, way.title)])
    made = await sync_to_async(_make)(context, way)
    if made is None:
        await context.stage(way.name, state="done", message="There was nothing to send.")
        return
    notice, parcel = made
    await context.stage(way.name, state="running", total=len(parcel.lines), unit="messages")
    await way.send(parcel)
    await sync_to_async(_end)(context, notice)
    await context.stage(way.name, state="done", done=len(parcel.lines))
    await context.counts(told=len(parcel.lines))


def _make(context: JobContext, way: Way) -> tuple[Notice, Parcel] | None:
    """The notice that waits for this way, with what came since; a new one where none waits. None: nothing to tell."""
    with transaction.atomic():
        context.fence()
        org = Org.objects.get(pk=context.org_id)
        chosen = setting_rows.values(org)
        waiting = Notice.objects.filter(org=org, way=way.name, ended_at=None).first()
        notice = waiting or Notice(org=org, way=way.name)
        notice.tried_at = timezone.now()
        column = f"told_{way.name}"
        for message in _untold(org, way.name, chosen).order_by("id").select_for_update(no_key=True)[:MOST]:
            key = str(message.pk)
            notice.messages[key] = notice.messages.get(key, 0) + message.times - getattr(message, column)
            Message.objects.filter(pk=message.pk).update(**{column: message.times})
        if not notice.messages:
            return None
        notice.save()
        return notice, parcel_of(org, notice, chosen)


def _end(context: JobContext, notice: Notice) -> None:
    with transaction.atomic():
        context.fence()
        Notice.objects.filter(pk=notice.pk).update(ended_at=timezone.now())


def parcel_of(org: Org, notice: Notice, chosen: Values) -> Parcel:
    """A notice with the words of its messages, gravest first. Raises CannotOpenSecret."""
    found = Message.objects.filter(org=org, pk__in=[int(key) for key in notice.messages])
    lines = [_line(message, notice.messages[str(message.pk)]) for message in found]
    lines.sort(key=lambda line: (ORDER.index(line.severity), line.number))
    return _parcel(org, str(notice.pk), lines, chosen)


def _line(message: Message, times: int) -> Line:
    return Line(message.severity, message.code, message.what, message.next_step, times, message.number)


def _parcel(org: Org, number: str, lines: list[Line], chosen: Values) -> Parcel:
    return Parcel(
        org_id=org.pk,
        number=number,
        made=format_datetime(timezone.now()),
        lines=lines,
        address=deployment.FAIRLEAD_PUBLIC_URL.rstrip("/"),
        chosen=chosen,
        sealed=notified.read(org),
    )


async def send_test(org: Org, way: str) -> None:
    """Send a test by one way, whether it is switched on or not. Raises a Failure."""
    line = Line("info", "FL-000", "This is a test: notifications of Fairlead arrive here.", "", 1, 0)
    parcel = await sync_to_async(_test)(org, line)
    await WAYS[way].send(parcel)


def _test(org: Org, line: Line) -> Parcel:
    return _parcel(org, f"test-{uuid4().hex[:12]}", [line], setting_rows.values(org))
