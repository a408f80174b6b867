"""New, edit, delete, undelete, opt out: forms and what they do, by the org's own acts."""

from typing import Any

from starlette.responses import JSONResponse, Response

from fairlead_emulators.salesforce import acts
from fairlead_emulators.salesforce.explorer import layout, reads
from fairlead_emulators.salesforce.explorer import markup as m
from fairlead_emulators.salesforce.explorer.house import Ask, Astray, House, Missing, Routes, go
from fairlead_emulators.salesforce.explorer.reads import Record
from fairlead_emulators.salesforce.explorer.records import forms
from fairlead_emulators.salesforce.explorer.records.forms import Filled
from fairlead_emulators.salesforce.explorer.records.one import OPT_OUT
from fairlead_emulators.salesforce.model.schema import SObject
from fairlead_emulators.salesforce.records.outcome import Refused

_SUGGESTED = 12


def new_form(house: House, ask: Ask) -> Response:
    """An empty form, filled with defaults and what the address gives (`?AccountId=…`)."""
    sobject = reads.object_named(house, ask.path["sobject"])
    if not sobject.createable:
        raise Missing(f"A form for new {sobject.label_plural.lower()}")
    fields = forms.editable(sobject, new=True)
    defaults = {f.name: ask.query.get(f.name, f.default) for f in fields}
    defaults["OwnerId"] = ask.query.get("OwnerId", house.org.identity.user_id)
    return _form(house, ask, sobject, Filled({f.name: forms.text_of(house, f, defaults[f.name]) for f in fields}))


def create(house: House, ask: Ask) -> Response:
    """Saves a new record, or shows the form again with what is wrong."""
    sobject = reads.object_named(house, ask.path["sobject"])
    fields = forms.editable(sobject, new=True)
    filled = forms.posted(ask, fields)
    wanted = {name: value for name, value in forms.sent(house, filled, fields).items() if value is not None}
    done = (
        None
        if filled.problems
        else _tried(house, filled, fields, {"act": "create", "object": sobject.name, "fields": wanted})
    )
    if done is None:
        return _form(house, ask, sobject, filled, status=422)
    return go(house, m.path("r", done), f"{sobject.label} “{reads.title(house, done)}” was created.")


def edit_form(house: House, ask: Ask) -> Response:
    """The record in a form."""
    one = _alive(house, ask)
    fields = forms.editable(one.sobject, new=False)
    texts = {f.name: forms.text_of(house, f, one.values[f.name]) for f in fields}
    return _form(house, ask, one.sobject, Filled(texts), one)


def edit(house: House, ask: Ask) -> Response:
    """Saves what was changed, or shows the form again with what is wrong."""
    one = _alive(house, ask)
    fields = forms.editable(one.sobject, new=False)
    filled = forms.posted(ask, fields)
    before = forms.sent(house, Filled({f.name: forms.text_of(house, f, one.values[f.name]) for f in fields}), fields)
    changed = {name: value for name, value in forms.sent(house, filled, fields).items() if value != before[name]}
    act = {"act": "edit", "object": one.sobject.name, "id": one.id, "fields": changed}
    done = None if filled.problems else one.id if not changed else _tried(house, filled, fields, act)
    if done is None:
        return _form(house, ask, one.sobject, filled, one, status=422)
    said = f"{one.sobject.label} “{reads.title(house, done)}” was saved." if changed else "Nothing was changed."
    return go(house, m.path("r", done), said)


def _tried(house: House, filled: Filled, fields: list[Any], act: dict[str, Any]) -> str | None:
    """The id of the record that was written; None when the org refuses, which is noted in the form."""
    try:
        return str(acts.carry_out(house.org, act)["id"])
    except Refused as refused:
        filled.refuse(fields, refused.error)
    except ValueError as error:
        filled.general = str(error)
    return None


def _form(
    house: House, ask: Ask, sobject: SObject, filled: Filled, one: Record | None = None, status: int = 200
) -> Response:
    fields = forms.editable(sobject, new=one is None)
    back = m.path("r", one.id) if one else m.path("o", sobject.name)
    title = f"Edit {one.name}" if one else f"New {sobject.label}"
    where = m.path("r", one.id, "edit") if one else m.path("o", sobject.name, "new")
    buttons = m.tag("div", m.button("Save", kind="main"), m.link(back, "Cancel", class_="button"), class_="form-end")
    form = m.tag(
        "form",
        forms.body(house, sobject, fields, filled, new=one is None),
        buttons,
        method="post",
        action=where,
        novalidate=True,
        class_="card form",
    )
    way = layout.crumbs((m.path("o", sobject.name), sobject.label_plural), *([(back, one.name)] if one else []))
    shown = ("Error: " if status != 200 else "") + title
    top = layout.header(title, tile=layout.icon_of(sobject), over=sobject.label)
    return layout.page(house, ask, shown, way, top, form, tab=sobject.name, status=status)


def _alive(house: House, ask: Ask) -> Record:
    one = reads.record(house, ask.path["id"])
    if one.deleted:
        raise Astray(m.path("r", one.id), "Nothing was done: the record is in the recycle bin. Undelete it first.")
    return one


def delete_form(house: House, ask: Ask) -> Response:
    """Asks before a record is deleted, and says what goes with it."""
    one = _alive(house, ask)
    going = []
    for title, child, pointing in reads.children(house, one.sobject):
        count = reads.counted(house, child, reads.Wanted(f'"{pointing.name}" = ?', (one.id,)))
        if count:
            fate = "are deleted with it" if pointing.cascade_delete else "stay and lose their link to it"
            going.append(m.tag("li", f"{title}: {reads.told(count)} {fate}"))
    words = [
        m.tag("p", f"“{one.name}” goes into the recycle bin, from where it can be brought back."),
        m.tag("ul", going) if going else None,
    ]
    form = m.tag(
        "form",
        m.button("Delete", kind="danger"),
        m.link(m.path("r", one.id), "Keep it", class_="button"),
        method="post",
        class_="form-end",
    )
    title = f"Delete {one.name}?"
    top = layout.header(title, tile=layout.icon_of(one.sobject), over=one.sobject.label)
    card = m.tag("section", words, form, class_="card form")
    return layout.page(house, ask, title, top, card, tab=one.sobject.name)


def delete(house: House, ask: Ask) -> Response:
    """Deletes, and leads to the record with its banner."""
    one = _alive(house, ask)
    act = {"act": "delete", "object": one.sobject.name, "id": one.id}
    return _done(house, act, m.path("r", one.id), f"{one.sobject.label} “{one.name}” was deleted.")


def undelete(house: House, ask: Ask) -> Response:
    """Brings a record back from the recycle bin."""
    one = reads.record(house, ask.path["id"])
    act = {"act": "undelete", "object": one.sobject.name, "id": one.id}
    return _done(house, act, m.path("r", one.id), f"{one.sobject.label} “{one.name}” is back.")


def opt_out(house: House, ask: Ask) -> Response:
    """The quick action: sets or takes back Email Opt Out."""
    one = _alive(house, ask)
    if OPT_OUT not in one.values:
        raise Missing(f"Email Opt Out of {one.sobject.label_plural.lower()}")
    wanted = bool(ask.given("opted_out"))
    act = {"act": "edit", "object": one.sobject.name, "id": one.id, "fields": {OPT_OUT: wanted}}
    said = f"{one.name} has opted out of e-mail." if wanted else f"{one.name} may be e-mailed again."
    return _done(house, act, m.path("r", one.id), said)


def _done(house: House, act: dict[str, Any], where: str, said: str) -> Response:
    """Carries out an act and says that it was done, or why not."""
    try:
        acts.carry_out(house.org, act)
    except (ValueError, LookupError) as error:
        said = f"Nothing was done. {error}"
    return go(house, where, said)


def suggest(house: House, ask: Ask) -> Response:
    """Names for a look-up: `?objects=Account,Contact&q=…` gives `["Acme (001…)"]`."""
    words, found = ask.query.get("q", "").strip(), []
    for name in ask.query.get("objects", "").split(","):
        target = house.org.storage.schema.object(name)
        if target is None:
            continue
        wanted = reads.Wanted()
        if words:
            where, values = reads.holding(target, words)
            wanted = wanted.also(where, *values)
        found += [f"{each.name} ({each.id})" for each in reads.rows(house, target, wanted, [], _SUGGESTED)]
    return JSONResponse(found[:_SUGGESTED], headers=dict(layout.HEADERS))


ROUTES: Routes = [
    ("GET", "/_explorer/o/{sobject}/new", new_form),
    ("POST", "/_explorer/o/{sobject}/new", create),
    ("GET", "/_explorer/r/{id}/edit", edit_form),
    ("POST", "/_explorer/r/{id}/edit", edit),
    ("GET", "/_explorer/r/{id}/delete", delete_form),
    ("POST", "/_explorer/r/{id}/delete", delete),
    ("POST", "/_explorer/r/{id}/undelete", undelete),
    ("POST", "/_explorer/r/{id}/opt-out", opt_out),
    ("GET", "/_explorer/suggest", suggest),
]
