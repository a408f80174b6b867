"""Permission sets: their rights on objects and fields, and who has them."""

from typing import Any, Final

from starlette.responses import Response

from fairlead_emulators.salesforce import acts
from fairlead_emulators.salesforce.explorer import markup as m
from fairlead_emulators.salesforce.explorer import reads
from fairlead_emulators.salesforce.explorer.house import Ask, House, Missing, Routes, go
from fairlead_emulators.salesforce.explorer.reads import Record, Wanted
from fairlead_emulators.salesforce.explorer.setup import frame
from fairlead_emulators.salesforce.explorer.values import tick

_RIGHTS: Final = ("Read", "Create", "Edit", "Delete", "ViewAllRecords", "ModifyAllRecords")
_HEADS: Final = ("Object", "Read", "Create", "Edit", "Delete", "View all", "Modify all")
_MOST: Final = 2_000


def sets(house: House, ask: Ask) -> Response:
    """All permission sets, and how many people have each."""
    sobject = house.org.storage.schema.objects["permissionset"]
    given = house.org.storage.schema.objects["permissionsetassignment"]
    found = reads.rows(house, sobject, Wanted(order="Label"), ["Label", "Name", "Description"], _MOST)
    rows = [
        (
            m.link(m.path("setup", "permissions", each.id), each.values["Label"]),
            m.tag("code", each.values["Name"]),
            each.values["Description"],
            reads.told(reads.counted(house, given, Wanted("PermissionSetId = ?", (each.id,)))),
        )
        for each in found
    ]
    heads = ("Label", "API name", "Description", "People")
    table = m.table("Permission sets", heads, rows) if rows else _no_set()
    card = m.tag("section", table, class_="card")
    return frame.page(house, ask, "Permission Sets", card, here="permissions", under=f"{len(rows)} permission sets")


def _no_set() -> m.Markup:
    how = m.tag("code", "fairlead salesforce deploy")
    return m.empty("There is no permission set yet. They come with a deployment: try ", how, ".")


def one(house: House, ask: Ask) -> Response:
    """One permission set."""
    found = _set(house, ask)
    people, objects, fields = _people(house, found), _objects(house, found), _fields(house, found)
    details = m.facts(
        [
            ("API name", m.tag("code", found.values["Name"])),
            ("Description", found.values["Description"]),
            ("Record", m.link(m.path("r", found.id), found.id)),
        ],
        columns=False,
    )
    cards = [people, m.card("Details", details, name="details"), objects, fields]
    back = m.link(m.path("setup", "permissions"), "Permission Sets")
    return frame.page(house, ask, str(found.values["Label"]), *cards, here="permissions", over=back)


def _set(house: House, ask: Ask) -> Record:
    found = reads.record(house, ask.path["id"])
    if found.sobject.name != "PermissionSet" or found.deleted:
        raise Missing(f"The permission set {ask.path['id']}")
    return found


def assignments(house: House, where: str, record_id: str) -> list[Record]:
    """The assignments of a set (`PermissionSetId`) or of a user (`AssigneeId`)."""
    sobject = house.org.storage.schema.objects["permissionsetassignment"]
    return reads.rows(house, sobject, Wanted(f'"{where}" = ?', (record_id,)), ["PermissionSetId", "AssigneeId"], _MOST)


def _people(house: House, found: Record) -> m.Markup:
    given = assignments(house, "PermissionSetId", found.id)
    has = {str(each.values["AssigneeId"]) for each in given}
    where = m.path("setup", "permissions", found.id)
    rows = [
        (
            m.link(m.path("setup", "users", user), reads.title(house, user)),
            m.press(where, "Unassign", about=reads.title(house, user), remove=each.id),
        )
        for each in given
        for user in [str(each.values["AssigneeId"])]
    ]
    users = house.org.storage.schema.objects["user"]
    others = [
        u for u in reads.rows(house, users, Wanted("IsActive = 1", (), "Name"), ["Username"], _MOST) if u.id not in has
    ]
    form = chooser(where, "Assign to", "user", [(u.id, f"{u.name} ({u.values['Username']})") for u in others])
    table = (
        m.table("People", ("User", "Action"), rows)
        if rows
        else m.empty("Nobody has these rights yet. Assign them below.")
    )
    return m.card("Assigned to", table, form, name="people", count=len(rows))


def chooser(where: str, label: str, name: str, options: list[tuple[str, str]]) -> m.Markup | None:
    """A form with one choice and a button that assigns."""
    if not options:
        return None
    select = m.tag("select", [m.tag("option", b, value=a) for a, b in options], id=f"choose-{name}", name=name)
    label_of = m.tag("label", label, for_=f"choose-{name}")
    return m.tag(
        "form", label_of, select, m.button("Assign", kind="main"), method="post", action=where, class_="filter"
    )


def _objects(house: House, found: Record) -> m.Markup:
    sobject = house.org.storage.schema.objects["objectpermissions"]
    names = ["SobjectType", *(f"Permissions{each}" for each in _RIGHTS)]
    rights = reads.rows(house, sobject, Wanted("ParentId = ?", (found.id,), "SobjectType"), names, _MOST)
    rows = [
        (
            m.link(m.path("setup", "objects", str(each.values["SobjectType"])), each.values["SobjectType"]),
            *(tick(bool(each.values[name])) for name in names[1:]),
        )
        for each in rights
    ]
    table = m.table("Object rights", _HEADS, rows) if rows else m.empty("This set gives no rights on objects.")
    return m.card("Object rights", table, name="objects", count=len(rows))


def _fields(house: House, found: Record) -> m.Markup:
    sobject = house.org.storage.schema.objects["fieldpermissions"]
    names = ["Field", "PermissionsRead", "PermissionsEdit"]
    rights = reads.rows(house, sobject, Wanted("ParentId = ?", (found.id,), "Field"), names, _MOST)
    groups: dict[str, list[Record]] = {}
    for each in rights:
        groups.setdefault(str(each.values["Field"]).partition(".")[0], []).append(each)
    parts = [_fields_of(name, group) for name, group in groups.items()]
    return m.card(
        "Field rights", parts or m.empty("This set gives no rights on fields."), name="fields", count=len(rights)
    )


def _fields_of(name: str, group: list[Record]) -> m.Markup:
    """The rights on the fields of one object, folded away when there are many objects to look through."""
    edits = sum(bool(each.values["PermissionsEdit"]) for each in group)
    words = m.tag("span", f" {len(group)} fields, {edits} of them to edit", class_="muted")
    rows = [
        (
            m.tag("code", each.values["Field"]),
            tick(bool(each.values["PermissionsRead"])),
            tick(bool(each.values["PermissionsEdit"])),
        )
        for each in group
    ]
    table = m.table(f"Fields of {name}", ("Field", "Read", "Edit"), rows)
    return m.tag("details", m.tag("summary", m.tag("h3", name), words), table, class_="section")


def change(house: House, ask: Ask) -> Response:
    """Assigns the set to a user, or takes an assignment back."""
    found = _set(house, ask)
    return assigned(house, ask, m.path("setup", "permissions", found.id), PermissionSetId=found.id)


def assigned(house: House, ask: Ask, where: str, **known: str) -> Response:
    """Carries out what a chooser or an Unassign button posted, and says it."""
    remove = ask.given("remove")
    act: dict[str, Any] = {"object": "PermissionSetAssignment"}
    if remove:
        act |= {"act": "delete", "id": remove}
    else:
        pair = {"PermissionSetId": ask.given("set"), "AssigneeId": ask.given("user")} | known
        act |= {"act": "create", "fields": pair}
    try:
        acts.carry_out(house.org, act)
    except (ValueError, LookupError) as error:
        return go(house, where, f"Nothing was done. {error}")
    if remove:
        return go(house, where, "The permission set was unassigned.")
    who, what = reads.title(house, act["fields"]["AssigneeId"]), _label(house, act["fields"]["PermissionSetId"])
    return go(house, where, f"{who} now has “{what}”.")


def _label(house: House, set_id: str) -> str:
    return str(reads.record(house, set_id).values["Label"])


ROUTES: Routes = [
    ("GET", "/_explorer/setup/permissions", sets),
    ("GET", "/_explorer/setup/permissions/{id}", one),
    ("POST", "/_explorer/setup/permissions/{id}", change),
]
