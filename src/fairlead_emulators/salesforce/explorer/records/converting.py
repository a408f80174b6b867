"""Lead conversion: into which account and contact, with which status."""

from typing import Any, Final

from starlette.responses import Response

from fairlead_emulators.salesforce import acts
from fairlead_emulators.salesforce.errors import RowError
from fairlead_emulators.salesforce.explorer import layout, reads
from fairlead_emulators.salesforce.explorer import markup as m
from fairlead_emulators.salesforce.explorer.house import Ask, Astray, House, Missing, Routes, go
from fairlead_emulators.salesforce.explorer.reads import Record
from fairlead_emulators.salesforce.explorer.records import forms
from fairlead_emulators.salesforce.explorer.records.forms import Filled
from fairlead_emulators.salesforce.model.schema import Field, field_from
from fairlead_emulators.salesforce.records.conversion import converted_statuses
from fairlead_emulators.salesforce.records.outcome import Refused

_INTO: Final = ("Account", "Contact")


def _fields(house: House) -> list[Field]:
    """The controls of the form, described as fields are."""
    options = converted_statuses(house.org)
    shape = {"type": "reference", "nillable": True}
    looks = [
        field_from(shape | {"name": name, "label": f"Existing {name.lower()}", "reference_to": (name,)})
        for name in _INTO
    ]
    status = {"name": "Status", "type": "picklist", "label": "Converted status", "nillable": False}
    return [*looks, field_from(status | {"picklist": options, "default": next(iter(options), None)})]


def form(house: House, ask: Ask) -> Response:
    """Asks what the lead becomes."""
    one = _lead(house, ask)
    email = one.values.get("Email")
    contact = house.org.storage.schema.objects["contact"]
    fits = reads.rows(house, contact, reads.Wanted("Email = ?", (email,)), ["AccountId"], 6) if email else []
    return _page(house, ask, one, Filled({"Status": _fields(house)[-1].default}), fits)


def convert(house: House, ask: Ask) -> Response:
    """Converts the lead, or shows the form again with what is wrong."""
    one = _lead(house, ask)
    fields = _fields(house)
    filled = forms.posted(ask, fields)
    for f, kind in zip(fields, _INTO, strict=False):
        if ask.given(f"how-{kind}") == "new":
            filled.texts[f.name] = ""
        elif not filled.texts[f.name].strip():
            filled.problems[f.name] = (
                f"Choose an {kind.lower()}, or have a new one made."
                if kind == "Account"
                else ("Choose a contact, or have a new one made.")
            )
    into = forms.sent(house, filled, fields)
    if filled.problems:
        return _page(house, ask, one, filled, [], status=422)
    act: dict[str, Any] = {"act": "convert", "id": one.id, "status": into["Status"]}
    act |= {"account_id": into["Account"], "contact_id": into["Contact"]}
    try:
        done = acts.carry_out(house.org, act)
    except Refused as refused:
        filled.refuse(fields, _beside(refused.error))
        return _page(house, ask, one, filled, [], status=422)
    except (ValueError, LookupError) as error:
        filled.general = str(error)
        return _page(house, ask, one, filled, [], status=422)
    said = f"Lead “{one.name}” was converted into contact “{reads.title(house, done['contact_id'])}”."
    return go(house, m.path("r", one.id), said)


def _beside(error: RowError) -> RowError:
    """The refusal with the names that the controls have: `AccountId` stands beside `Account`."""
    return RowError(error.code, error.message, tuple(name.removesuffix("Id") for name in error.fields))


def _lead(house: House, ask: Ask) -> Record:
    one = reads.record(house, ask.path["id"])
    if one.sobject.name != "Lead":
        raise Missing(f"A conversion of {one.sobject.label_plural.lower()}")
    if one.deleted or one.values["IsConverted"]:
        state = "in the recycle bin" if one.deleted else "converted already"
        raise Astray(m.path("r", one.id), f"Nothing was done: the lead is {state}.")
    return one


def _page(house: House, ask: Ask, one: Record, filled: Filled, fits: list[Record], status: int = 200) -> Response:
    fields = _fields(house)
    company = one.values.get("Company") or one.name
    parts = [
        _choice(ask, "Account", f"New account “{company}”", fields[0], filled),
        _choice(ask, "Contact", f"New contact “{one.name}”", fields[1], filled),
        m.tag(
            "fieldset",
            m.tag("legend", "Lead"),
            m.tag("div", forms.control(fields[2], filled, new=False), class_="grid"),
        ),
    ]
    buttons = [m.button("Convert", kind="main"), m.link(m.path("r", one.id), "Cancel", class_="button")]
    title = f"Convert {one.name}"
    built = m.tag(
        "form",
        forms.summary(fields, filled),
        _hints(fits),
        parts,
        m.tag("div", buttons, class_="form-end"),
        method="post",
        novalidate=True,
        class_="card form",
    )
    way = layout.crumbs((m.path("o", "Lead"), "Leads"), (m.path("r", one.id), one.name))
    top = layout.header(title, tile=layout.icon_of(one.sobject), over="Lead")
    shown = ("Error: " if status != 200 else "") + title
    return layout.page(house, ask, shown, way, top, built, tab="Lead", status=status)


def _hints(fits: list[Record]) -> m.Markup | None:
    """Contacts that have the lead's e-mail already: the lead most likely belongs to one."""
    if not fits:
        return None
    links = [m.tag("li", m.link(m.path("r", each.id), each.name), " ", m.tag("code", each.id)) for each in fits]
    return m.tag(
        "div", m.tag("p", "Contacts with the lead's e-mail address:"), m.tag("ul", links), class_="banner calm stacked"
    )


def _choice(ask: Ask, kind: str, new: str, look: Field, filled: Filled) -> m.Markup:
    existing = ask.given(f"how-{kind}") == "existing"

    def radio(value: str, label: str, chosen: bool) -> m.Markup:
        box = m.tag("input", type="radio", name=f"how-{kind}", value=value, checked=chosen, id=f"{kind}-{value}")
        return m.tag("div", box, m.tag("label", label, for_=f"{kind}-{value}"), class_="check")

    return m.tag(
        "fieldset",
        m.tag("legend", kind),
        radio("new", new, not existing),
        radio("existing", f"An existing {kind.lower()}", existing),
        m.tag("div", forms.control(look, filled, new=False), class_="grid", data_when=f"{kind}-existing"),
    )


ROUTES: Routes = [("GET", "/_explorer/r/{id}/convert", form), ("POST", "/_explorer/r/{id}/convert", convert)]
