"""What is asked of Salesforce: descriptions for mappings, and records as they are at the moment of sending."""

import re
from collections.abc import Sequence
from typing import Any, Final

from fairlead.domain import field_paths
from fairlead.features.transactional_email.rules import compiling
from fairlead.features.transactional_email.rules.compiling import Org, Plan
from fairlead.features.transactional_email.rules.failures import MappingDoesNotFit
from fairlead.features.transactional_email.rules.words import Draft
from fairlead.salesforce.client import Salesforce
from fairlead.salesforce.errors import SalesforceError, Unavailable
from fairlead.salesforce.query import split_in
from fairlead.sync.described import Hidden, describe, described
from fairlead.sync.failures import salesforce_failures

BAD_REQUEST: Final = 400
EMAIL_MESSAGE: Final = "EmailMessage"
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,79}", re.ASCII)


async def fitting(crm: Salesforce, draft: Draft) -> Org:
    """What the org says about everything that a mapping names; what it does not show is left out. Raises a Failure."""
    if not _NAME.fullmatch(draft.object):
        return Org({}, {})
    try:
        objects = dict(await described(crm, draft.object, compiling.paths(draft)))
    except Hidden:
        return Org({}, {})
    children: dict[str, tuple[str, str]] = {}
    for one in objects[draft.object.lower()].children:
        if one.name:
            children[one.name.lower()] = (one.name, one.object)
    named = {}
    for name in compiling.relationships(draft):
        if name.lower() in children:
            try:
                objects |= await described(crm, children[name.lower()][1], compiling.child_paths(draft, name))
                named[name.lower()] = children[name.lower()]
            except Hidden:
                continue
    return Org(objects, named, await _messages_about(crm) if draft.message else ())


async def _messages_about(crm: Salesforce) -> tuple[str, ...]:
    """Objects that an e-mail message can be related to."""
    try:
        info = await describe(crm, EMAIL_MESSAGE)
    except Hidden:
        return ()
    fields = (info.field("RelatedToId"), info.field("ParentId"))
    return tuple(name for field in fields if field is not None for name in field.reference_to)


async def offered(crm: Salesforce, draft: Draft) -> dict[str, list[tuple[str, str]]]:
    """What the form offers: fields of the object, and its child relationships, as (path, label). Raises a Failure."""
    if not _NAME.fullmatch(draft.object):
        return {"fields": [], "children": []}
    info = await describe(crm, draft.object)
    looked_into = ["Account.Id", "Contact.Id"]
    found = await described(crm, draft.object, [*compiling.paths(draft), *looked_into])
    fields = field_paths.choices(info.name, found, filters=False)
    return {"fields": fields, "children": [(one.name, one.object) for one in info.children if one.name]}


async def records(crm: Salesforce, plan: Plan, ids: Sequence[str], name: str) -> dict[str, dict[str, Any]]:
    """The records of these ids as they are now, by id. Raises MappingDoesNotFit, or a Failure."""
    found: dict[str, dict[str, Any]] = {}
    with salesforce_failures("read the records of smart e-mails"):
        try:
            for soql in split_in(f"{plan.soql} WHERE Id IN", sorted(set(ids))):
                async for page in crm.query(soql):
                    found |= {str(row["Id"]): row for row in page}
        except Unavailable:
            raise
        except SalesforceError as error:
            if error.status != BAD_REQUEST:
                raise
            raise MappingDoesNotFit(name) from error
    return found


async def check(crm: Salesforce, plan: Plan, name: str) -> None:
    """Have the org read the query of a plan without running it. Raises MappingDoesNotFit, or a Failure."""
    with salesforce_failures("read the query of a mapping"):
        try:
            await crm.explain(f"{plan.soql} LIMIT 1")
        except Unavailable:
            raise
        except SalesforceError as error:
            if error.status != BAD_REQUEST:
                raise
            raise MappingDoesNotFit(name) from error
