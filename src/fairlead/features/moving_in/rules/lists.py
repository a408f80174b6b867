"""Clients and lists of the older package: which of their settings Fairlead has, too (2.1, 2.3, 2.4)."""

from collections.abc import Iterator
from typing import Final

from fairlead.features.moving_in.rules import words
from fairlead.features.moving_in.rules.words import UNKNOWN_LIST, Here, Item, Kind, Old, Row, Verdict, text, yes

PREVENT: Final = "members.prevent_sync"
CREATE: Final = "record_creation.rule"
RECORD_TYPE: Final = "record_creation.record_type"
VALUES: Final = "record_creation.values"
OWNER: Final = "connections.owner"
ID_FIELD: Final = "members.salesforce_id_field"
"""Names of settings of other rooms; the wiring's tests hold them to be there."""

CREATES: Final = {"ACTION_CREATE_CONTACT": ("contact", "CONTACT"), "ACTION_CREATE_LEAD": ("lead", "LEAD")}
NO_CREATE: Final = ("", "ACTION_DO_NOTHING")
_STAYS: Final = (
    ("Unsubscribe_Setting__c", "Where an unsubscribe counts"),
    ("Confirmation_Success_Page__c", "Page after confirming"),
    ("Unsubscribe_Page__c", "Page after unsubscribing"),
    ("List_Type__c", "Confirmed opt-in"),
)


def clients(old: Old, here: Here) -> Iterator[Item]:
    """Each client: whether Fairlead syncs it, and who owns its records (F17)."""
    for row in old.of(words.CLIENT):
        id_, name = text(row, "Client_Id__c"), text(row, "Client_Name__c")
        if id_ not in here.clients:
            reason = "Fairlead does not sync this client. Select it on the page Connections if it is to be moved."
            yield Item(f"client:{id_}", Kind.CLIENT, Verdict.DECIDE, name or id_, reason)
            continue
        yield Item(f"client:{id_}", Kind.CLIENT, Verdict.NOTHING, name, "Fairlead syncs this client already.")
        owner = text(row, "Salesforce_User__c")
        if owner:
            yield Item(
                f"owner:{id_}",
                Kind.CLIENT,
                Verdict.TAKE,
                f"{name}: owner of its records",
                "Who owned the older package's records of this client owns Fairlead's.",
                writes=(f"Owner of created records of {name}: the Salesforce user {owner}",),
                payload={"owner": owner, "subject": id_},
            )


def lists(old: Old, here: Here) -> Iterator[Item]:
    """Each list's own settings."""
    for row in old.of(words.LIST):
        id_, name = text(row, "List_Id__c"), text(row, "List_Name__c")
        if id_ not in here.lists:
            yield Item(f"list:{id_}", Kind.LIST, Verdict.DECIDE, name or id_, UNKNOWN_LIST, id_, name)
            continue
        name = here.lists[id_]
        if yes(row, "Prevent_Member_Sync__c"):
            yield _setting(
                id_, name, "Prevent member sync", PREVENT, True, "Members of this list stay out of Salesforce."
            )
        yield from _creation(row, id_, name, old)
        yield from _rest(row, id_, name)


def _creation(row: Row, id_: str, name: str, old: Old) -> Iterator[Item]:
    rule = text(row, "Create_Rule__c")
    if rule in NO_CREATE:
        return
    if rule not in CREATES:
        reason = (
            f"The older package says “{rule}”, which is not known. Choose the list's rule for new records yourself."
        )
        yield Item(f"list:{id_}:create", Kind.LIST, Verdict.DECIDE, "New contacts and leads", reason, id_, name)
        return
    does, object_type = CREATES[rule]
    reason = f"Active subscribers without contact or lead get a {does}, as before."
    yield _setting(id_, name, "New contacts and leads", CREATE, does, reason)
    record_type = text(row, "Create_Rule_Record_Type__c")
    if record_type:
        yield _setting(
            id_, name, "Record type of new records", RECORD_TYPE, record_type, "New records get this record type."
        )
    values = creation_values(id_, object_type, old)
    if values:
        fields = ", ".join(str(line["field"]) for line in values)
        told = f"New records take these fields from the list, with the older package's defaults: {fields}."
        yield _setting(id_, name, "Values of new records", VALUES, values, told)


def creation_values(list_id: str, object_type: str, old: Old) -> list[dict[str, str]]:
    """What new records of a list take from its custom fields: the older package's mappings to Salesforce (2.3)."""
    lines: dict[str, dict[str, str]] = {}
    for row in old.of(words.LINE):
        way = text(row, "Sync_Direction__c").casefold()
        inward = way in ("campaign monitor to salesforce", "sync both ways")
        field = text(row, "SF_Field__c")
        if text(row, "List_Id__c") != list_id or text(row, "Object_Type__c").upper() != object_type or not inward:
            continue
        if field and field.casefold() not in ("email", "name", "firstname", "lastname"):
            target = text(row, "CM_Field__c").strip("[]")
            line = {"field": field, "value": "", "custom_field": target, "default": text(row, "Default_Value__c")}
            lines.setdefault(field.casefold(), line)
    return list(lines.values())


def _rest(row: Row, id_: str, name: str) -> Iterator[Item]:
    stays = [title for field, title in _STAYS if text(row, field)]
    if stays:
        reason = f"{', '.join(stays)}: kept by Campaign Monitor itself, so nothing needs to be taken over."
        yield Item(f"list:{id_}:stays", Kind.LIST, Verdict.NOTHING, "Settings in Campaign Monitor", reason, id_, name)
    if text(row, "Subscriber_Start_Sync__c"):
        reason = "Fairlead keeps cursors of its own; its first sync reads the list whole."
        yield Item(f"list:{id_}:start", Kind.LIST, Verdict.NOTHING, "Start of the members' sync", reason, id_, name)


def _setting(id_: str, name: str, title: str, setting: str, value: object, reason: str) -> Item:
    shown = "on" if value is True else f"{len(value)} lines" if isinstance(value, list) else str(value)
    return Item(
        f"list:{id_}:{setting}",
        Kind.LIST,
        Verdict.TAKE,
        title,
        reason,
        id_,
        name,
        writes=(f"{setting} of this list: {shown}",),
        payload={"setting": setting, "value": value, "subject": id_},
    )
