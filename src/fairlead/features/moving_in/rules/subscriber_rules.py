"""Subscriber rules of the older package (2.6): taken switched off, and only with criteria that could be read whole."""

from collections.abc import Iterator
from typing import Any, Final

from fairlead.domain.criteria import kept
from fairlead.features.moving_in.rules import texts, words
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

_DOES: Final = {"add": "add", "delete": "remove"}
_WHEN: Final = {
    "only when a record is created": "created",
    "only when a record is edited": "edited",
    "every time a record is created or edited": "both",
}
_LONGEST_NAME: Final = 120


def rules(old: Old, here: Here) -> Iterator[Item]:
    """Every rule: taken, or why not; names are made different where two of a list have the same."""
    names: dict[str, set[str]] = {}
    for row in old.of(words.RULE):
        on = list_of(row, old, here, "Subscriber_List_Id__c")
        taken = names.setdefault(on.id, set())
        name = _unique(_safe(text(row, "Name")) or "Rule", taken)
        taken.add(name)
        yield _rule(row, on, name)
        if yes(row, "Resubscribe__c"):
            yield Item(
                f"rule:{text(row, 'Id')}:resubscribe",
                Kind.RULE,
                Verdict.NOTHING,
                f"{name}: resubscribe",
                "Fairlead lets nobody in again who left without evidence of consent; rules cannot do it.",
                on.id,
                on.name,
            )


def _rule(row: Row, on: words.ListOf, name: str) -> Item:
    key = f"rule:{text(row, 'Id')}"
    does = _DOES.get(text(row, "Action__c").casefold())
    when = _WHEN.get(text(row, "Evaluation_Time__c").casefold(), "" if text(row, "Evaluation_Time__c") else "both")
    criteria = texts.criteria(text(row, "Criteria__c"))
    problem = _problem(on, does, when, text(row, "Object__c"), readable=criteria is not None)
    if problem or criteria is None or does is None:
        return Item(key, Kind.RULE, Verdict.DECIDE, name, problem, on.id, on.name)
    object_ = text(row, "Object__c").capitalize() or "Contact"
    description = text(row, "Description__c")[:500]
    payload: dict[str, Any] = {
        "list": on.id,
        "does": does,
        "object": object_,
        "name": name,
        "description": "" if "@" in description else description,
        "when": "both" if does == "remove" else when,
        "logic": text(row, "Logic__c"),
        "criteria": [kept(one) for one in criteria],
        "enabled": False,
    }
    told = "It is saved switched off: look at its preview, then switch it on."
    if yes(row, "Disabled__c"):
        told = "It is switched off there, and is saved switched off."
    rows = [f"{one.field} {one.operator} {one.value}".strip() for one in criteria] or ["every record"]
    return Item(
        key,
        Kind.RULE,
        Verdict.TAKE if criteria else Verdict.DECIDE,
        name,
        told if criteria else f"It has no criteria, so it is true of every {object_.lower()}. {told}",
        on.id,
        on.name,
        writes=(f"Rule “{name}”: {does} each {object_.lower()} with {', '.join(rows)}",),
        payload=payload,
        assumed=texts.ASSUMED if criteria else "",
    )


def _problem(on: words.ListOf, does: str | None, when: str, object_: str, *, readable: bool) -> str:
    if not on.known:
        return UNKNOWN_LIST
    if does is None:
        return "The older package does not say whether it adds or deletes. Make the rule by hand."
    if not when:
        return "When it looks at a record is not known. Make the rule by hand."
    if object_.casefold() not in ("contact", "lead", ""):
        return f"It is about {object_}; Fairlead's rules are about contacts and leads. Make it by hand, by a field of theirs."
    if not readable:
        return (
            "Its criteria could not be read for certain, and with fewer criteria it would be true of more people. Make the "
            "rule by hand."
        )
    return ""


def _safe(name: str) -> str:
    """A name that may be kept in clear."""
    return "" if "@" in name else name[:_LONGEST_NAME]


def _unique(name: str, taken: set[str]) -> str:
    if name not in taken:
        return name
    number = next(number for number in range(2, len(taken) + 3) if _numbered(name, number) not in taken)
    return _numbered(name, number)


def _numbered(name: str, number: int) -> str:
    return f"{name[: _LONGEST_NAME - 5]} ({number})"
