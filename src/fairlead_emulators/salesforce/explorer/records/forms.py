"""Forms built from the describe model: a control for each field by its type, errors beside their fields."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from fairlead_emulators.salesforce.errors import RowError
from fairlead_emulators.salesforce.explorer import markup as m
from fairlead_emulators.salesforce.explorer import plans, reads
from fairlead_emulators.salesforce.explorer.house import Ask, House
from fairlead_emulators.salesforce.explorer.reads import Wanted
from fairlead_emulators.salesforce.explorer.values import label_of
from fairlead_emulators.salesforce.model.ids import to18
from fairlead_emulators.salesforce.model.schema import Field, SObject
from fairlead_emulators.salesforce.state.storage import quoted

_NAMED: Final = re.compile(r"\(([A-Za-z0-9]{15}|[A-Za-z0-9]{18})\)\s*$")
_INPUTS: Final = {"email": "email", "phone": "tel", "url": "url", "date": "date", "datetime": "datetime-local"}
_NUMBERS: Final = frozenset({"int", "double", "currency", "percent"})


@dataclass(slots=True)
class Filled:
    """A form as it stands: what each field holds as text, and what is wrong, by field name."""

    texts: dict[str, str]
    problems: dict[str, str] = field(default_factory=dict)
    general: str = ""

    def refuse(self, fields: Sequence[Field], error: RowError) -> None:
        """Puts the org's refusal beside the fields it names, or above the form."""
        on_form = {f.name.lower(): f.name for f in fields}
        named = [on_form[name.lower()] for name in error.fields if name.lower() in on_form]
        for name in named:
            self.problems.setdefault(name, f"{error.message} ({error.code})")
        if not named:
            self.general = f"{error.message} ({error.code})"


def editable(sobject: SObject, *, new: bool) -> list[Field]:
    """The fields a person may set."""
    return [f for f in sobject.fields.values() if (f.createable if new else f.updateable) and f.type != "id"]


def text_of(house: House, f: Field, value: Any) -> str:
    """A kept value as its control holds it."""
    if value is None:
        return ""
    if f.type == "boolean":
        return "on" if value else ""
    if f.type == "datetime":
        return str(value)[:19]
    if f.type == "reference":
        return named(house, str(value))
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def named(house: House, record_id: str) -> str:
    """A record as a look-up control holds it: `Acme (001…)`."""
    title = reads.title(house, record_id)
    return record_id if title == record_id else f"{title} ({record_id})"


def posted(ask: Ask, fields: Sequence[Field]) -> Filled:
    """What a person sent."""
    return Filled({f.name: ";".join(ask.form.get(f.name, ())) for f in fields})


def sent(house: House, filled: Filled, fields: Sequence[Field]) -> dict[str, Any]:
    """The fields as the API takes them; what cannot be understood is noted in `filled.problems`."""
    found: dict[str, Any] = {}
    for f in fields:
        text = filled.texts.get(f.name, "").strip()
        if f.type == "boolean":
            found[f.name] = bool(text)
        elif not text:
            found[f.name] = None
        elif f.type == "reference":
            found[f.name] = _pointed(house, f, text, filled)
        elif f.type == "datetime":
            found[f.name] = f"{text}Z" if len(text) in (16, 19) else text
        else:
            found[f.name] = text.replace("\r\n", "\n")
    return found


def _pointed(house: House, f: Field, text: str, filled: Filled) -> str | None:
    """The id that a look-up means: given in brackets, given alone, or by a name that one record has."""
    match = _NAMED.search(text)
    given = to18(match.group(1) if match else text)
    # A name may look like an id: fifteen letters.
    if given is not None and house.org.storage.schema.by_prefix(given) is not None:
        return given
    found = [each for name in f.reference_to for each in _called(house, name, text)]
    if len(found) == 1:
        return found[0]
    kinds = " or ".join(f.reference_to)
    several = f"Several records are called “{text}”: choose one from the list, or give its id."
    filled.problems[f.name] = (
        several if found else f"No {kinds} is called “{text}”: choose one from the list, or give an id."
    )
    return None


def _called(house: House, name: str, text: str) -> list[str]:
    target = house.org.storage.schema.object(name)
    if target is None or target.field(target.name_field) is None:
        return []
    found = reads.rows(house, target, Wanted(f"{quoted(target.name_field)} = ?", (text,)), [], 2)
    return [each.id for each in found]


def body(house: House, sobject: SObject, fields: Sequence[Field], filled: Filled, *, new: bool) -> m.Markup:
    """The controls in the sections of the layout, under a summary of what is wrong."""
    allowed = {f.name for f in fields}
    groups = [(title, [f for f in group if f.name in allowed]) for title, group in plans.planned(house, sobject)]
    sections = [
        m.tag(
            "fieldset",
            m.tag("legend", title),
            m.tag("div", [control(f, filled, new=new) for f in group], class_="grid"),
        )
        for title, group in groups
        if group
    ]
    note = m.tag("p", m.tag("span", "*", class_="star"), " must be filled in. Times are in UTC.", class_="muted")
    return m.markup(summary(fields, filled), note, sections)


def summary(fields: Sequence[Field], filled: Filled) -> m.Markup | None:
    """What is wrong, in one place, with links to the fields."""
    wrong = [
        m.tag("li", m.link(f"#f-{f.name}", label_of(f)), ": ", filled.problems[f.name])
        for f in fields
        if f.name in filled.problems
    ]
    if not wrong and not filled.general:
        return None
    listed = m.tag("ul", wrong) if wrong else None
    words = m.tag("p", filled.general) if filled.general else None
    head = m.tag("p", m.tag("strong", "This was not saved."))
    return m.tag("div", head, words, listed, class_="wrong", role="alert", tabindex=-1)


def control(f: Field, filled: Filled, *, new: bool) -> m.Markup:
    """A label, the control, what is wrong with it."""
    text, problem = filled.texts.get(f.name, ""), filled.problems.get(f.name)
    about: dict[str, m.Attribute] = {"id": f"f-{f.name}", "name": f.name}
    needed = f.required and f.createable
    if needed:
        about["aria_required"] = "true"
    if problem:
        about |= {"aria_invalid": "true", "aria_describedby": f"e-{f.name}"}
    star = m.tag("span", " *", class_="star", aria_hidden="true") if needed else None
    error = m.tag("p", problem, id=f"e-{f.name}", class_="error") if problem else None
    label = m.tag("label", label_of(f), star, for_=f"f-{f.name}")
    if f.type == "boolean":
        box = m.tag("input", type="checkbox", value="on", checked=bool(text), **about)
        return m.tag("div", m.tag("div", box, label, class_="check"), error, class_=_class(problem))
    if f.type == "multipicklist":
        return m.tag(
            "fieldset", m.tag("legend", label_of(f)), _choices(f, text), error, class_=f"choices {_class(problem)}"
        )
    return m.tag("div", label, _input(f, text, about, new=new), error, class_=_class(problem))


def _class(problem: str | None) -> str:
    return "field bad" if problem else "field"


def _input(f: Field, text: str, about: Mapping[str, m.Attribute], *, new: bool) -> m.Markup:
    if f.type == "picklist":
        return _select(f, text, about, new=new)
    if f.type == "textarea":
        return m.tag("textarea", text, rows=3 if f.length <= 255 else 5, **about)
    if f.type == "reference":
        kinds = ",".join(f.reference_to)
        choices = m.tag("datalist", id=f"l-{f.name}")
        more = {
            "list": f"l-{f.name}",
            "autocomplete": "off",
            "placeholder": f"Name or id of {' or '.join(f.reference_to)}",
        }
        return m.markup(m.tag("input", value=text, data_lookup=kinds, **about, **more), choices)
    if f.type in _NUMBERS:
        return m.tag("input", value=text, inputmode="decimal", **about)
    step = {"step": 1} if f.type == "datetime" else {}
    return m.tag("input", type=_INPUTS.get(f.type, "text"), value=text, autocomplete="off", **step, **about)


def _select(f: Field, text: str, about: Mapping[str, m.Attribute], *, new: bool) -> m.Markup:
    options = list(f.picklist)
    if text and text not in options:
        options.insert(0, text)
    if f.nillable or (new and f.default is None):
        options.insert(0, "")
    chosen = [m.tag("option", each or "--None--", value=each, selected=each == text) for each in options]
    return m.tag("select", chosen, **about)


def _choices(f: Field, text: str) -> list[m.Markup]:
    chosen = text.split(";") if text else []
    return [
        m.tag("label", m.tag("input", type="checkbox", name=f.name, value=each, checked=each in chosen), each)
        for each in dict.fromkeys([*f.picklist, *chosen])
    ]
