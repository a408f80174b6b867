"""The answer to “why is this person there, or not?”: read live on both sides, put together, kept nowhere (C3)."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

from asgiref.sync import sync_to_async

from fairlead.domain.failure import Failure
from fairlead.domain.said import Said
from fairlead.features.people import account, kept, org
from fairlead.features.people.asking import whom
from fairlead.features.people.facts import Facts, Json, Matching, OnList, Suppressed
from fairlead.features.people.rules.verdicts import Verdict, Winner, verdicts, winners
from fairlead.store import audit
from fairlead.store.models import Org
from fairlead.sync import explaining, known, sides


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
    matching = await sync_to_async(kept.matching)(who)
    person = await whom(who, asked, matching)
    await sync_to_async(audit.record)(who, by, "explain a person", person.subject)
    return [await explained(who, address, only, matching) for address in person.addresses]


async def explained(who: Org, address: str, only: str, matching: Matching) -> Explanation:
    """The explanation of one address."""
    facts = await _facts(who, address, only, matching)
    contact, lead = winners(facts.people, matching, address)
    return Explanation(facts, verdicts(facts), contact, lead)


async def _facts(who: Org, address: str, only: str, matching: Matching) -> Facts:
    lists, suppressed, account_problem = await _in_account(who, address, only, matching)
    in_org, told, org_problem = await _in_org(who, address, matching)
    said = [*await explaining.ask_remembered(explaining.Asked(who.pk, address)), *told]
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
