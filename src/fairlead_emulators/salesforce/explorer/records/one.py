"""One record: what matters in its header, details in sections, related lists, history, what can be done with it."""

from collections.abc import Sequence
from typing import Final

from starlette.responses import Response

from fairlead_emulators.salesforce.explorer import layout, plans, reads
from fairlead_emulators.salesforce.explorer import markup as m
from fairlead_emulators.salesforce.explorer.house import Ask, House, Routes
from fairlead_emulators.salesforce.explorer.reads import Record, Wanted
from fairlead_emulators.salesforce.explorer.records.buttons import buttons
from fairlead_emulators.salesforce.explorer.records.lists import MERGED, lines
from fairlead_emulators.salesforce.explorer.values import highlights, label_of, listed, moment, shown, to_record
from fairlead_emulators.salesforce.model.history import history_name, parent_field
from fairlead_emulators.salesforce.model.schema import Field, SObject
from fairlead_emulators.salesforce.state.storage import quoted

RELATED: Final = 6
_COLUMNS: Final = 4
OPT_OUT: Final = "HasOptedOutOfEmail"


def record(house: House, ask: Ask) -> Response:
    """The page of a record."""
    one = reads.record(house, ask.path["id"])
    sobject = one.sobject
    panel = [(label_of(f), shown(house, f, one.values[f.name])) for f in highlights(sobject)]
    top = layout.header(
        one.name,
        tile=layout.icon_of(sobject),
        over=sobject.label,
        tools=None if one.deleted else [*buttons(house, one), *_tools(one)],
        panel=panel,
    )
    details = m.card("Details", [_section(house, one, *each) for each in plans.planned(house, sobject)], name="details")
    related = [] if one.deleted else _related(house, one)
    content = m.tag("div", details, m.tag("div", related or _no_related(), class_="column"), class_="split")
    back = layout.crumbs((m.path("o", sobject.name), sobject.label_plural))
    banner = _deleted(house, one) if one.deleted else _converted(house, one)
    title = f"{one.name} | {sobject.label}"
    return layout.page(house, ask, title, back, banner, top, content, tab=sobject.name, wide=True)


def _tools(one: Record) -> list[m.Child]:
    sobject, converted = one.sobject, bool(one.values.get("IsConverted"))
    tools: list[m.Child] = []
    if sobject.updateable and not converted:
        tools.append(m.link(m.path("r", one.id, "edit"), "Edit", class_="button main"))
    if sobject.name == "Lead" and not converted:
        tools.append(m.link(m.path("r", one.id, "convert"), "Convert", class_="button"))
    if OPT_OUT in one.values and sobject.updateable and not converted:
        label = "Opt in to e-mail" if one.values[OPT_OUT] else "Opt out of e-mail"
        given = "" if one.values[OPT_OUT] else "on"
        tools.append(m.press(m.path("r", one.id, "opt-out"), label, opted_out=given))
    if sobject.name in MERGED and not converted:
        tools.append(m.link(m.path("o", sobject.name, "merge", ids=one.id), "Merge", class_="button"))
    if sobject.deletable:
        tools.append(m.link(m.path("r", one.id, "delete"), "Delete", class_="button"))
    return tools


def _deleted(house: House, one: Record) -> m.Markup:
    master = one.values.get("MasterRecordId")
    merged = ["It was merged into ", to_record(house, str(master)), ". "] if master else None
    words = m.tag(
        "p", m.tag("strong", "This record is in the recycle bin. "), merged, "Clients see it by queryAll only."
    )
    return m.tag(
        "div",
        words,
        m.press(m.path("r", one.id, "undelete"), "Undelete", kind="main", about=one.name),
        class_="banner",
        role="note",
    )


def _converted(house: House, one: Record) -> m.Markup | None:
    if not one.values.get("IsConverted"):
        return None
    names = ("ConvertedContactId", "ConvertedAccountId", "ConvertedOpportunityId")
    into = [to_record(house, str(one.values[name])) for name in names if one.values.get(name)]
    joined = [part for each in into for part in (", ", each)][1:]
    words = m.tag("p", m.tag("strong", "This lead was converted"), [" into ", joined] if into else None, ". ")
    return m.tag("div", words, m.tag("p", "It can no longer be changed."), class_="banner calm", role="note")


def _section(house: House, one: Record, title: str, fields: Sequence[Field]) -> m.Markup:
    pairs = [
        (_term(f), shown(house, f, one.values[f.name]) if f.name != "Id" else m.tag("code", one.id)) for f in fields
    ]
    return m.tag("details", m.tag("summary", m.tag("h3", title)), m.facts(pairs), open=True, class_="section")


def _term(field: Field) -> m.Markup:
    return m.tag("span", label_of(field), title=field.name)


def _no_related() -> m.Markup:
    return m.tag("section", m.empty("Nothing is related to this record."), class_="card")


def _related(house: House, one: Record) -> list[m.Markup]:
    """A card for each related list: those with rows first, the empty ones together at the end."""
    cards: list[m.Markup] = []
    silent: list[m.Markup] = []
    for title, child, pointing in reads.children(house, one.sobject):
        if child.name.endswith("History"):
            continue
        wanted = Wanted(f"{quoted(pointing.name)} = ?", (one.id,))
        columns = [f for f in listed(child) if f.name not in (pointing.name, "LastModifiedDate")][:_COLUMNS]
        found = reads.rows(house, child, wanted, [f.name for f in columns], RELATED + 1)
        if found:
            cards.append(_card(house, one, title, child, pointing, columns, found))
        else:
            silent.append(_new(one, title, child, pointing))
    cards += _history(house, one)
    if silent:
        cards.append(
            m.card("Empty related lists", m.tag("ul", silent, class_="plain"), name="empty-lists", count=len(silent))
        )
    return cards


def _new(one: Record, title: str, child: SObject, pointing: Field) -> m.Markup:
    fits = child.createable and pointing.createable
    new = (
        m.link(m.path("o", child.name, "new", **{pointing.name: one.id}), f"New {child.label.lower()}")
        if fits
        else None
    )
    return m.tag("li", m.tag("span", title), new)


def _card(
    house: House,
    one: Record,
    title: str,
    child: SObject,
    pointing: Field,
    columns: Sequence[Field],
    found: Sequence[Record],
) -> m.Markup:
    wanted = Wanted(f"{quoted(pointing.name)} = ?", (one.id,))
    count = reads.told(reads.counted(house, child, wanted))
    every = m.link(m.path("o", child.name, of=f"{pointing.name}:{one.id}"), "View all", aria_label=f"View all: {title}")
    new = None
    if child.createable and pointing.createable:
        new = m.link(m.path("o", child.name, "new", **{pointing.name: one.id}), "New", aria_label=f"New {child.label}")
    return m.card(
        [layout.icon_of(child), title],
        lines(house, title, columns, found[:RELATED]),
        name=f"related-{child.name}-{pointing.name}",
        count=count,
        tools=[new, " ", every],
    )


def _history(house: House, one: Record) -> list[m.Markup]:
    """What changed, field by field, where the org keeps that."""
    history = house.org.storage.schema.object(history_name(one.sobject))
    pointing = history.field(parent_field(one.sobject)) if history else None
    if history is None or pointing is None:
        return []
    wanted = Wanted(f"{quoted(pointing.name)} = ?", (one.id,), "CreatedDate DESC, Id DESC")
    names = [n for n in ("Field", "OldValue", "NewValue", "CreatedDate", "CreatedById") if history.field(n)]
    found = reads.rows(house, history, wanted, names, 20)
    if not found:
        return [m.card("History", _untracked(), name="history", count=0)]
    rows = [
        (
            moment(str(each.values["CreatedDate"])),
            _label(one.sobject, str(each.values.get("Field"))),
            each.values.get("OldValue"),
            each.values.get("NewValue"),
            to_record(house, str(each.values["CreatedById"])),
        )
        for each in found
    ]
    table = m.table("History", ("When", "Field", "Before", "After", "By"), rows)
    return [m.card("History", table, name="history", count=reads.told(reads.counted(house, history, wanted)))]


def _untracked() -> m.Markup:
    how = m.link(m.path("setup", "settings") + "#s-tracked_fields", "Choose the fields that are tracked")
    return m.empty("No change of a tracked field is kept yet.", tools=how)


def _label(sobject: SObject, name: str) -> str:
    field = sobject.field(name)
    return label_of(field) if field else name


ROUTES: Routes = [("GET", "/_explorer/r/{id}", record)]
