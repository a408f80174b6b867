"""How a kept value is shown, and which fields of an object matter in a list, a header, a section."""

import re
from collections.abc import Iterable
from typing import Any, Final

from fairlead_emulators.salesforce.explorer import markup as m
from fairlead_emulators.salesforce.explorer import reads
from fairlead_emulators.salesforce.explorer.house import House
from fairlead_emulators.salesforce.model.ids import to18
from fairlead_emulators.salesforce.model.schema import Field, SObject

_LONG: Final = 400
_LISTED: Final = {
    "Account": ("Type", "Phone", "Website", "BillingCity"),
    "Contact": ("AccountId", "Email", "Phone", "Title", "HasOptedOutOfEmail"),
    "Lead": ("Company", "Email", "Phone", "Status", "HasOptedOutOfEmail"),
    "Campaign": ("Type", "Status", "StartDate", "IsActive"),
    "User": ("Username", "Email", "ProfileId", "IsActive"),
}
_PANEL: Final = {
    "Account": ("Type", "Phone", "Website", "OwnerId"),
    "Contact": ("Title", "AccountId", "Email", "Phone", "HasOptedOutOfEmail"),
    "Lead": ("Company", "Title", "Email", "Phone", "Status"),
    "Campaign": ("Type", "Status", "StartDate", "EndDate", "IsActive"),
}
SYSTEM: Final = (
    "Id",
    "OwnerId",
    "CreatedById",
    "CreatedDate",
    "LastModifiedById",
    "LastModifiedDate",
    "SystemModstamp",
    "IsDeleted",
    "MasterRecordId",
)
_PARTS_OF_NAME: Final = ("FirstName", "LastName", "Salutation")
_WORDS: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")
_ADDRESS: Final = ("Street", "City", "State", "PostalCode", "Country")


def shown(house: House, field: Field, value: Any) -> m.Child:
    """A value as a cell or a fact."""
    if field.type == "boolean":
        return tick(bool(value))
    if value is None or value == "":
        return None
    if field.type in ("reference", "id"):
        return to_record(house, str(value))
    if field.type == "datetime":
        return moment(str(value))
    if field.type in ("double", "currency", "percent", "int"):
        return figure(field, value)
    text = str(value)
    if field.type == "email":
        return m.link(f"mailto:{text}", text)
    if field.type == "url" and text.lower().startswith(("http://", "https://")):
        return m.link(text, text, rel="noreferrer noopener")
    return text if len(text) < _LONG else f"{text[:_LONG]}…"


def label_of(field: Field) -> str:
    """A field's label as pages show it: a look-up is called by what it points to, `BillingCity` has two words."""
    if field.type == "reference" and field.label.endswith(" ID"):
        return field.label.removesuffix(" ID")
    return _WORDS.sub(" ", field.label) if field.label == field.name else field.label


def tick(given: bool) -> m.Markup:
    """A checkbox that is only shown."""
    return m.tag("span", "✓" if given else "☐", class_="tick", role="img", aria_label="Yes" if given else "No")


def moment(kept: str) -> m.Markup:
    """A date-time in UTC, to the minute."""
    return m.tag("time", f"{kept[:10]} {kept[11:16]}", datetime=kept, title=f"{kept} (UTC)")


def figure(field: Field, value: Any) -> str:
    """A number with its places."""
    try:
        text = f"{value:,.{field.scale}f}" if isinstance(value, float) and field.precision else f"{value:,}"
    except (TypeError, ValueError):
        return str(value)
    return f"{text} %" if field.type == "percent" else text


def to_record(house: House, record_id: str) -> m.Child:
    """A link to a record by its name."""
    if to18(record_id) is None:
        return record_id
    return m.link(m.path("r", record_id), reads.title(house, record_id))


def listed(sobject: SObject) -> list[Field]:
    """The columns of a list: the name, some that matter, the last change."""
    name = sobject.field(sobject.name_field) or sobject.fields["id"]
    chosen = _chosen(sobject, _LISTED.get(sobject.name, ()))
    if not chosen:
        chosen = [f for f in sobject.fields.values() if f is not name and _own(f)][:5]
    changed = sobject.field("LastModifiedDate")
    return [name, *chosen, *([changed] if changed else [])]


def highlights(sobject: SObject) -> list[Field]:
    """What stands in the header of a record."""
    chosen = _chosen(sobject, _PANEL.get(sobject.name, ()))
    return chosen or [f for f in listed(sobject)[1:] if f.name != "LastModifiedDate"][:4]


def _chosen(sobject: SObject, names: Iterable[str]) -> list[Field]:
    return [f for name in names if (f := sobject.field(name)) is not None]


def _own(field: Field) -> bool:
    return field.name not in SYSTEM and field.name not in _PARTS_OF_NAME and field.type != "textarea"


def sections(sobject: SObject) -> list[tuple[str, list[Field]]]:
    """The object's fields in groups, for those without a layout of their own; system fields come last."""
    groups: dict[str, list[Field]] = {}
    order = [f"{sobject.label} information", "E-mail and consent", "Address", "Conversion", "Description"]
    for field in sobject.fields.values():
        groups.setdefault(_group(sobject, field, order), []).append(field)
    named = [*order, "Custom fields", "System"]
    return [(name, groups[name]) for name in named if groups.get(name)]


def _group(sobject: SObject, field: Field, order: list[str]) -> str:
    if field.name in SYSTEM:
        return "System"
    if field.custom and not sobject.custom:
        return "Custom fields"
    if field.name.startswith("EmailBounced") or field.name in ("HasOptedOutOfEmail", "DoNotCall"):
        return order[1]
    if not field.custom and field.name.endswith(_ADDRESS) and field.type in ("string", "textarea"):
        return order[2]
    if field.name.startswith("Converted") or field.name == "IsConverted":
        return order[3]
    return order[4] if field.name == "Description" else order[0]
