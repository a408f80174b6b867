"""Records of members follow their subscribers to new addresses: no date of Campaign Monitor tells of such a change (C7)."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from fairlead.domain.address import member_key
from fairlead.salesforce import names
from fairlead.salesforce.client import Salesforce
from fairlead.salesforce.collections import RowResult
from fairlead.sync.failures import SalesforceUnavailable, salesforce_failures


@dataclass(frozen=True, slots=True)
class Follows:
    """The record `id` of a list becomes that of the address `to`; where that has a record already (`merge`), this one goes."""

    id: str
    list: str
    to: str = field(repr=False)
    merge: bool = False


async def let_follow(crm: Salesforce, follows: Sequence[Follows]) -> int:
    """Write it; gives how many were refused for good. Done twice it changes nothing more.

    Raises SalesforceUnavailable where some may be taken later, or another Failure.
    """
    renamed = [
        {"Id": one.id, names.MEMBER_KEY: member_key(one.list, one.to), "Email__c": one.to}
        for one in follows
        if not one.merge
    ]
    merged = [one.id for one in follows if one.merge]
    with salesforce_failures("let records follow their addresses"):
        done = await crm.collections.update(names.MEMBER, renamed) if renamed else []
        done += await crm.collections.delete(merged) if merged else []
    return refused_for_good(done)


def refused_for_good(done: Sequence[RowResult]) -> int:
    """How many of these were refused for good. Raises SalesforceUnavailable where some may be taken later."""
    refused = [row for row in done if not row.success]
    locked = [row for row in refused if row.retryable]
    if locked:
        raise SalesforceUnavailable(f"{len(locked)} records cannot follow their addresses now ({locked[0].code}).")
    return len(refused)
