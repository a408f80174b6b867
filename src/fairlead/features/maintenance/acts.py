"""What people do with messages: resolve them, or ask again for the work that failed."""

from django.db import transaction

from fairlead.features.maintenance import notes, rules
from fairlead.features.maintenance.models import Message, State
from fairlead.jobs import api
from fairlead.jobs.models import Job
from fairlead.store import audit
from fairlead.store.models import Org


def find(org: Org, number: int) -> Message:
    """The message of this number. Raises NoSuchMessage."""
    message = Message.objects.filter(org=org, pk=number).first()
    if message is None:
        raise rules.NoSuchMessage(number)
    return message


def resolve(org: Org, number: int, by: str) -> Message:
    """Resolve a message; harmless when it is resolved. It comes back when the same happens again. Raises NoSuchMessage."""
    with transaction.atomic():
        message = find(org, number)
        if notes.resolve(Message.objects.filter(pk=message.pk), by, "Resolved by hand."):
            audit.record(org, by, "resolve message", f"{message.code} {message.number}")
    message.refresh_from_db()
    return message


def retry(org: Org, number: int, by: str) -> Job:
    """Ask again for the work of the message's job; the message resolves itself when it succeeds.

    Raises NoSuchMessage, NothingToRetry, or NotEnded where that job still runs.
    """
    message = find(org, number)
    if message.job_id is None or not Job.objects.filter(org=org, pk=message.job_id).exists():
        raise rules.NothingToRetry(number)
    return api.retry(message.job_id, by)


def can_retry(message: Message) -> bool:
    """Whether there is a job to ask for again."""
    return message.state == State.OPEN and Job.objects.filter(org=message.org_id, pk=message.job_id or 0).exists()


def for_support(message: Message, version: str) -> str:
    """What to copy into a letter to support: no personal data, no credentials."""
    lines = (
        ("Code", message.code),
        ("What", message.what),
        ("Next step", message.next_step),
        ("Kind", message.kind),
        ("Stage", message.stage),
        ("Job", message.job_id or ""),
        ("Client", message.client_id),
        ("List", message.list_id),
        ("Rows", "" if message.rows is None else message.rows),
        ("First seen", f"{message.first_seen:%Y-%m-%d %H:%M:%S} UTC"),
        ("Last seen", f"{message.last_seen:%Y-%m-%d %H:%M:%S} UTC"),
        ("Times", message.times),
        ("State", f"{message.get_state_display()} {message.resolution}".strip()),
        ("Fairlead", version),
    )
    return "\n".join(f"{name}: {value}" for name, value in lines if value != "")
