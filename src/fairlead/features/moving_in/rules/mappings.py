"""Field mappings of the older package as lines of Fairlead's (2.7)."""

from collections.abc import Iterator
from typing import Any, Final

from fairlead.domain.failure import Failure
from fairlead.domain.mapping import NAME, Direction, Owner, read
from fairlead.features.moving_in.rules import words
from fairlead.features.moving_in.rules.lists import ID_FIELD
from fairlead.features.moving_in.rules.words import (
    UNKNOWN_LIST,
    Here,
    Item,
    Kind,
    Old,
    Row,
    Verdict,
    list_of,
    text,
    yes,
)

_WAYS: Final = {
    "salesforce to campaign monitor": Direction.TO_CAMPAIGN_MONITOR,
    "campaign monitor to salesforce": Direction.TO_SALESFORCE,
    "sync both ways": Direction.BOTH,
}
_OWNERS: Final = {
    "salesforce always wins": Owner.SALESFORCE,
    "campaign monitor always wins": Owner.CAMPAIGN_MONITOR,
}
_ADDRESS: Final = ("email", "emailaddress", "email address")
_NAMES: Final = ("name", "fullname", "full name")


def lines(old: Old, here: Here) -> Iterator[Item]:
    """Every line: taken, or why not. Lines of one field of one list are told once."""
    seen: set[tuple[str, str, str]] = set()
    for row in old.of(words.LINE):
        yield from _line(row, old, here, seen)


def _line(row: Row, old: Old, here: Here, seen: set[tuple[str, str, str]]) -> Iterator[Item]:
    on = list_of(row, old, here, "List_Id__c")
    source, target = text(row, "SF_Field__c"), text(row, "CM_Field__c")
    object_, way = text(row, "Object_Type__c").capitalize(), text(row, "Sync_Direction__c")
    title = f"{object_}.{source} and {target.strip('[]')}"
    key = f"mapping:{on.id}:{object_}:{source}:{target}".lower()

    def item(verdict: Verdict, reason: str, **more: Any) -> Item:
        return Item(key, Kind.MAPPING, verdict, title, reason, on.id, on.name, **more)

    bare = target.strip("[]").casefold()
    if way.casefold() not in _WAYS:
        reason = (
            "It is not synced there either."
            if way.casefold() == "don't sync"
            else f"The direction “{way}” is not known."
        )
        yield item(Verdict.NOTHING if way.casefold() == "don't sync" else Verdict.DECIDE, reason)
    elif not on.known:
        yield item(Verdict.DECIDE, UNKNOWN_LIST)
    elif source.casefold() == "email" or bare in _ADDRESS:
        yield item(Verdict.NOTHING, "Addresses need no line: Fairlead follows a changed address by itself.")
    else:
        yield _taken(row, item, (object_, source, NAME if bare in _NAMES else target))
        if source.casefold() == "id":
            yield from _by_id(on, target, seen)


def _taken(row: Row, item: Any, what: tuple[str, str, str]) -> Item:
    object_, source, target = what
    direction = _WAYS[text(row, "Sync_Direction__c").casefold()]
    behaviour = text(row, "Conflict_Behaviour__c").casefold()
    owner = _OWNERS.get(behaviour, Owner.SALESFORCE)
    line = {
        "object": object_,
        "source": source,
        "target": target,
        "direction": direction.value,
        "owner": owner.value,
        "create_only": yes(row, "Create_Only__c"),
    }
    try:
        (kept,) = read([line])
    except Failure as wrong:
        found: Item = item(Verdict.DECIDE, f"It cannot be a line: {wrong.text}")
        return found
    told = ["The same fields, the same way"]
    if direction is Direction.BOTH:
        told.append(
            f"where both sides have a value {'Salesforce' if owner is Owner.SALESFORCE else 'Campaign Monitor'} wins"
        )
        if behaviour not in _OWNERS:
            told.append("the older package does not say who wins, so Salesforce does")
    if text(row, "Default_Value__c"):
        told.append("its default counts for new records only, as there (see the values of new records)")
    way = {"to_campaign_monitor": "→", "to_salesforce": "←", "both": "↔"}[direction.value]
    taken: Item = item(
        Verdict.TAKE,
        f"{'; '.join(told)}.",
        writes=(f"Line of the mapping: {kept.object}.{kept.source} {way} {kept.target.strip('[]')}",),
        payload={"line": kept.as_json()},
    )
    return taken


def _by_id(on: words.ListOf, target: str, seen: set[tuple[str, str, str]]) -> Iterator[Item]:
    """A custom field that holds record ids decides who is linked (2.2): Fairlead has one setting for that."""
    name = target.strip("[]")
    if seen:
        return
    seen.add((on.id, "id", name))
    yield Item(
        f"option:{ID_FIELD}",
        Kind.OPTION,
        Verdict.TAKE,
        "Linking by Salesforce Id",
        f"Members are linked by the Id in the custom field “{name}” first, then by address, as before.",
        writes=(f"{ID_FIELD}: {name}",),
        payload={"setting": ID_FIELD, "value": name, "subject": ""},
    )
