"""Taking requests: each is kept sealed, once, with a job that carries it out. Nothing is read or written elsewhere here."""

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from fairlead.domain.failure import Failure
from fairlead.domain.outward_settings import PAUSED
from fairlead.features.flow_requests import rules
from fairlead.features.flow_requests.models import FlowRequest, Outcome
from fairlead.features.flow_requests.rules import Action
from fairlead.jobs import api
from fairlead.jobs.context import in_database
from fairlead.jobs.models import Job, State
from fairlead.salesforce import names
from fairlead.salesforce.event_decode import Look
from fairlead.store import hashing, secrets, setting_rows
from fairlead.store.models import Org

FIELDS: Final = {
    "action": "Action__c",
    "record_id": "Record_Id__c",
    "list_id": "List_Id__c",
    "mapping_id": "Mapping_Id__c",
    "field": "Field__c",
    "value": "Value__c",
    "request_id": "Request_Id__c",
}
AGAIN_AFTER: Final = timedelta(minutes=10)
TOPIC: Final = f"/event/{names.REQUEST}"


Sender = Callable[[Org, bytes, str, str, str], object]
"""Takes a send: the hash of the request's id, the mapping's id, the record's id, who asked. Raises a Failure."""
_senders: list[Sender] = []


def send_by(*senders: Sender) -> None:
    """Say who sends smart e-mails; a later call replaces an earlier one."""
    _senders[:] = senders


def take(org: Org, given: Mapping[str, Any], by: str) -> FlowRequest:
    """Keep a request and ask for the job. One that is known is given as it stands.

    Raises BadRequest, RequestIdTaken, or what who sends smart e-mails says against it.
    """
    asked, name = rules.read(given), rules.request_id(given)
    told = [asked.action, asked.record, asked.list, asked.custom_field, asked.value]
    if asked.mapping:
        told.append(asked.mapping)
    content = hashing.keyed_hash(f"request content\n{json.dumps(told)}")
    with transaction.atomic():
        found, new = FlowRequest.objects.get_or_create(
            org=org,
            id_hash=_hash(name),
            defaults={
                "content": content,
                "sealed": secrets.seal(json.dumps([name, *told])),
                "action": asked.action,
                "asked_by": by,
            },
        )
        if not new and bytes(found.content) != content:
            raise rules.RequestIdTaken
        if new and asked.action is Action.SEND:
            for sender in _senders:
                sender(org, bytes(found.id_hash), asked.mapping, asked.record, by)
        elif new:
            ask(org, by)
    return found


def settled(org: Org, id_hash: bytes, failure: Failure | None, remark: str) -> None:
    """A send has ended: done, perhaps with a remark, or refused. Its outcome is told by the next job."""
    rows = FlowRequest.objects.filter(org=org, id_hash=id_hash, action=Action.SEND)
    told = {
        "outcome": Outcome.DONE if failure is None else Outcome.REFUSED,
        "support_code": failure.code if failure else "",
        "reason": str(failure) if failure else remark,
        "done_at": timezone.now(),
    }
    if rows.update(**told):
        ask(org, "Fairlead")


def refuse(org: Org, name: str, given: Mapping[str, Any], failure: Failure) -> None:
    """Keep that a request of an event cannot be carried out, so that its result is told."""
    told = ["", str(given.get("record_id") or "")[:18], "", "", ""]
    FlowRequest.objects.get_or_create(
        org=org,
        id_hash=_hash(name),
        defaults={
            "content": hashing.keyed_hash("refused"),
            "sealed": secrets.seal(json.dumps([name, *told])),
            "outcome": Outcome.REFUSED,
            "support_code": failure.code,
            "reason": str(failure),
            "done_at": timezone.now(),
            "asked_by": "Salesforce",
        },
    )
    ask(org, "Salesforce")


async def heard(org: Org, look: Look) -> None:
    """Keep the request of a platform event."""
    await in_database(_heard, org, look)


def _heard(org: Org, look: Look) -> None:
    """Keep the request of a platform event; without an id of its own it goes by its place among the events."""
    values = look.values or {}
    given = {name: values.get(field) or "" for name, field in FIELDS.items()}
    given["request_id"] = given["request_id"] or f"event {(look.replay_id or b'').hex()}"
    try:
        take(org, given, "Salesforce")
    except rules.RequestIdTaken:
        return  # the first one counts, and its result is told
    except Failure as failure:
        refuse(org, str(given["request_id"])[: rules.LONGEST_ID], given, failure)


def find(org: Org, name: str) -> FlowRequest:
    """The request of this id. Raises NoSuchRequest."""
    found = FlowRequest.objects.filter(org=org, id_hash=_hash(name)).first()
    if found is None:
        raise rules.NoSuchRequest
    return found


def due(org: Org) -> Any:
    """Requests whose outcome is not told yet, the oldest first; while everything is paused only unsubscribes are.

    Sends wait elsewhere: of them only those that have ended are due.
    """
    rows = FlowRequest.objects.filter(org=org, sealed__isnull=False).order_by("id")
    rows = rows.exclude(outcome=Outcome.WAITING, action=Action.SEND)
    if setting_rows.value(org, PAUSED):
        rows = (
            rows.exclude(outcome=Outcome.WAITING)
            .union(rows.filter(outcome=Outcome.WAITING, action=Action.UNSUBSCRIBE))
            .order_by("id")
        )
    return rows


def ask(org: Org, by: str) -> None:
    """Ask for the job that carries out what is due."""
    api.ask(org, rules.KIND, by=by)


def look_again(org: Org) -> None:
    """Ask for the job where anything is due: after a pause, or some minutes after a job has given up."""
    if not due(org).exists():
        return
    last = Job.objects.filter(org=org, kind=rules.KIND).first()
    failed_at = last.finished_at if last is not None and last.state == State.FAILED else None
    if failed_at is None or timezone.now() - failed_at > AGAIN_AFTER:
        ask(org, "schedule")


def forget(org: Org) -> None:
    """Forget requests that are done, after the chosen days."""
    before = timezone.now() - timedelta(days=setting_rows.value(org, rules.KEEP_DAYS))
    FlowRequest.objects.filter(org=org, sealed__isnull=True, done_at__lt=before).delete()


def _hash(name: str) -> bytes:
    return hashing.keyed_hash(f"request\n{name}")
