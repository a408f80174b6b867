"""What the org tells of itself, for the check before anything is installed. Read live; names are shown, not kept."""

import asyncio
from dataclasses import dataclass
from datetime import date
from typing import Any

from fairlead.domain.failure import Failure
from fairlead.features.setup.rules.checks import Check, Facts, Right, State, checks
from fairlead.salesforce import names, rights
from fairlead.salesforce.client import Salesforce
from fairlead.salesforce.describe import Identity
from fairlead.salesforce.errors import RecordRefused, RequestWrong, SetupRefused
from fairlead.salesforce.limits import Limit
from fairlead.salesforce.query import quote
from fairlead.sync import sides
from fairlead.sync.failures import salesforce_failures

_REFUSED = (SetupRefused, RecordRefused, RequestWrong)
_ORGANIZATION = "SELECT Name, OrganizationType, IsSandbox, TrialExpirationDate, TimeZoneSidKey FROM Organization"
OTHER_PREFIX = "wbsendit__"
"""The namespace of the other well-known integration of Campaign Monitor."""


@dataclass(frozen=True, slots=True)
class Seen:
    """The findings, and whether our objects are there."""

    checks: list[Check]
    installed: bool | None


async def look(org_id: int) -> Seen:
    """Ask the connected org. Costs some twenty-five calls. Raises a Failure where it does not answer at all."""
    async with sides.salesforce(org_id) as crm:
        with salesforce_failures("check the org"):
            facts = await _facts(crm)
            installed = await is_installed(crm)
    return Seen(checks(facts), installed)


def unanswered(failure: Failure) -> Check:
    """The one finding about an org that does not answer."""
    return Check("API access", State.FAIL, failure.text, failure.step)


async def _facts(crm: Salesforce) -> Facts:
    (me, profile), org, found, limits, others = await asyncio.gather(
        _signed_in(crm), _row(crm, _ORGANIZATION), rights.look(crm), _limits(crm), _other_objects(crm)
    )
    calls, storage = limits.get("DailyApiRequests"), limits.get("DataStorageMB")
    return Facts(
        name=str(org.get("Name") or ""),
        edition=org.get("OrganizationType"),
        sandbox=org.get("IsSandbox"),
        trial_ends=_day(org.get("TrialExpirationDate")),
        time_zone=str(org.get("TimeZoneSidKey") or ""),
        api_version=crm.api_version,
        person=me.display_name or me.username,
        profile=profile,
        missing=tuple(Right(need.what, need.why, need.fix, need.vital) for need in found.missing),
        not_told=found.unknown,
        calls_used=calls.used if calls else None,
        calls_most=calls.maximum if calls else 0,
        calls_share=crm.budget.share,
        storage_left=storage.remaining if storage else None,
        storage_most=storage.maximum if storage else 0,
        other_objects=others,
    )


async def _signed_in(crm: Salesforce) -> tuple[Identity, str]:
    """Who is signed in, and the name of the profile."""
    me = await crm.identity()
    row = await _row(crm, f"SELECT Profile.Name FROM User WHERE Id = {quote(me.user_id)}")
    return me, str((row.get("Profile") or {}).get("Name") or "")


async def _row(crm: Salesforce, soql: str) -> dict[str, Any]:
    """The first row, empty where the user may not read it: the check goes on."""
    try:
        return next(iter([row async for page in crm.query(f"{soql} LIMIT 1") for row in page]), {})
    except _REFUSED:
        return {}


async def _limits(crm: Salesforce) -> dict[str, Limit]:
    try:
        return await crm.limits()
    except _REFUSED:
        return {}


async def _other_objects(crm: Salesforce) -> int:
    soql = f"SELECT QualifiedApiName FROM EntityDefinition WHERE QualifiedApiName LIKE '{OTHER_PREFIX}%'"
    try:
        return len([row async for page in crm.query(soql) for row in page])
    except _REFUSED:
        return 0


async def is_installed(crm: Salesforce) -> bool | None:
    """Whether the org holds our objects, each visible to the sync user; None where it does not tell."""
    try:
        for sobject in (names.CLIENT, names.MEMBER):
            await crm.describe(sobject)
    except SetupRefused:
        return False
    except (RecordRefused, RequestWrong):
        return None
    return True


def _day(text: object) -> date | None:
    return date.fromisoformat(str(text)[:10]) if text else None
