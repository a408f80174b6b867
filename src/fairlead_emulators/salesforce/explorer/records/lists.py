"""The records of an object: searched, sorted, a page at a time, through a list view or as children of a record."""

from collections.abc import Sequence
from typing import Final

from starlette.responses import Response

from fairlead_emulators.salesforce.explorer import layout, plans, reads
from fairlead_emulators.salesforce.explorer import markup as m
from fairlead_emulators.salesforce.explorer.house import Ask, House, Routes
from fairlead_emulators.salesforce.explorer.reads import Record, Wanted
from fairlead_emulators.salesforce.explorer.values import label_of, listed, shown
from fairlead_emulators.salesforce.model.ids import to18
from fairlead_emulators.salesforce.model.schema import Field, SObject
from fairlead_emulators.salesforce.state.storage import quoted

PAGE: Final = 50
MERGED: Final = ("Account", "Contact", "Lead")


def lines(
    house: House, caption: str, columns: Sequence[Field], found: Sequence[Record], heads: Sequence[m.Child] = ()
) -> m.Markup:
    """A table of records; the first column leads to each."""
    rows = [
        (
            m.link(m.path("r", each.id), each.values.get(columns[0].name) or each.id),
            *(shown(house, f, each.values.get(f.name)) for f in columns[1:]),
        )
        for each in found
    ]
    return m.table(caption, heads or [label_of(f) for f in columns], rows)


def records(house: House, ask: Ask) -> Response:
    """A list of an object's records."""
    sobject = reads.object_named(house, ask.path["sobject"])
    views = plans.list_views(house, sobject)
    view = next((each for each in views if each.name == ask.query.get("view")), None)
    columns = (view.columns if view else []) or listed(sobject)
    wanted, narrowed = _wanted(house, sobject, ask, columns, view)
    sort = _sort(ask, columns)
    if sort:
        field, falling = sort
        order = f"{quoted(field.name)} {'DESC' if falling else 'ASC'} NULLS LAST, Id"
        wanted = Wanted(wanted.where, wanted.values, order)
    number = ask.page()
    found = reads.rows(house, sobject, wanted, [f.name for f in columns], PAGE + 1, (number - 1) * PAGE)
    count = reads.counted(house, sobject, wanted)
    query = _query(ask)
    heads = [_head(sobject, f, query, sort) for f in columns]
    table = lines(house, sobject.label_plural, columns, found[:PAGE], heads) if found else _nothing(sobject, ask)
    pages = layout.pager(["o", sobject.name], query, number, more=len(found) > PAGE)
    top = layout.header(
        sobject.label_plural,
        tile=layout.icon_of(sobject),
        over=view.label if view else narrowed or "All records",
        under=[f"{reads.told(count)} records, ", "sorted by ", label_of(sort[0]) if sort else "record id"],
        tools=_tools(sobject),
    )
    card = m.tag("section", _filter(sobject, ask, views), table, pages, class_="card")
    return layout.page(house, ask, sobject.label_plural, top, card, tab=sobject.name, wide=True)


def _query(ask: Ask) -> dict[str, str | int | None]:
    return {name: ask.query.get(name) for name in ("q", "view", "sort", "of")}


def _wanted(
    house: House, sobject: SObject, ask: Ask, columns: Sequence[Field], view: plans.ListView | None
) -> tuple[Wanted, str]:
    """The rows that are asked for, and in words what narrows them."""
    wanted, narrowed = view.wanted if view else Wanted(), ""
    name, _, parent = ask.query.get("of", "").partition(":")
    field, parent_id = sobject.field(name), to18(parent)
    if field is not None and parent_id is not None:
        wanted = wanted.also(f"{quoted(field.name)} = ?", parent_id)
        narrowed = f"Of {reads.title(house, parent_id)}"
    words = ask.query.get("q", "").strip()
    if words:
        where, values = reads.holding(sobject, words, columns)
        wanted = wanted.also(where, *values)
    return wanted, narrowed


def _sort(ask: Ask, columns: Sequence[Field]) -> tuple[Field, bool] | None:
    asked = ask.query.get("sort", "")
    field = next((f for f in columns if f.name == asked.lstrip("-")), None)
    return None if field is None else (field, asked.startswith("-"))


def _head(
    sobject: SObject, field: Field, query: dict[str, str | int | None], sort: tuple[Field, bool] | None
) -> m.Child:
    falling = sort is not None and sort[0] is field and not sort[1]
    mark = "" if sort is None or sort[0] is not field else "↓" if sort[1] else "↑"
    where = m.path("o", sobject.name, **query | {"sort": f"-{field.name}" if falling else field.name})
    hint = {"": "not sorted", "↑": "sorted ascending", "↓": "sorted descending"}[mark]
    return m.link(
        where,
        label_of(field),
        m.tag("span", f" {mark}", aria_hidden="true"),
        m.tag("span", f", {hint}", class_="hidden"),
    )


def _tools(sobject: SObject) -> m.Child:
    tools: list[m.Child] = []
    if sobject.createable:
        tools.append(m.link(m.path("o", sobject.name, "new"), "New", class_="button main"))
    if sobject.name in MERGED:
        tools.append(m.link(m.path("o", sobject.name, "merge"), "Merge", class_="button"))
    tools.append(m.link(m.path("setup", "objects", sobject.name), "Set up", class_="button"))
    return tools


def _filter(sobject: SObject, ask: Ask, views: Sequence[plans.ListView]) -> m.Markup:
    chosen = ask.query.get("view", "")
    options = [("", "All records"), *((v.name, v.label) for v in views)]
    view = [
        m.tag("label", "List view", for_="view"),
        m.tag(
            "select", [m.tag("option", b, value=a, selected=a == chosen) for a, b in options], id="view", name="view"
        ),
    ]
    kept = [m.tag("input", type="hidden", name=k, value=ask.query[k]) for k in ("sort", "of") if ask.query.get(k)]
    return m.tag(
        "form",
        kept,
        view if views else None,
        m.tag("label", "Search this list", for_="q"),
        m.tag("input", id="q", name="q", type="search", value=ask.query.get("q", "")),
        m.button("Show"),
        class_="filter",
    )


def _nothing(sobject: SObject, ask: Ask) -> m.Markup:
    every = m.link(m.path("o", sobject.name), "Show all")
    if ask.query.get("q") or ask.query.get("view") or ask.query.get("of"):
        return m.empty("No record fits. Search for something else, or look through all of them.", tools=every)
    if ask.page() > 1:
        return m.empty("The list is not that long.", tools=every)
    new = m.link(m.path("o", sobject.name, "new"), f"New {sobject.label.lower()}", class_="button main")
    return m.empty(f"There are no {sobject.label_plural.lower()} yet.", tools=new if sobject.createable else None)


def recycle_bin(house: House, ask: Ask) -> Response:
    """What was deleted, newest first, object by object."""
    cards = []
    for sobject in sorted(house.org.storage.schema.objects.values(), key=lambda o: o.label_plural):
        if not sobject.deletable:
            continue
        wanted = Wanted(order="SystemModstamp DESC, Id", deleted=True)
        found = reads.rows(house, sobject, wanted, ["SystemModstamp"], PAGE)
        if found:
            cards.append(_binned(house, sobject, found, reads.counted(house, sobject, wanted)))
    if not cards:
        words = "The recycle bin is empty. Records that are deleted wait here and can be brought back."
        cards.append(m.tag("section", m.empty(words, tools=m.link("/", "See all objects")), class_="card"))
    tile = m.tag("span", m.icon("bin"), class_="tile Standard", aria_hidden="true")
    return layout.page(house, ask, "Recycle Bin", layout.header("Recycle Bin", tile=tile), *cards, tab="bin")


def _binned(house: House, sobject: SObject, found: Sequence[Record], count: int) -> m.Markup:
    moment = sobject.fields["systemmodstamp"]
    rows = [
        (
            m.link(m.path("r", each.id), each.name),
            shown(house, moment, each.values["SystemModstamp"]),
            m.press(m.path("r", each.id, "undelete"), "Undelete", about=each.name),
        )
        for each in found
    ]
    table = m.table(f"Deleted {sobject.label_plural}", (sobject.label, "Deleted", "Action"), rows)
    return m.card(
        [layout.icon_of(sobject), sobject.label_plural], table, name=f"bin-{sobject.name}", count=reads.told(count)
    )


ROUTES: Routes = [("GET", "/_explorer/o/{sobject}", records), ("GET", "/_explorer/bin", recycle_bin)]
