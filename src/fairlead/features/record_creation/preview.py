"""What the next sync would create for a list, read live; and the act that offers refused rows again."""

from collections import Counter
from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, Final

from asgiref.sync import sync_to_async

from fairlead.domain.failure import FixTheSettings
from fairlead.domain.field_values import DoesNotFit
from fairlead.features.record_creation import rules, settings
from fairlead.features.record_creation.creation import AT_ONCE, refused_before, scope_of
from fairlead.features.record_creation.flow import custom_fields
from fairlead.features.record_creation.org import OrgPeople
from fairlead.features.record_creation.rules import Candidate, Plan
from fairlead.salesforce import names
from fairlead.salesforce.client import Salesforce
from fairlead.salesforce.query import quote
from fairlead.store import audit, hashing, secrets, setting_rows
from fairlead.store.ledger import LedgerKeys, PostgresLedger
from fairlead.store.ledger_models import RowRefusal, ScopeState
from fairlead.store.models import Org
from fairlead.sync import sides
from fairlead.sync.failures import salesforce_failures
from fairlead.sync.org_matcher import OrgMatcher
from fairlead.sync.ports import Matcher
from fairlead.sync.stage import ClientScope, ListScope

KIND: Final = "records"


class NoSuchList(FixTheSettings):
    """Salesforce has no list of that id."""

    code = "FL-436"
    next_step = "Run a sync first; the page New contacts and leads shows the lists and their ids."

    def __init__(self, list_id: str) -> None:
        super().__init__(f"No list {list_id} is in Salesforce.")


@dataclass(slots=True)
class Preview:
    """Counts of a list's active members without contact and lead. `problems`: why the rule cannot work, if it cannot.

    `unfit` counts, by reason, those whose values do not fit; `reasons` counts why earlier ones were refused.
    """

    list_id: str
    name: str
    creates: str = ""
    problems: tuple[str, ...] = ()
    unlinked: int = 0
    would_create: int = 0
    already_match: int = 0
    refused_before: int = 0
    most: int = 0
    unfit: dict[str, int] = field(default_factory=dict)
    reasons: Mapping[str, int] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """As the command line prints it."""
        names_of = ("list_id", "name", "creates", "unlinked", "would_create", "already_match", "refused_before", "most")
        told = {name: getattr(self, name) for name in names_of}
        return told | {"problems": list(self.problems), "unfit": self.unfit, "reasons": dict(self.reasons)}


async def lists(org: Org) -> list[tuple[str, str, str]]:
    """(id, name, client's name) of every list in Salesforce, by client and name. Raises a Failure."""
    soql = f"SELECT List_Id__c, Name, Client__r.Name FROM {names.LIST} ORDER BY Client__r.Name, Name"
    async with sides.salesforce(org.pk) as crm:
        with salesforce_failures("read the lists"):
            rows = [row async for page in crm.query(soql) for row in page]
    return [(row["List_Id__c"], row["Name"], (row["Client__r"] or {}).get("Name", "")) for row in rows]


async def preview(org: Org, list_id: str) -> Preview:
    """What the next sync would do for a list. Raises a Failure; a rule that cannot work is told in `problems`."""
    async with sides.salesforce(org.pk) as crm:
        return await preview_on(org, crm, OrgMatcher(crm, read_all=False), list_id)


async def preview_on(org: Org, crm: Salesforce, matcher: Matcher, list_id: str) -> Preview:
    """The same on an open org."""
    of = await _list(crm, list_id)
    values = await sync_to_async(setting_rows.values)(org)
    found = Preview(list_id, of.name, most=values.of(settings.MOST), reasons=await _reasons(org, of))
    rule = rules.rule_of(values, list_id)
    if rule is None:
        return found
    found.creates = rule.object
    people = OrgPeople(crm)
    try:
        plan = rules.plan(rule, await people.describe(rule.object))
        if plan.needs_custom_fields:
            async with sides.campaign_monitor(org.pk) as account:
                plan = rules.resolved(plan, await custom_fields(account, list_id))
    except rules.WrongRule as wrong:
        found.problems = wrong.problems
        return found
    ledger = PostgresLedger(
        org.pk,
        0,
        lambda: None,
        LedgerKeys(hashing.address_key(), hashing.content_key(), secrets.seal, secrets.unseal),
    )
    known = dict(await ledger.digests(scope_of(of)))
    async with aclosing(people.unlinked([list_id], None)) as pages:
        async for page in pages:
            found.unlinked += len(page)
            refused = [refused_before(ledger, known, plan, one) for one in page]
            found.refused_before += sum(refused)
            rest = [one for one, before in zip(page, refused, strict=True) if not before]
            for first in range(0, len(rest), AT_ONCE):
                await _count(found, plan, matcher, rest[first : first + AT_ONCE])
    return found


async def _count(found: Preview, plan: Plan, matcher: Matcher, part: list[Candidate]) -> None:
    contacts, leads = await matcher.match([one.address for one in part])
    for one, contact, lead in zip(part, contacts, leads, strict=True):
        if contact or lead:
            found.already_match += 1
            continue
        try:
            rules.record_of(plan, one)
        except DoesNotFit as wrong:
            found.unfit[str(wrong)] = found.unfit.get(str(wrong), 0) + 1
        else:
            found.would_create += 1


async def _list(crm: Salesforce, list_id: str) -> ListScope:
    soql = f"SELECT Name, Client__r.Client_Id__c, Client__r.Name FROM {names.LIST} WHERE List_Id__c = {quote(list_id)}"
    with salesforce_failures("read a list"):
        rows = [row async for page in crm.query(soql) for row in page]
    if not rows:
        raise NoSuchList(list_id)
    client = rows[0]["Client__r"] or {}
    return ListScope(list_id, rows[0]["Name"], ClientScope(client.get("Client_Id__c", ""), client.get("Name", ""), ""))


@sync_to_async
def _reasons(org: Org, of: ListScope) -> Mapping[str, int]:
    """How many rows of the list stand refused, by reason."""
    refusals = RowRefusal.objects.filter(scope__org=org, scope__kind=KIND, scope__list=of.id)
    return dict(Counter(refusals.values_list("reason", flat=True)))


def retry(org: Org, by: str, list_id: str = "") -> int:
    """Forget what was refused, of one list or of all: the next sync offers it again. Tells how many rows that are."""
    scopes = ScopeState.objects.filter(org=org, kind=KIND)
    if list_id:
        scopes = scopes.filter(list=list_id)
    rows = RowRefusal.objects.filter(scope__in=scopes).count()
    scopes.delete()
    audit.record(org, by, "retry new records", list_id or "all lists")
    return rows
