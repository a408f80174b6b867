"""A person's memberships over all lists, for commands and programs: states and dates, and which lists could be added."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from asgiref.sync import sync_to_async

from fairlead.domain.failure import Failure
from fairlead.features.people import account, kept, managing
from fairlead.features.people.asking import whom
from fairlead.features.people.facts import OnList, Suppressed
from fairlead.features.people.rules.memberships import MAILED, Place
from fairlead.store import audit
from fairlead.store.models import Org
from fairlead.sync import known, sides


@dataclass(frozen=True, slots=True)
class Memberships:
    """The lists that know the address, and those of synced clients that do not mail to it."""

    address: str = field(repr=False)
    lists: Sequence[OnList] = ()
    suppressed: Sequence[Suppressed] = ()
    others: Sequence[Place] = ()
    problems: Sequence[Failure] = ()

    def as_dict(self) -> dict[str, Any]:
        """For JSON. `managed`: whether the list's client is synced, so that the list may be managed here."""
        return {
            "memberships": [
                {
                    "list_id": one.id,
                    "list": one.name,
                    "client": one.client_name,
                    "managed": one.selected,
                    "state": one.state,
                    "mailed": one.state in MAILED,
                    "since": one.since,
                    "joined": one.joined,
                    "consent_to_track": one.consent_to_track,
                }
                for one in self.lists
            ],
            "suppressed": [{"client": one.client, "since": one.since, "reason": one.reason} for one in self.suppressed],
            "other_lists": [{"list_id": one.list, "list": one.name, "client": one.client_name} for one in self.others],
            "problems": [{"code": one.code, "text": one.text, "next_step": one.step} for one in self.problems],
        }


async def memberships(who: Org, asked: str, *, by: str, email_field: str = "") -> list[Memberships]:
    """Those of each address of whom is asked for. Raises as `asking.whom` does; an account that fails is told."""
    matching = await sync_to_async(kept.matching)(who)
    person = await whom(who, asked, matching, email_field=email_field)
    await sync_to_async(audit.record)(who, by, "look at a person's lists", person.subject)
    return [await _of(who, address) for address in person.addresses]


async def _of(who: Org, address: str) -> Memberships:
    clients = await sync_to_async(known.clients)(who.pk)
    try:
        async with sides.campaign_monitor(who.pk) as opened:
            lists = await account.lists_of(opened, clients, address, "", "")
            suppressed = await account.suppressed(opened, clients, address)
    except Failure as failure:
        return Memberships(address, problems=[failure])
    mailed = {one.id for one in lists if one.state in MAILED}
    others = [place for place in await sync_to_async(managing.places)(who) if place.list not in mailed]
    return Memberships(address, lists, suppressed, others)
