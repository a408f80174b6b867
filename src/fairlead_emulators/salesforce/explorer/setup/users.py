"""Users: who there is, their rights, active or not, and a session in their name."""

from typing import Final

from starlette.responses import Response

from fairlead_emulators.salesforce import acts
from fairlead_emulators.salesforce.explorer import markup as m
from fairlead_emulators.salesforce.explorer import reads
from fairlead_emulators.salesforce.explorer.house import Ask, Astray, House, Missing, Routes, go
from fairlead_emulators.salesforce.explorer.reads import Record, Wanted
from fairlead_emulators.salesforce.explorer.setup import frame, permissions
from fairlead_emulators.salesforce.explorer.values import to_record

_MOST: Final = 2_000


def users(house: House, ask: Ask) -> Response:
    """All users."""
    sobject = house.org.storage.schema.objects["user"]
    names = ["Username", "Email", "ProfileId", "IsActive"]
    found = reads.rows(house, sobject, Wanted(order="Name"), names, _MOST)
    rows = [
        (
            m.link(m.path("setup", "users", each.id), each.name),
            m.tag("code", each.values["Username"]),
            each.values["Email"],
            reads.title(house, str(each.values["ProfileId"])),
            _state(each),
        )
        for each in found
    ]
    table = m.table("Users", ("Name", "Username", "E-mail", "Profile", "State"), rows)
    new = m.link(m.path("o", "User", "new"), "New user", class_="button main")
    card = m.tag("section", table, class_="card")
    return frame.page(house, ask, "Users", card, here="users", tools=new, under=f"{len(rows)} users")


def _state(one: Record) -> m.Markup:
    return m.badge("Active", "good") if one.values["IsActive"] else m.badge("Inactive")


def user(house: House, ask: Ask) -> Response:
    """One user."""
    return _page(house, ask, _user(house, ask))


def _page(house: House, ask: Ask, one: Record, token: str = "") -> Response:
    where = m.path("setup", "users", one.id)
    details = m.facts(
        [
            ("Username", m.tag("code", one.values["Username"])),
            ("E-mail", one.values["Email"]),
            ("Profile", to_record(house, str(one.values["ProfileId"]))),
            ("State", _state(one)),
            ("Time zone", one.values.get("TimeZoneSidKey")),
            ("Locale", one.values.get("LocaleSidKey")),
        ]
    )
    tools: list[m.Child] = [m.link(m.path("r", one.id, "edit"), "Edit", class_="button")]
    if one.values["IsActive"]:
        tools += [m.press(f"{where}/token", "Log in as this user"), m.press(f"{where}/active", "Deactivate")]
    else:
        tools.append(m.press(f"{where}/active", "Activate", kind="main", active="on"))
    cards = [
        _token(ask, token) if token else None,
        m.card("Details", details, name="details"),
        _sets(house, one, where),
    ]
    back = m.link(m.path("setup", "users"), "Users")
    return frame.page(house, ask, one.name, *cards, here="users", over=back, tools=tools)


def _user(house: House, ask: Ask) -> Record:
    one = reads.record(house, ask.path["id"])
    if one.sobject.name != "User":
        raise Missing(f"The user {ask.path['id']}")
    return one


def _token(ask: Ask, token: str) -> m.Markup:
    """A token just made, and how to use it. It is shown on this one page only."""
    line = f'curl -H "Authorization: Bearer {token}" {ask.site}/services/data'
    rows = [("Access token", m.tag("code", token, class_="wrap")), ("Try it", m.tag("code", line, class_="wrap"))]
    words = m.tag("p", "Copy it now: it is not shown again.", class_="muted")
    return m.card("New session", words, m.facts(rows, columns=False), name="session")


def _sets(house: House, one: Record, where: str) -> m.Markup:
    given = permissions.assignments(house, "AssigneeId", one.id)
    has = {str(each.values["PermissionSetId"]) for each in given}
    sobject = house.org.storage.schema.objects["permissionset"]
    every = reads.rows(house, sobject, Wanted(order="Label"), ["Label"], _MOST)
    labels = {each.id: str(each.values["Label"]) for each in every}
    rows = [
        (
            m.link(m.path("setup", "permissions", found), labels.get(found, found)),
            m.press(where, "Unassign", about=labels.get(found, found), remove=each.id),
        )
        for each in given
        for found in [str(each.values["PermissionSetId"])]
    ]
    form = permissions.chooser(
        where, "Permission set", "set", [(i, label) for i, label in labels.items() if i not in has]
    )
    words = "No permission set is assigned." + (" Choose one below." if form else "")
    table = m.table("Permission sets", ("Permission set", "Action"), rows) if rows else m.empty(words)
    return m.card("Permission sets", table, form, name="sets", count=len(rows))


def change(house: House, ask: Ask) -> Response:
    """Assigns or unassigns a permission set."""
    one = _user(house, ask)
    return permissions.assigned(house, ask, m.path("setup", "users", one.id), AssigneeId=one.id)


def activate(house: House, ask: Ask) -> Response:
    """Activates or deactivates."""
    one, wanted = _user(house, ask), bool(ask.given("active"))
    where = m.path("setup", "users", one.id)
    try:
        acts.carry_out(house.org, {"act": "edit", "object": "User", "id": one.id, "fields": {"IsActive": wanted}})
    except (ValueError, LookupError) as error:
        return go(house, where, f"Nothing was done. {error}")
    return go(house, where, f"{one.name} is {'active again' if wanted else 'inactive now'}.")


def token(house: House, ask: Ask) -> Response:
    """Opens a session and shows its token, once."""
    one = _user(house, ask)
    if not one.values["IsActive"]:
        raise Astray(m.path("setup", "users", one.id), "Nothing was done: activate the user first.")
    return _page(house, ask, one, house.sessions.open(one.id))


ROUTES: Routes = [
    ("GET", "/_explorer/setup/users", users),
    ("GET", "/_explorer/setup/users/{id}", user),
    ("POST", "/_explorer/setup/users/{id}", change),
    ("POST", "/_explorer/setup/users/{id}/active", activate),
    ("POST", "/_explorer/setup/users/{id}/token", token),
]
