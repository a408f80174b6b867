"""Where buttons of the org lead: the page here that a record's id belongs to. Addresses of other rooms are known by name."""

from typing import Final

from asgiref.sync import sync_to_async

from fairlead.features.people import kept
from fairlead.features.people.asking import RECORD_ID, NoSuchRecord, NotAPerson, addresses_of, object_of
from fairlead.features.people.org import rows
from fairlead.salesforce import names
from fairlead.salesforce.query import quote
from fairlead.store.models import Org
from fairlead.sync import sides
from fairlead.sync.failures import salesforce_failures

PAGES: Final = {
    names.LIST: ("list", names.LIST_KEY),
    names.CAMPAIGN: ("campaign", names.CAMPAIGN_KEY),
}
"""The page of an object's records, and the field whose value stands in its address."""
OVERVIEWS: Final = {names.CLIENT: "connections", "Campaign": "salesforce_campaigns"}
PERSON: Final = "person"


async def page_of(who: Org, record: str) -> tuple[str, str]:
    """The name of a page's address, and what stands in it; blank for a page without.

    Raises NotAPerson for what is no id, NoSuchRecord where nobody is behind it, or a Failure where the org cannot be asked.
    """
    if not RECORD_ID.fullmatch(record):
        raise NotAPerson
    if record[:3] in ("003", "00Q", "001"):
        return PERSON, record  # its page looks the record up itself
    matching = await sync_to_async(kept.matching)(who)
    async with sides.salesforce(who.pk) as crm:
        with salesforce_failures("read a record"):
            kind = await object_of(crm, record)
        if kind in OVERVIEWS:
            return OVERVIEWS[kind], ""
        if kind in PAGES:
            name, key = PAGES[kind]
            with salesforce_failures("read a record"):
                found = await rows(crm, f"SELECT {key} FROM {kind} WHERE Id = {quote(record)}")
            if not found or not found[0][key]:
                raise NoSuchRecord(record)
            return name, str(found[0][key])
        if not kind or not await addresses_of(crm, record, matching):
            raise NoSuchRecord(record)
    return PERSON, record
