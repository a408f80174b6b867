"""Merge: two or three records become one. First they are chosen, then field by field what stays."""

from collections.abc import Sequence
from typing import Any, Final

from starlette.responses import Response

from fairlead_emulators.salesforce import acts
from fairlead_emulators.salesforce.explorer import layout, reads
from fairlead_emulators.salesforce.explorer import markup as m
from fairlead_emulators.salesforce.explorer.house import Ask, Astray, House, Missing, Routes, go
from fairlead_emulators.salesforce.explorer.reads import Record, Wanted
from fairlead_emulators.salesforce.explorer.records.forms import editable
from fairlead_emulators.salesforce.explorer.records.lists import MERGED
from fairlead_emulators.salesforce.explorer.values import label_of, listed, shown
from fairlead_emulators.salesforce.model.schema import Field, SObject

_CANDIDATES: Final = 25
_MOST: Final = 3


def choose(house: House, ask: Ask) -> Response:
    """Which records: those chosen so far, and others like them, or found by a search."""
    sobject = _object(house, ask)
    chosen = _records(house, sobject, ask.ids[:_MOST])
    if ask.query.get("step") == "compare":
        return _compare(house, ask, sobject, chosen)
    return _choose(house, ask, sobject, chosen)


def _object(house: House, ask: Ask) -> SObject:
    sobject = reads.object_named(house, ask.path["sobject"])
    if sobject.name not in MERGED:
        raise Missing(f"A merge of {sobject.label_plural.lower()}")
    return sobject


def _records(house: House, sobject: SObject, ids: Sequence[str]) -> list[Record]:
    found = [reads.record(house, each) for each in dict.fromkeys(ids)]
    return [each for each in found if each.sobject is sobject and not each.deleted]


def _choose(house: House, ask: Ask, sobject: SObject, chosen: Sequence[Record], wrong: str = "") -> Response:
    columns = [f for f in listed(sobject) if f.type != "boolean"][:4]
    others = _candidates(house, ask, sobject, columns, chosen)
    rows = []
    for each in (*chosen, *others):
        box = m.tag(
            "input",
            type="checkbox",
            name="ids",
            value=each.id,
            checked=each in chosen,
            aria_label=f"Merge {each.name}, {each.values.get('Email') or each.id}",
        )
        cells = [shown(house, f, each.values.get(f.name)) for f in columns[1:]]
        rows.append((m.tag("span", box, m.link(m.path("r", each.id), each.name), class_="with-icon"), *cells))
    kept = [m.tag("input", type="hidden", name="ids", value=each.id) for each in chosen]
    search = m.tag(
        "form",
        kept,
        m.tag("label", f"Find {sobject.label_plural.lower()}", for_="q"),
        m.tag("input", id="q", name="q", type="search", value=ask.query.get("q", "")),
        m.button("Find"),
        class_="filter",
    )
    compare = m.tag(
        "form",
        m.tag("input", type="hidden", name="step", value="compare"),
        m.table(f"{sobject.label_plural} to merge", [label_of(f) for f in columns], rows) if rows else _nobody(sobject),
        m.tag("div", m.button("Compare", kind="main"), class_="form-end"),
    )
    words = m.tag("p", "Choose two or three records of the same person or company.", class_="muted")
    problem = m.tag("div", m.tag("p", wrong), class_="wrong", role="alert", tabindex=-1) if wrong else None
    top = layout.header(f"Merge {sobject.label_plural}", tile=layout.icon_of(sobject), over="Step 1 of 2")
    back = layout.crumbs((m.path("o", sobject.name), sobject.label_plural))
    card = m.tag("section", problem, words, search, compare, class_="card form")
    return layout.page(house, ask, f"Merge {sobject.label_plural}", back, top, card, tab=sobject.name)


def _nobody(sobject: SObject) -> m.Markup:
    return m.empty(f"Search for the {sobject.label_plural.lower()} that are the same.")


def _candidates(
    house: House, ask: Ask, sobject: SObject, columns: Sequence[Field], chosen: Sequence[Record]
) -> list[Record]:
    """Who may be the same: found by the search; without one, those with the same e-mail, then the same name."""
    words = ask.query.get("q", "").strip()
    if words:
        where, values = reads.holding(sobject, words)
        tries = [Wanted().also(where, *values)]
    elif chosen:
        first = chosen[0].values
        keys = [name for name in ("Email", "LastName", "Name") if first.get(name) and sobject.field(name)]
        tries = [Wanted(f'"{name}" = ?', (first[name],)) for name in keys]
    else:
        tries = [Wanted()]
    known = {each.id for each in chosen}
    found: dict[str, Record] = {}
    for wanted in tries:
        for each in reads.rows(house, sobject, wanted, [f.name for f in columns], _CANDIDATES):
            if each.id not in known:
                found.setdefault(each.id, each)
    return list(found.values())[:_CANDIDATES]


def _compare(house: House, ask: Ask, sobject: SObject, chosen: Sequence[Record]) -> Response:
    wrong = _cannot(ask, chosen)
    if wrong:
        return _choose(house, ask, sobject, chosen, wrong)
    heads = ["Field", *(each.name for each in chosen)]
    rows: list[Sequence[m.Child]] = [("Master record", *(_master(each, each is chosen[0]) for each in chosen))]
    rows += [(label_of(f), *(_cell(house, f, each, chosen) for each in chosen)) for f in _differing(sobject, chosen)]
    kept = [m.tag("input", type="hidden", name="ids", value=each.id) for each in chosen]
    words = m.tag(
        "p",
        "The master record stays, with the values chosen here. The others go to the recycle bin; ",
        "what is related to them moves to the master.",
        class_="muted",
    )
    again = m.path("o", sobject.name, "merge", ids=chosen[0].id)
    buttons = [m.button("Merge", kind="main"), m.link(again, "Choose others", class_="button")]
    form = m.tag(
        "form",
        kept,
        words,
        m.table("What stays", heads, rows),
        m.tag("div", buttons, class_="form-end"),
        method="post",
        action=m.path("o", sobject.name, "merge"),
        class_="card form wide",
    )
    top = layout.header(f"Merge {len(chosen)} {sobject.label_plural}", tile=layout.icon_of(sobject), over="Step 2 of 2")
    back = layout.crumbs((m.path("o", sobject.name), sobject.label_plural))
    return layout.page(house, ask, f"Merge {sobject.label_plural}", back, top, form, tab=sobject.name, wide=True)


def _cannot(ask: Ask, chosen: Sequence[Record]) -> str:
    if len(set(ask.ids)) > _MOST:
        return f"{len(set(ask.ids))} records are chosen: leave out some, at most three can be merged at once."
    return "Choose at least two records." if len(chosen) < 2 else ""


def _differing(sobject: SObject, chosen: Sequence[Record]) -> list[Field]:
    fields = editable(sobject, new=False)
    return [f for f in fields if len({str(each.values[f.name]) for each in chosen}) > 1]


def _master(one: Record, first: bool) -> m.Markup:
    box = m.tag("input", type="radio", name="winner", value=one.id, checked=first)
    return m.tag("label", box, " ", one.name, m.tag("span", f" {one.id}", class_="muted small"), class_="choice")


def _cell(house: House, f: Field, one: Record, chosen: Sequence[Record]) -> m.Markup:
    """A choice of one value. The first record's is chosen, unless it has none."""
    filled = next((each for each in chosen if each.values[f.name] not in (None, "")), chosen[0])
    box = m.tag("input", type="radio", name=f"from-{f.name}", value=one.id, checked=one is filled)
    value = one.values[f.name]
    bare = value in (None, "")
    text = m.tag("span", "(empty)", class_="muted", data_empty=True) if bare else _text(house, f, value)
    return m.tag("label", box, " ", m.tag("span", f"{label_of(f)}: ", class_="hidden"), text, class_="choice")


def _text(house: House, f: Field, value: Any) -> m.Child:
    if f.type == "boolean":
        return "Yes" if value else "No"
    return reads.title(house, str(value)) if f.type == "reference" else str(value)


def merge(house: House, ask: Ask) -> Response:
    """Merges, and leads to the record that stays."""
    sobject = _object(house, ask)
    chosen = _records(house, sobject, ask.form.get("ids", ())[:_MOST])
    by_id = {each.id: each for each in chosen}
    winner = by_id.get(ask.given("winner"))
    if winner is None or len(chosen) < 2:
        raise Astray(
            m.path("o", sobject.name, "merge"), "Nothing was merged: choose two or three records, and one to stay."
        )
    fields = {}
    for f in _differing(sobject, chosen):
        source = by_id.get(ask.given(f"from-{f.name}"), winner)
        if source.values[f.name] != winner.values[f.name]:
            fields[f.name] = _sent(f, source.values[f.name])
    losers = [each.id for each in chosen if each is not winner]
    act = {"act": "merge", "object": sobject.name, "id": winner.id, "losers": losers, "fields": fields}
    try:
        acts.carry_out(house.org, act)
    except (ValueError, LookupError) as error:
        raise Astray(m.path("r", winner.id), f"Nothing was merged. {error}") from error
    return go(
        house, m.path("r", winner.id), f"{len(chosen)} {sobject.label_plural.lower()} were merged into “{winner.name}”."
    )


def _sent(f: Field, value: Any) -> Any:
    return bool(value) if f.type == "boolean" else value


ROUTES: Routes = [("GET", "/_explorer/o/{sobject}/merge", choose), ("POST", "/_explorer/o/{sobject}/merge", merge)]
