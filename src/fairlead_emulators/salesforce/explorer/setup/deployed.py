"""What was deployed: components by type, each with its source; and the overview of Setup."""

from collections import Counter

from starlette.responses import Response

from fairlead_emulators.salesforce.explorer import markup as m
from fairlead_emulators.salesforce.explorer import plans
from fairlead_emulators.salesforce.explorer.house import Ask, House, Missing, Routes
from fairlead_emulators.salesforce.explorer.setup import frame
from fairlead_emulators.salesforce.explorer.setup.faults import switched_on
from fairlead_emulators.salesforce.metadata.package import Component
from fairlead_emulators.salesforce.model.schema import SObject


def overview(house: House, ask: Ask) -> Response:
    """Where everything is, and how much there is of it."""
    schema = house.org.storage.schema
    parts = plans.components(house)
    custom = [o for o in schema.objects.values() if o.custom]
    fields = sum(f.custom for o in schema.objects.values() for f in o.fields.values())
    storage = house.org.storage
    pages = [
        ("users", "Users", f"{storage.count(schema.objects['user']):,}", "who can sign in, with which rights"),
        (
            "permissions",
            "Permission sets",
            f"{storage.count(schema.objects['permissionset']):,}",
            "rights, and who has them",
        ),
        ("objects", "Objects", f"{len(schema.objects)}", f"{len(custom)} custom objects, {fields} custom fields"),
        ("metadata", "Deployed components", f"{len(parts)}", "each with its source"),
        ("apps", "Live sessions", f"{len(house.sessions.access)}", "connected app, tokens"),
        ("settings", "Settings", f"{len(house.org.settings)} set", "limits and habits of this emulator"),
        ("faults", "Faults", f"{switched_on(house)} on", "locked rows, full storage, expired sessions…"),
        ("clock", "Clock", house.org.now()[:10], "move the org's time, lay out people"),
    ]
    rows = [(m.link(m.path("setup", where), label), count, words) for where, label, count, words in pages]
    sets = [m.link(m.path("setup", "permissions", name), label) for name, label in _permission_sets(house)]
    table = m.table("Setup", ("Area", "Now", "What is there"), rows)
    listed = m.tag("ul", [m.tag("li", each) for each in sets], class_="plain") if sets else _no_sets()
    cards = [
        m.tag("section", table, class_="card"),
        m.card("Permission sets", listed, name="sets", count=len(sets)),
    ]
    if custom:
        cards.append(m.card("Custom objects", [_fields(o) for o in custom], name="custom", count=len(custom)))
    return frame.page(house, ask, "Setup Home", *cards, over="Setup")


def _fields(sobject: SObject) -> m.Markup:
    """A custom object, its own fields folded away."""
    own = [f for f in sobject.fields.values() if f.custom]
    summary = m.tag(
        "summary",
        m.tag("h3", sobject.label),
        m.tag("span", f" {len(own)} {'field' if len(own) == 1 else 'fields'}", class_="muted"),
    )
    where = m.link(m.path("setup", "objects", sobject.name), m.tag("code", sobject.name), " in the object manager")
    rows = [(m.tag("code", f.name), f.label, f.type) for f in own]
    table = m.table(f"Fields of {sobject.label}", ("Field", "Label", "Type"), rows) if rows else None
    return m.tag("details", summary, m.tag("p", where), table, class_="section")


def _permission_sets(house: House) -> list[tuple[str, str]]:
    with house.org.storage.lock:
        found = house.org.storage.connection.execute(
            "SELECT Id, Label FROM PermissionSet WHERE IsDeleted = 0 ORDER BY Label"
        ).fetchall()
    return [(str(row[0]), str(row[1])) for row in found]


def _no_sets() -> m.Markup:
    return m.empty("No permission set was deployed yet.", tools=m.link(m.path("setup", "metadata"), "How to deploy"))


def components(house: House, ask: Ask) -> Response:
    """All components, or those of a type."""
    kind, words = ask.query.get("type", ""), ask.query.get("q", "").strip().lower()
    every = plans.components(house)
    found = [c for c in every if kind in ("", c.type) and words in c.full_name.lower()]
    kinds = sorted(Counter(c.type for c in every).items())
    options = [("", "All types"), *((name, f"{name} ({count})") for name, count in kinds)]
    chooser = m.tag(
        "select", [m.tag("option", b, value=a, selected=a == kind) for a, b in options], id="type", name="type"
    )
    search = m.tag(
        "form",
        m.tag("label", "Type", for_="type"),
        chooser,
        m.tag("label", "Name", for_="q"),
        m.tag("input", type="search", id="q", name="q", value=ask.query.get("q", "")),
        m.button("Show"),
        class_="filter",
    )
    rows = [
        (m.link(m.path("setup", "metadata", c.type, path=c.path), c.full_name), c.type, m.tag("code", c.path))
        for c in found
    ]
    if rows:
        table = m.table("Deployed components", ("Name", "Type", "File"), rows)
    elif every:
        table = m.empty("No component fits.", tools=m.link(m.path("setup", "metadata"), "Show all"))
    else:
        how = m.tag("code", "fairlead salesforce deploy")
        table = m.empty(
            "Nothing was deployed yet. Deploy Fairlead's own objects by ", how, ", or any package with your tools."
        )
    card = m.tag("section", search if every else None, table, class_="card")
    return frame.page(house, ask, "Deployed Metadata", card, here="metadata", under=f"{len(found):,} components")


def component(house: House, ask: Ask) -> Response:
    """One component with its source."""
    one = _component(house, ask)
    rows = [("Type", one.type), ("Full name", m.tag("code", one.full_name)), ("File", m.tag("code", one.path))]
    if one.type == "CustomObject":
        rows.append(("Object", m.link(m.path("setup", "objects", one.full_name), one.full_name)))
    source = m.tag("pre", m.tag("code", one.xml or "(no text)"), tabindex=0, role="region", aria_label="Source")
    cards = [
        m.card("Component", m.facts(rows, columns=False), name="component"),
        m.card("Source", source, name="source"),
    ]
    back = m.link(m.path("setup", "metadata"), "Deployed Metadata")
    return frame.page(house, ask, one.full_name, *cards, here="metadata", over=back)


def _component(house: House, ask: Ask) -> Component:
    wanted = ask.query.get("path", "")
    for each in plans.components(house, ask.path["type"]):
        if each.path == wanted:
            return each
    raise Missing(f"The component {wanted or ask.path['type']}")


ROUTES: Routes = [
    ("GET", "/_explorer/setup", overview),
    ("GET", "/_explorer/setup/metadata", components),
    ("GET", "/_explorer/setup/metadata/{type}", component),
]
