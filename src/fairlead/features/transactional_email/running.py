"""The room's jobs: sending what waits, and looking at smart e-mails and messages; when the latter is due."""

from datetime import datetime, timedelta
from typing import Final

from asgiref.sync import sync_to_async
from django.utils import timezone

from fairlead.domain.failure import Failure, the_one_to_act_on
from fairlead.features.transactional_email import mirror, queue, statuses
from fairlead.features.transactional_email.models import Send, SmartMapping
from fairlead.features.transactional_email.rules.words import LOOK
from fairlead.features.transactional_email.sending import Sending
from fairlead.features.transactional_email.settings import LOOK_MINUTES
from fairlead.features.transactional_email.statuses import Following
from fairlead.features.transactional_email.storing import Storing
from fairlead.jobs import api
from fairlead.jobs.context import JobContext, in_database
from fairlead.jobs.models import Job
from fairlead.store import setting_rows
from fairlead.store.models import Org
from fairlead.sync import known, sides

SEND: Final = "send"
FOLLOW_UP: Final = "follow_up"
MIRROR: Final = "mirror"
MESSAGES: Final = "messages"


async def run_sends(context: JobContext) -> None:
    """Send what waits, then do what follows from it."""
    org = await sync_to_async(Org.objects.get)(id=context.org_id)
    await context.stages([(SEND, "Sending"), (FOLLOW_UP, "Lists, tasks and e-mail messages")])
    chosen = await sync_to_async(setting_rows.values)(org)
    async with sides.campaign_monitor(org.pk) as account, sides.salesforce(org.pk) as crm:
        work = Sending(org, account, crm, chosen, context.fence, context.check_cancelled)
        after = Storing(org, account, crm, chosen, context.fence)
        await context.stage(SEND, state="running")
        stopped: Failure | None = None
        try:
            await work.run()
        except Failure as failure:
            stopped = failure
        await _told(context, SEND, stopped or work.problem, work.sent)
        await context.stage(FOLLOW_UP, state="running")
        await after.run()
        remark = the_one_to_act_on(after.remarks, "e-mails", after.done) if after.remarks else None
        await _told(context, FOLLOW_UP, remark, after.done)
        await context.counts(sent=work.sent, not_done=len(work.refused))
        if stopped is not None:
            raise stopped


async def _told(context: JobContext, stage: str, problem: Failure | None, done: int) -> None:
    """The end of a stage; a failed one becomes a message in maintenance, with its next step."""
    if problem is None:
        await context.stage(stage, state="done", done=done, unit="e-mails")
    else:
        await context.stage(
            stage,
            state="failed",
            done=done,
            unit="e-mails",
            message=problem.text,
            code=problem.code,
            step=problem.step,
        )


async def run_look(context: JobContext) -> None:
    """Read the smart e-mails there are, and what became of messages; forget what is old."""
    org = await sync_to_async(Org.objects.get)(id=context.org_id)
    await context.stages([(MIRROR, "Smart e-mails"), (MESSAGES, "Messages")])
    async with sides.campaign_monitor(org.pk) as account:
        await context.stage(MIRROR, state="running")
        clients = await sync_to_async(known.clients)(org.pk)
        selected = [one.scope.id for one in clients if one.selected]
        count = await mirror.refresh(org, account, selected, everything=bool(context.args.get("all")))
        await context.stage(MIRROR, state="done", done=count, unit="smart e-mails")
        await context.check_cancelled()
        await context.stage(MESSAGES, state="running")
        changed = 0
        if await in_database(statuses.followed, org):
            async with sides.salesforce(org.pk) as crm:
                look = Following(org, account, crm, context.fence)
                await look.run()
                changed = look.changed
        await context.stage(MESSAGES, state="done", done=changed, unit="messages")
    await in_database(queue.purge, org, timezone.now())


def due(now: datetime) -> list[Job]:
    """Ask for the look where it is due: while there are messages to follow or items to forget. Once a day with mappings."""
    asked = []
    for org in Org.objects.all():
        minutes = setting_rows.value(org, LOOK_MINUTES)
        if not minutes or not SmartMapping.objects.filter(org=org).exists():
            continue
        every = timedelta(minutes=minutes) if Send.objects.filter(org=org).exists() else timedelta(days=1)
        last = Job.objects.filter(org=org, kind=LOOK).order_by("-id").first()
        if last is None or now - last.created_at >= every:
            asked.append(api.ask(org, LOOK, by="schedule"))
    return asked


async def watch() -> None:
    """A companion of the worker: what waits after a pause, a lost answer or a job that gave up is asked for again."""

    def look() -> None:
        for org in Org.objects.all():
            queue.look_again(org)

    await in_database(look)
