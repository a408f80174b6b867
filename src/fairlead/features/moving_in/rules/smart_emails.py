"""Smart-e-mail mappings of the older package (2.11): template, object, variables from fields and parents, recipients."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from fairlead.features.moving_in.rules import texts, words
from fairlead.features.moving_in.rules.words import Here, Item, Kind, Old, Row, Verdict, text, yes

ASSUMED: Final = (
    "How the older package writes the way to a parent's field is not documented: run the test before you use it."
)
_LONGEST_NAME: Final = 120
_KINDS: Final = ("To", "CC", "BCC")


def mappings(old: Old, here: Here) -> Iterator[Item]:
    """Every mapping: taken, or why not."""
    templates, lists = old.by_id(words.TEMPLATE), old.by_id(words.LIST)
    names: set[str] = set()
    for row in old.of(words.SMART):
        template = templates.get(text(row, "Smart_Email__c"), {})
        on = text(lists.get(text(template, "Add_Recipients_to_List__c"), {}), "List_Id__c")
        name = _name(row, template, names)
        names.add(name)
        yield _mapping(row, old, name, text(template, "Smart_Email_Id__c"), on if on in here.lists else "", here)


def _name(row: Row, template: Row, taken: set[str]) -> str:
    name = (text(row, "Name") or text(template, "Name__c") or "Smart e-mail").replace("@", " at ")[: _LONGEST_NAME - 8]
    return next(one for one in (name, *(f"{name} ({n})" for n in range(2, len(taken) + 3))) if one not in taken)


def _mapping(row: Row, old: Old, name: str, smart: str, on: str, here: Here) -> Item:
    key, root = f"smart:{text(row, 'Id')}", text(row, "Root_Object__c")
    if smart not in here.smart_emails or not root:
        reason = (
            "Fairlead has not seen its smart e-mail: choose “Look now” on the page Transactional e-mail, then look again."
            if root
            else "The older package does not say which object it is about. Make the mapping by hand."
        )
        return Item(key, Kind.SMART_EMAIL, Verdict.DECIDE, name, reason)
    mine = [one for one in old.of(words.VARIABLE) if text(one, "Smart_Email__c") == text(row, "Id")]
    recipients = [one for one in old.of(words.RECIPIENT) if text(one, "Smart_Email__c") == text(row, "Id")]
    own = [one for one in mine if not yes(one, "Is_Child_Relationship__c") and text(one, "Field_Name__c")]
    description = text(row, "Description__c")[:500]
    payload: dict[str, Any] = {
        "smart": smart,
        "object": root,
        "name": name,
        "description": "" if "@" in description else description,
        "list": on,
        "task": yes(row, "Create_Tasks__c", otherwise=True),
        "message": yes(row, "Create_Messages__c", otherwise=True),
        "variables": [
            {"name": text(one, "Name__c"), "field": _path(one, root), "format": "", "otherwise": ""} for one in own
        ],
        "listings": [],
        "recipients": [found for one in recipients if (found := _recipient(one, root))],
    }
    left = list(_left(row, mine, own, recipients, payload))
    return Item(
        key,
        Kind.SMART_EMAIL,
        Verdict.DECIDE if left else Verdict.TAKE,
        name,
        " ".join([*left, "It gets an id of its own: flows that send it must name that one."]),
        writes=(f"Mapping “{name}” of {root}: {len(own)} variables, {len(payload['recipients'])} recipients",),
        payload=payload,
        assumed=ASSUMED if any(text(one, "Object_Names__c") for one in (*own, *recipients)) else "",
    )


def _left(
    row: Row, mine: Sequence[Row], own: Sequence[Row], recipients: Sequence[Row], payload: dict[str, Any]
) -> Iterator[str]:
    """What is not carried over, each a sentence."""
    missing = [text(one, "Name__c") for one in mine if one not in own]
    if missing:
        yield f"Add these variables by hand, they list child records: {', '.join(missing)}."
    if text(row, "Filters__c"):
        yield "Its filters of child records could not be read for certain: add them by hand."
    if len(payload["recipients"]) < len(recipients):
        yield "Some of its recipients could not be read: add them by hand."
    formats = [text(one, "Name__c") for one in own if text(one, "Format__c")]
    if formats:
        yield f"Choose the formats of these variables by hand: {', '.join(formats)}."


def _path(row: Row, root: str) -> str:
    return texts.path(text(row, "Object_Names__c"), text(row, "Field_Name__c"), root)


def _recipient(row: Row, root: str) -> dict[str, str] | None:
    kind = next((one for one in _KINDS if words.same(one, text(row, "Type__c"))), "")
    if not kind:
        return None
    field, objects = text(row, "Field_Name__c"), text(row, "Object_Names__c")
    if not yes(row, "Is_Field__c"):
        address = text(row, "Value__c")
        return {"kind": kind, "source": "address", "value": address} if address else None
    if not field:
        return None
    if yes(row, "Is_Child_Relationship__c"):
        return {"kind": kind, "source": "children", "value": f"{objects}/{field}"} if objects else None
    return {"kind": kind, "source": "field", "value": _path(row, root)}
