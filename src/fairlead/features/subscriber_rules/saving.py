"""Saving a rule: compiled against the org as it is, and held against the list's other rules. Shared by pages and commands."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from asgiref.sync import sync_to_async

from fairlead.domain import field_paths as fields
from fairlead.domain.criteria import Criterion
from fairlead.domain.failure import Failure
from fairlead.features.subscriber_rules import keeping, org
from fairlead.features.subscriber_rules.keeping import Draft
from fairlead.features.subscriber_rules.models import Rule
from fairlead.features.subscriber_rules.rules.compiling import Compiled, compiled
from fairlead.features.subscriber_rules.rules.conflicts import exclude_each_other
from fairlead.features.subscriber_rules.rules.words import OBJECTS, BadRule
from fairlead.salesforce.client import Salesforce
from fairlead.store.models import Org
from fairlead.sync import sides


@dataclass(frozen=True, slots=True)
class Conflict:
    """Another enabled rule of the list that does the opposite. `both`: records that satisfy both now; -1: not known."""

    rule: int
    name: str
    does: str
    both: int

    def as_json(self) -> dict[str, Any]:
        """As the command line prints it."""
        return {
            "rule": self.rule,
            "name": self.name,
            "does": self.does,
            "records": None if self.both < 0 else self.both,
        }


@dataclass(frozen=True, slots=True)
class Saved:
    """A rule as it was saved, and with which others it is at odds."""

    rule: Rule
    conflicts: tuple[Conflict, ...]


async def check(crm: Salesforce, draft: Draft) -> Compiled:
    """The rule compiled. Raises BadRule with all that is wrong, or a Failure."""
    problems = keeping.check(draft)
    if draft.object not in OBJECTS:
        raise BadRule(problems)
    objects = await org.described(crm, draft.object, draft.criteria)
    try:
        made = compiled(draft.object, draft.criteria, draft.logic, objects)
    except BadRule as bad:
        raise BadRule([*problems, *bad.problems]) from None
    if problems:
        raise BadRule(problems)
    return made


async def save(who: Org, draft: Draft, by: str) -> Saved:
    """Check, keep, and look for conflicts. Raises BadRule, ChangedMeanwhile, or a Failure."""
    async with sides.salesforce(who.pk) as crm:
        made = await check(crm, draft)
        rule = await sync_to_async(keeping.save)(who, draft, made, by)
        return Saved(rule, tuple(await conflicts(who, crm, draft, made, rule)))


async def conflicts(who: Org, crm: Salesforce, draft: Draft, made: Compiled, rule: Rule) -> list[Conflict]:
    """The enabled rules of the list that do the opposite for the same object and may hold for the same record."""
    if not rule.enabled:
        return []
    others = await sync_to_async(keeping.rules_of)(who, list=rule.list, object=rule.object, enabled=True)
    found = []
    for other in others:
        if other.does == rule.does:
            continue
        theirs = await sync_to_async(keeping.draft_of)(other)
        if not await _excluded(crm, theirs, made):
            found.append(Conflict(other.pk, other.name, other.does, await _both(crm, rule, other)))
    return found


async def _excluded(crm: Salesforce, theirs: Draft, made: Compiled) -> bool:
    """Whether the criteria contradict each other; one that no longer fits the org contradicts nobody."""
    objects = await org.described(crm, theirs.object, theirs.criteria)
    try:
        return exclude_each_other(made, compiled(theirs.object, theirs.criteria, theirs.logic, objects))
    except BadRule:
        return False


async def _both(crm: Salesforce, rule: Rule, other: Rule) -> int:
    wheres: Sequence[str] = [(await sync_to_async(keeping.ready)(one)).where for one in (rule, other)]
    try:
        return await org.count(crm, rule.object, *wheres)
    except Failure:
        return -1


async def choices(who: Org, draft: Draft) -> list[tuple[str, str]]:
    """(path, label) of the fields that a rule may compare: the object's, its account's, and those its criteria look into."""
    base = draft.object if draft.object in OBJECTS else OBJECTS[0]
    wanted = [*draft.criteria, *([Criterion("Account.Name", "")] if base == "Contact" else [])]
    async with sides.salesforce(who.pk) as crm:
        return fields.choices(base, await org.described(crm, base, wanted))
