"""The answer to “why is this person there, or not?”: read live on both sides, put together, kept nowhere (C3)."""

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Final

from asgiref.sync import sync_to_async

from fairlead.domain.address import normal
from fairlead.domain.failure import Failure, FixThisRecord
from fairlead.domain.said import Said
from fairlead.features.people import account, kept, org
from fairlead.features.people.facts import Facts, Json, Matching, OnList, Suppressed
from fairlead.features.people.rules import Verdict, Winner, verdicts, winners
from fairlead.store import audit, hashing
from fairlead.store.models import Org
from fairlead.sync import explaining, known, sides

RECORD_ID: Final = re.compile(r"[a-zA-Z0-9]{15}(?:[a-zA-Z0-9]{3})?")
ADDRESS: Final = re.compile(r"[^@\s]+@[^@\s]+")
LONGEST: Final = 254


class NotAPerson(FixThisRecord):
    """What was asked for is neither an address nor the id of a record."""

    code = "FL-412"
    next_step = "Give an e-mail address, or the id of a contact, lead, person account or member (15 or 18 characters)."

    def __init__(self) -> None:
        # What was typed is not repeated: it may be somebody's name.
        super().__init__("That is no e-mail address and no record id.")


class NoSuchRecord(FixThisRecord):
    """The org has no record of that id with an address, or the user whom Fairlead signs in as may not see it."""

    code = "FL-413"
    next_step = "Look the record up in Salesforce; a record without an address belongs to no list."

    def __init__(self, record: str) -> None:
        super().__init__(f"The org shows no person {record} with an e-mail address.")


@dataclass(frozen=True, slots=True)
class Explanation:
    """One address: the facts, a verdict a list, and whom the matching rules choose."""

    facts: Facts
    verdicts: list[Verdict]
    contact: Winner
    lead: Winner

    def as_dict(self) -> Json:
        """For JSON."""
        return {
            "address": self.facts.address,
            "found": self.facts.found,
            "verdicts": [asdict(each) for each in self.verdicts],
            "matched": {"contact": asdict(self.contact), "lead": asdict(self.lead)},
            "facts": asdict(self.facts),
        }


async def explain(who: Org, asked: str, *, only: str = "", by: str = "") -> list[Explanation]:
    """The explanation of each address of what was asked for: an address, or a record's id. `only`: one list's id.

    Raises NotAPerson, NoSuchRecord, or a Failure where a record is asked for and the org cannot be.
    """
    asked = asked.strip()
    matching = await sync_to_async(kept.matching)(who)
    if "@" in asked:
        if not ADDRESS.fullmatch(asked) or len(asked) > LONGEST:
            raise NotAPerson
        addresses = [normal(asked)]
        subject = f"address {hashing.keyed_hash(addresses[0]).hex()[:16]}"
    elif RECORD_ID.fullmatch(asked):
        addresses = await _of_record(who, asked, matching)
        subject = f"record {asked}"
    else:
        raise NotAPerson
    await sync_to_async(audit.record)(who, by, "explain a person", subject)
    return [await _explained(who, address, only, matching) for address in addresses]


async def _of_record(who: Org, record: str, matching: Matching) -> list[str]:
    async with sides.salesforce(who.pk) as crm:
        found = await org.addresses_of(crm, record, matching)
    if not found:
        raise NoSuchRecord(record)
    return found


async def _explained(who: Org, address: str, only: str, matching: Matching) -> Explanation:
    facts = await _facts(who, address, only, matching)
    contact, lead = winners(facts.people, matching, address)
    return Explanation(facts, verdicts(facts), contact, lead)


async def _facts(who: Org, address: str, only: str, matching: Matching) -> Facts:
    lists, suppressed, account_problem = await _in_account(who, address, only, matching)
    in_org, said, org_problem = await _in_org(who, address, matching)
    lists = _with_members(lists, in_org, only)
    return Facts(
        address,
        tuple(await sync_to_async(kept.on_list)(who, lists, address)),
        tuple(in_org.people),
        matching,
        (*suppressed, *in_org.suppressed),
        tuple(in_org.activities),
        in_org.counts,
        tuple(in_org.campaigns),
        await sync_to_async(kept.syncs)(who),
        account_problem,
        org_problem,
        tuple(await sync_to_async(kept.chosen_of)(who)),
        tuple(one for one in said if not only or one.list in (only, "")),
    )


async def _in_account(
    who: Org, address: str, only: str, matching: Matching
) -> tuple[list[OnList], list[Suppressed], str]:
    """What Campaign Monitor says, or why it cannot be asked."""
    clients = await sync_to_async(known.clients)(who.pk)
    try:
        async with sides.campaign_monitor(who.pk) as opened:
            lists = await account.lists_of(opened, clients, address, only, matching.id_field)
            return lists, await account.suppressed(opened, clients, address), ""
    except Failure as failure:
        return [], [], str(failure)


async def _in_org(who: Org, address: str, matching: Matching) -> tuple[org.InOrg, Sequence[Said], str]:
    """What the org has, what rooms say of its records, or why it cannot be asked."""
    try:
        async with sides.salesforce(who.pk) as crm:
            found = await org.read(crm, address, matching)
            records = [("Lead" if one.kind == "Lead" else "Contact", one.id) for one in found.people]
            said = await explaining.ask(crm, explaining.Asked(who.pk, address, records))
            return found, said, ""
    except Failure as failure:
        return org.InOrg(), (), str(failure)


def _with_members(lists: Sequence[OnList], found: org.InOrg, only: str) -> list[OnList]:
    """The lists with their member records, and those lists that only the org has the address on."""
    joined = [replace(one, member=found.members.get(one.id)) for one in lists]
    seen = {one.id for one in lists}
    for list_id, member in found.members.items():
        if list_id not in seen and (not only or only == list_id) and not member.deleted:
            name, client, client_name = found.lists[list_id]
            joined.append(OnList(list_id, name, client, client_name, member=member))
    return joined
