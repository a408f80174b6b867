"""Saving a mapping: compiled against the org as it is, then kept. Shared by pages and commands."""

from dataclasses import dataclass

from asgiref.sync import sync_to_async

from fairlead.features.transactional_email import keeping, org
from fairlead.features.transactional_email.models import SmartMapping
from fairlead.features.transactional_email.rules.compiling import Plan, compiled
from fairlead.features.transactional_email.rules.failures import BadMapping, NoSuchSmartEmail
from fairlead.features.transactional_email.rules.words import Draft, Wrong
from fairlead.store.models import Org
from fairlead.sync import sides


@dataclass(frozen=True, slots=True)
class Offered:
    """What the form of a mapping offers: (path, label) of fields, (name, object) of child relationships."""

    fields: list[tuple[str, str]]
    children: list[tuple[str, str]]


async def compile_draft(who: Org, draft: Draft) -> Plan:
    """The plan of a mapping. Raises BadMapping with all that is wrong, or a Failure."""
    try:
        smart = await sync_to_async(keeping.smart_email)(who, draft.smart)
    except NoSuchSmartEmail:
        raise BadMapping([Wrong("", "choose a smart e-mail")]) from None
    async with sides.salesforce(who.pk) as crm:
        plan = compiled(draft, await org.fitting(crm, draft), smart.variables)
        await org.check(crm, plan, draft.name)
    return plan


async def save(who: Org, draft: Draft, by: str) -> SmartMapping:
    """Check and keep. Raises BadMapping, ChangedMeanwhile, or a Failure."""
    plan = await compile_draft(who, draft)
    return await sync_to_async(keeping.save)(who, draft, plan, by)


async def offered(who: Org, draft: Draft) -> Offered:
    """Fields and children of the draft's object. Raises a Failure."""
    async with sides.salesforce(who.pk) as crm:
        return Offered(**await org.offered(crm, draft))
