"""Why a rule did not add a person, or would take them off: for who asks about the person. Read live."""

from collections.abc import Sequence

from asgiref.sync import sync_to_async

from fairlead.domain.address import member_key
from fairlead.domain.failure import Failure
from fairlead.domain.said import Said
from fairlead.features.subscriber_rules import keeping, org
from fairlead.features.subscriber_rules.applying import SCOPE
from fairlead.features.subscriber_rules.keeping import Ready
from fairlead.features.subscriber_rules.org import RuleDoesNotFit
from fairlead.features.subscriber_rules.rules.words import Does
from fairlead.salesforce.client import Salesforce
from fairlead.store import hashing
from fairlead.store.models import RowRefusal
from fairlead.sync.explaining import Asked


async def say(crm: Salesforce, asked: Asked) -> Sequence[Said]:
    """Of each enabled rule whether it is true of the person's records; and why somebody was not added. Raises a Failure."""
    rules = await sync_to_async(_enabled)(asked.org_id)
    found: list[Said] = []
    for name in dict.fromkeys(kind for kind, _ in asked.records):
        ids = [id_ for kind, id_ in asked.records if kind == name]
        of_object = [rule for rule in rules if rule.object == name]
        questions = [org.Asked(rule.where, ids) for rule in of_object]
        answers = await org.satisfying(crm, name, questions)
        for rule, holds in zip(of_object, answers, strict=True):
            found += [Said(rule.list, rule.list_name, text) for text in _sentences(rule, ids, holds)]
    return [*found, *await sync_to_async(_refused)(asked, rules)]


def _sentences(rule: Ready, ids: Sequence[str], holds: set[str] | Failure) -> list[str]:
    if isinstance(holds, Failure):
        return [RuleDoesNotFit(rule.name, holds.text).told]
    adding = rule.does == Does.ADD
    act = "adds" if adding else "takes off"
    not_act = "does not add" if adding else "does not take off"
    return [
        f"The rule “{rule.name}” {act} {rule.object} {one}: it is true of it now."
        if one in holds
        else f"The rule “{rule.name}” {not_act} {rule.object} {one}: it is not true of it now."
        for one in ids
    ]


def _enabled(org_id: int) -> list[Ready]:
    return [keeping.ready(rule) for rule in keeping.rules_of(org_id, enabled=True)]


def _refused(asked: Asked, rules: Sequence[Ready]) -> list[Said]:
    """Why the address was not added when a rule tried last, by list."""
    names = {rule.list: rule.list_name for rule in rules}
    hashes = {hashing.keyed_hash(member_key(list_id, asked.address)): list_id for list_id in names}
    rows = RowRefusal.objects.filter(org=asked.org_id, scope__kind=SCOPE, key_hash__in=list(hashes))
    found = []
    for row in rows:
        list_id = hashes[bytes(row.key_hash)]
        text = f"A rule would have added the person, but ({row.code}): {row.reason}"
        found.append(Said(list_id, names[list_id], text))
    return found
