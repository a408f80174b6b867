"""Running beside the older package without fighting: whether it works is looked at once a day, and who decides is chosen."""

from datetime import datetime
from typing import Final

from asgiref.sync import sync_to_async
from django.utils import timezone

from fairlead.domain.record_id import to_18
from fairlead.domain.setting import Values
from fairlead.features.moving_in import reading, settings
from fairlead.features.moving_in.models import OldPackage
from fairlead.features.moving_in.rules import holding, words
from fairlead.features.moving_in.rules.words import PREFIX
from fairlead.salesforce.client import Salesforce
from fairlead.store import setting_rows
from fairlead.store.models import Org
from fairlead.sync.failures import salesforce_failures

WATCHED: Final = (words.CLIENT, words.LIST, words.MEMBER, words.LINE, words.RULE, words.IMPORT, words.SETTINGS)
"""Objects whose records change while the package works: its sync writes the first three each hour."""


async def check(org: Org, crm: Salesforce, chosen: Values, connected: str) -> None:
    """Look where that is due, then raise OldPackageDecides where Fairlead must not write; or another Failure.

    `connected` is the Salesforce org's id as it was kept when it was connected.
    """
    seen = await sync_to_async(kept)(org)
    same = seen.salesforce[:15] == connected[:15]
    if holding.due(seen.looked_at, timezone.now(), same_org=same):
        await look(seen, crm, connected)
        await sync_to_async(seen.save)()
    if holding.holds(working=works(seen, chosen), chosen=chosen.of(settings.DECIDES)):
        raise holding.OldPackageDecides


async def look(seen: OldPackage, crm: Salesforce, connected: str) -> None:
    """Whether the package is there, and when a record of it changed last. Costs a call, and up to seven more. Not saved."""
    there = await reading.objects(crm)
    changed: list[datetime] = []
    readable = not there
    with salesforce_failures("see whether the older package works"):
        for name in WATCHED:
            if name not in there:
                continue
            soql = f"SELECT SystemModstamp FROM {PREFIX}{name} ORDER BY SystemModstamp DESC LIMIT 1"
            try:
                rows = [row async for page in crm.query(soql) for row in page]
            except reading.REFUSED:
                continue
            readable = True
            changed += [datetime.fromisoformat(str(row["SystemModstamp"])) for row in rows]
    seen.salesforce = to_18(connected) if connected else ""
    seen.objects_there, seen.readable = len(there), readable
    seen.changed_at, seen.looked_at = max(changed, default=None), timezone.now()


def kept(org: Org) -> OldPackage:
    """What was seen last; of an org that nobody has looked at, nothing."""
    found, _ = OldPackage.objects.get_or_create(org=org)
    return found


def works(seen: OldPackage, chosen: Values) -> bool:
    """Whether the package worked when it was last looked at."""
    days = chosen.of(settings.WORKS_DAYS)
    there = seen.objects_there > 0
    return holding.works(seen.changed_at, timezone.now(), days, there=there, readable=seen.readable)


def held(org: Org) -> bool:
    """Whether Fairlead's writes are held now, as far as is known."""
    seen = OldPackage.objects.filter(org=org).first()
    if seen is None or not seen.objects_there:
        return False
    chosen = setting_rows.values(org)
    return holding.holds(working=works(seen, chosen), chosen=chosen.of(settings.DECIDES))


def reason(org_id: int) -> str:
    """Why writes are held, as a sentence; blank where they are not."""
    org = Org.objects.filter(pk=org_id).first()
    return holding.OldPackageDecides().text if org is not None and held(org) else ""


def decide(org: Org, who: str, by: str) -> None:
    """Say who writes while both are there; it is audited, and can be taken back. Raises NoSuchDecider."""
    if who not in (holding.FAIRLEAD, holding.OLD_PACKAGE):
        raise holding.NoSuchDecider(who)
    setting_rows.put(org, settings.DECIDES, who, by)
