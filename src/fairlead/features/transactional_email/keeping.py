"""Mappings as rows: read, saved with a version and an audit entry, cloned, deleted. Plain Django."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db import transaction

from fairlead.features.transactional_email.models import Send, SmartEmail, SmartMapping
from fairlead.features.transactional_email.rules.compiling import Plan, plan_as_json, plan_from
from fairlead.features.transactional_email.rules.failures import BadMapping, NoSuchMapping, NoSuchSmartEmail
from fairlead.features.transactional_email.rules.notation import as_json, draft_from
from fairlead.features.transactional_email.rules.words import LONGEST_NAME, Draft, State, Wrong
from fairlead.store import audit, orgs, secrets
from fairlead.store.models import KnownList, Org
from fairlead.store.setting_rows import ChangedMeanwhile


@dataclass(frozen=True, slots=True)
class Kept:
    """A mapping as a send needs it."""

    draft: Draft
    plan: Plan
    client: str
    smart_name: str
    active: bool


def find(org: Org, uid: str) -> SmartMapping:
    """The mapping of this id. Raises NoSuchMapping."""
    found = SmartMapping.objects.filter(org=org, uid=uid).first()
    if found is None:
        raise NoSuchMapping(uid)
    return found


def smart_emails(org: Org) -> Sequence[SmartEmail]:
    """The smart e-mails that were seen, by name."""
    return list(SmartEmail.objects.filter(org=org))


def smart_email(org: Org, smart_id: str) -> SmartEmail:
    """The smart e-mail of this id. Raises NoSuchSmartEmail."""
    found = SmartEmail.objects.filter(org=org, smart_id=smart_id, gone=False).first()
    if found is None:
        raise NoSuchSmartEmail(smart_id)
    return found


def kept(org: Org, uid: str) -> Kept:
    """A mapping with what is sealed beside it. Raises NoSuchMapping, CannotOpenSecret."""
    row = find(org, uid)
    body = _opened(org, row)
    smart = SmartEmail.objects.filter(org=org, smart_id=row.smart_id).first()
    draft = replace(draft_from(body["draft"]), id=row.uid, version=row.version)
    return Kept(
        draft,
        plan_from(body["plan"]),
        row.client,
        smart.name if smart else row.smart_id,
        smart.active if smart else False,
    )


def draft_of(org: Org, uid: str) -> Draft:
    """A mapping as it was saved. Raises NoSuchMapping, CannotOpenSecret."""
    return kept(org, uid).draft


def check_list(org: Org, draft: Draft, smart: SmartEmail) -> None:
    """Raises BadMapping where recipients would be added to a list that is not one of the e-mail's client."""
    if draft.list and not KnownList.objects.filter(org=org, list_id=draft.list, client_id=smart.client).exists():
        raise BadMapping([Wrong("", "the list is not one of the client whose smart e-mail it is")])


def save(org: Org, draft: Draft, plan: Plan, by: str) -> SmartMapping:
    """Keep a mapping that was compiled. Raises BadMapping, NoSuchMapping, NoSuchSmartEmail, ChangedMeanwhile."""
    with transaction.atomic():
        orgs.lock(org.pk)
        smart = smart_email(org, draft.smart)
        check_list(org, draft, smart)
        row, before = _row(org, draft)
        if SmartMapping.objects.filter(org=org, name=draft.name).exclude(pk=row.pk).exists():
            raise BadMapping([Wrong("", f"there is a mapping “{draft.name}” already")])
        row.client, row.smart_id, row.changed_by = smart.client, smart.smart_id, by
        row.name, row.description, row.object = draft.name, draft.description, plan.object
        row.save()
        body = {"draft": as_json(replace(draft, id="", version=None)), "plan": plan_as_json(plan)}
        secrets.put(org, _secret(row), json.dumps(body))
        did = "change smart e-mail mapping" if before else "make smart e-mail mapping"
        audit.record(org, by, did, _subject(row), before=before, after=_told(draft))
    return row


def clone(org: Org, uid: str, by: str) -> SmartMapping:
    """The same mapping once more, under a name and an id of its own. Raises NoSuchMapping."""
    with transaction.atomic():
        orgs.lock(org.pk)
        source = find(org, uid)
        body = _opened(org, source)
        taken = set(SmartMapping.objects.filter(org=org).values_list("name", flat=True))
        name = next(name for name in _names(source.name) if name not in taken)
        body["draft"]["name"] = name
        row = SmartMapping.objects.create(
            org=org,
            client=source.client,
            smart_id=source.smart_id,
            name=name,
            description=source.description,
            object=source.object,
            changed_by=by,
        )
        secrets.put(org, _secret(row), json.dumps(body))
        audit.record(org, by, "clone smart e-mail mapping", _subject(row), before=source.uid)
    return row


def delete(org: Org, uid: str, by: str) -> None:
    """Delete a mapping; what waits for it is refused by the next job. Raises NoSuchMapping."""
    with transaction.atomic():
        row = find(org, uid)
        audit.record(org, by, "delete smart e-mail mapping", _subject(row), before=_told(draft_of(org, uid)))
        secrets.delete(org, _secret(row))
        row.delete()


def open_sends(org: Org, uid: str) -> int:
    """How many items of the queue wait for a mapping."""
    return Send.objects.filter(org=org, mapping=uid, state__in=[State.WAITING, State.SENDING]).count()


def _names(name: str) -> Any:
    yield from (f"{name[: LONGEST_NAME - 12]} ({number})" for number in range(2, 10_000))


def _row(org: Org, draft: Draft) -> tuple[SmartMapping, Any]:
    if not draft.id:
        return SmartMapping(org=org), None
    row = find(org, draft.id)
    if draft.version is not None and draft.version != row.version:
        raise ChangedMeanwhile(row.name, row.changed_by)
    before = _told(draft_of(org, row.uid))
    row.version += 1
    return row, before


def _told(draft: Draft) -> dict[str, Any]:
    """For the audit log: fields and operators, never fixed addresses or values."""
    told = {name: getattr(draft, name) for name in ("smart", "object", "name", "list", "track", "task", "message")}
    return told | {
        "variables": {one.name: one.field for one in draft.variables},
        "lists": {one.name: one.relationship for one in draft.listings},
        "recipients": [
            f"{one.kind} {'a fixed address' if one.source == 'address' else one.value}" for one in draft.recipients
        ],
    }


def _subject(row: SmartMapping) -> str:
    return f"smart e-mail mapping {row.uid} “{row.name}”"[:200]


def _secret(row: SmartMapping) -> str:
    return f"smart_email_mapping.{row.uid}"


def _opened(org: Org, row: SmartMapping) -> dict[str, Any]:
    found = secrets.get(org, _secret(row))
    if not found:
        raise NoSuchMapping(row.uid)
    body: dict[str, Any] = json.loads(found)
    return body
