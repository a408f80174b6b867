"""The object manager: fields, related lists, record types, validation rules, layouts, list views."""

from starlette.responses import Response

from fairlead_emulators.salesforce.explorer import layout, plans, reads
from fairlead_emulators.salesforce.explorer import markup as m
from fairlead_emulators.salesforce.explorer.house import Ask, House, Missing, Routes
from fairlead_emulators.salesforce.explorer.reads import Wanted
from fairlead_emulators.salesforce.explorer.setup import frame
from fairlead_emulators.salesforce.model.schema import Field, SObject


def objects(house: House, ask: Ask) -> Response:
    """All objects."""
    every = sorted(house.org.storage.schema.objects.values(), key=lambda o: o.label)
    rows = [
        (
            m.tag("span", layout.icon_of(o), m.link(m.path("setup", "objects", o.name), o.label), class_="with-icon"),
            m.tag("code", o.name),
            m.tag("code", o.key_prefix),
            len(o.fields),
            "Custom" if o.custom else "Standard",
        )
        for o in every
    ]
    table = m.table("Objects", ("Label", "API name", "Key prefix", "Fields", "Kind"), rows)
    card = m.tag("section", table, class_="card")
    return frame.page(house, ask, "Object Manager", card, here="objects", under=f"{len(rows)} objects")


def one(house: House, ask: Ask) -> Response:
    """One object, whole."""
    sobject = reads.object_named(house, ask.path["name"])
    cards = [_details(sobject), _fields(sobject), _relations(sobject)]
    cards += [_record_types(house, sobject), _rules(house, sobject), _layouts(house, sobject), _views(house, sobject)]
    back = m.link(m.path("setup", "objects"), "Object Manager")
    tools = m.link(m.path("o", sobject.name), "Records", class_="button")
    return frame.page(house, ask, sobject.label, *cards, here="objects", over=back, tools=tools)


def _details(sobject: SObject) -> m.Markup:
    can = ("createable", "updateable", "deletable")
    rows = [
        ("API name", m.tag("code", sobject.name)),
        ("Plural label", sobject.label_plural),
        ("Key prefix", m.tag("code", sobject.key_prefix)),
        ("Name field", m.tag("code", sobject.name_field)),
        ("Allows", ", ".join(name for name in can if getattr(sobject, name)) or "reading only"),
        ("Storage of a record", f"{sobject.storage_kb} KB"),
    ]
    return m.card("Details", m.facts(rows), name="details")


def _fields(sobject: SObject) -> m.Markup:
    rows = [
        (
            m.link(m.path("setup", "objects", sobject.name, "fields", f.name), f.label),
            m.tag("code", f.name),
            _type(f),
            ", ".join(marks(f)),
        )
        for f in sobject.fields.values()
    ]
    table = m.table("Fields", ("Label", "API name", "Type", "Marks"), rows)
    return m.card("Fields", table, name="fields", count=len(rows))


def _type(f: Field) -> str:
    if f.type == "reference":
        return f"reference to {', '.join(f.reference_to)}"
    if f.precision:
        return f"{f.type} ({f.precision - f.scale}, {f.scale})"
    return f"{f.type} ({f.length:,})" if f.length and f.type not in ("id", "picklist") else f.type


def marks(f: Field) -> list[str]:
    """What is special about a field, in words."""
    given = {
        "required": f.required,
        "unique": f.unique,
        "external id": f.external_id,
        "calculated": f.calculated,
        "auto-number": f.auto_number,
        "restricted": f.restricted,
        "deleted with its parent": f.cascade_delete,
        "read-only": not f.createable and not f.updateable,
        "custom": f.custom,
    }
    return [name for name, holds in given.items() if holds]


def _relations(sobject: SObject) -> m.Markup:
    rows = [
        (m.link(m.path("setup", "objects", r.child_object), r.child_object), m.tag("code", r.field), r.name)
        for r in sobject.child_relationships
        if r.name
    ]
    if not rows:
        return m.card("Child relationships", m.empty("No object points to this one."), name="relations", count=0)
    table = m.table("Child relationships", ("Object", "Field", "Name in queries"), rows)
    return m.card("Child relationships", table, name="relations", count=len(rows))


def _record_types(house: House, sobject: SObject) -> m.Markup:
    kinds = house.org.storage.schema.objects["recordtype"]
    wanted = Wanted("SobjectType = ?", (sobject.name,))
    found = reads.rows(house, kinds, wanted, ["Name", "DeveloperName", "IsActive"], 100)
    rows = [
        (
            m.link(m.path("r", each.id), each.name),
            m.tag("code", each.values["DeveloperName"]),
            _active(each.values["IsActive"]),
        )
        for each in found
    ]
    table = (
        m.table("Record types", ("Name", "Developer name", "State"), rows)
        if rows
        else _none("No record type: all are master.")
    )
    return m.card("Record types", table, name="record-types", count=len(rows))


def _active(given: object) -> m.Markup:
    return m.badge("Active", "good") if given else m.badge("Inactive")


def _none(words: str) -> m.Markup:
    return m.empty(words)


def _rules(house: House, sobject: SObject) -> m.Markup:
    rows = []
    for component in plans.components(house, "CustomObject", sobject.name):
        root = plans.parsed(component)
        for rule in plans.parts(root, "validationRules") if root is not None else ():
            active = plans.text(rule, "active") == "true"
            formula = m.tag("code", plans.text(rule, "errorConditionFormula"), class_="wrap")
            rows.append((plans.text(rule, "fullName"), _active(active), formula, plans.text(rule, "errorMessage")))
    heads = ("Name", "State", "Refuses when", "Message")
    table = (
        m.table("Validation rules", heads, rows) if rows else _none("No validation rule was deployed for this object.")
    )
    return m.card("Validation rules", table, name="rules", count=len(rows))


def _layouts(house: House, sobject: SObject) -> m.Markup:
    found = [
        c for c in plans.components(house, "Layout") if c.full_name.partition("-")[0].lower() == sobject.name.lower()
    ]
    rows = [
        (m.link(m.path("setup", "metadata", c.type, path=c.path), c.full_name.partition("-")[2] or c.full_name),)
        for c in found
    ]
    table = (
        m.table("Layouts", ("Name",), rows) if rows else _none("No layout was deployed: fields are grouped by kind.")
    )
    return m.card("Page layouts", table, name="layouts", count=len(rows))


def _views(house: House, sobject: SObject) -> m.Markup:
    rows = [
        (
            m.link(m.path("o", sobject.name, view=v.name), v.label),
            m.tag("code", v.name),
            ", ".join(f.label for f in v.columns),
        )
        for v in plans.list_views(house, sobject)
    ]
    table = m.table("List views", ("Label", "Name", "Columns"), rows) if rows else _none("No list view was deployed.")
    return m.card("List views", table, name="views", count=len(rows))


def field(house: House, ask: Ask) -> Response:
    """One field, whole."""
    sobject = reads.object_named(house, ask.path["name"])
    f = sobject.field(ask.path["field"])
    if f is None:
        raise Missing(f"The field {sobject.name}.{ask.path['field']}")
    rows: list[tuple[m.Child, m.Child]] = [
        ("API name", m.tag("code", f"{sobject.name}.{f.name}")),
        ("Type", _type(f)),
        ("Marks", ", ".join(marks(f))),
        ("Default", None if f.default in (None, "") else str(f.default)),
        ("Parent's name in queries", f.relationship_name),
        ("Name of the children in queries", f.child_relationship_name),
        ("Number format", f.display_format),
        ("Formula", m.tag("code", f.formula, class_="wrap") if f.formula else None),
    ]
    cards = [m.card("Details", m.facts(rows), name="details")]
    if f.picklist:
        values = m.tag("ul", [m.tag("li", each) for each in f.picklist], class_="plain")
        cards.append(m.card("Picklist values", values, name="picklist", count=len(f.picklist)))
    cards.append(_holders(house, sobject, f))
    back = m.link(m.path("setup", "objects", sobject.name), sobject.label)
    return frame.page(house, ask, f.label, *cards, here="objects", over=back)


def _holders(house: House, sobject: SObject, f: Field) -> m.Markup:
    """Which permission sets name the field."""
    rights = house.org.storage.schema.objects["fieldpermissions"]
    wanted = Wanted("Field = ?", (f"{sobject.name}.{f.name}",))
    found = reads.rows(house, rights, wanted, ["ParentId", "PermissionsRead", "PermissionsEdit"], 200)
    rows = [
        (
            m.link(
                m.path("setup", "permissions", str(each.values["ParentId"])),
                reads.title(house, str(each.values["ParentId"])),
            ),
            "Edit" if each.values["PermissionsEdit"] else "Read" if each.values["PermissionsRead"] else "No access",
        )
        for each in found
    ]
    table = (
        m.table("Field-level security", ("Permission set", "Right"), rows)
        if rows
        else _none("No permission set names this field.")
    )
    return m.card("Field-level security", table, name="security", count=len(rows))


ROUTES: Routes = [
    ("GET", "/_explorer/setup/objects", objects),
    ("GET", "/_explorer/setup/objects/{name}", one),
    ("GET", "/_explorer/setup/objects/{name}/fields/{field}", field),
]
