"""The emulator's settings: each with its default and help, changed in a form, kept with the org."""

import json
from typing import Any, Final

from starlette.responses import Response

from fairlead_emulators.salesforce.explorer import markup as m
from fairlead_emulators.salesforce.explorer.house import Ask, House, Routes, go
from fairlead_emulators.salesforce.explorer.setup import frame
from fairlead_emulators.salesforce.explorer.setup.book import BOOK, Setting
from fairlead_emulators.salesforce.state.settings import settings_changed

_JSON: Final = ("json", "lists", "texts")


def settings(house: House, ask: Ask) -> Response:
    """All settings in a form."""
    texts = {each.name: _text(each, house.org.settings.get(each.name, each.default)) for each in _book(house)}
    return _page(house, ask, texts, {})


def _book(house: House) -> list[Setting]:
    """The known settings, then those that were set without this page knowing them."""
    known = {each.name for each in BOOK}
    others = [name for name in sorted(house.org.settings) if name not in known]
    return [*BOOK, *(Setting(name, name, "json", None, "Set from outside. Written as JSON.") for name in others)]


def _text(setting: Setting, value: Any) -> str:
    if setting.kind in _JSON:
        return json.dumps(value)
    if setting.kind in ("switch", "refuse"):
        return "on" if value else ""
    if setting.kind == "names":
        return "\n".join(map(str, value if isinstance(value, list | tuple) else [value]))
    return "" if value is None else str(value)


def _value(setting: Setting, text: str) -> Any:
    """What the text means. Raises ValueError that says what to write instead."""
    if setting.kind == "switch":
        return bool(text)
    if setting.kind == "names":
        return [line.strip() for line in text.splitlines() if line.strip()]
    if setting.kind == "refuse":
        return "refuse" if text else ""
    if setting.kind in _JSON:
        return _from_json(setting, text)
    if setting.kind == "whole":
        if not text.strip():
            return setting.default
        if not text.strip().isdecimal() or len(text) > 12:
            raise ValueError(f"“{text}” is no whole number from 0 on.")
        return int(text)
    return text.replace("\r\n", "\n")


def _from_json(setting: Setting, text: str) -> Any:
    """What JSON says, of the shape that the setting has. Raises ValueError."""
    if not text.strip():
        return setting.default
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"This is not JSON ({error}). Write names and texts in double quotes.") from error
    if setting.kind == "lists" and not (isinstance(value, dict) and all(map(_names, value.values()))):
        raise ValueError('Write a list of names for each name, as in {"Contact": ["Email"]}.')
    if setting.kind == "texts" and not (isinstance(value, dict) and all(isinstance(v, str) for v in value.values())):
        raise ValueError('Write one text for each name, as in {"Contact": "Private"}.')
    return value


def _names(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def save(house: House, ask: Ask) -> Response:
    """Keeps what differs from the defaults, or shows the form again with what is wrong."""
    texts, wrong, wanted = {}, {}, {}
    for each in _book(house):
        texts[each.name] = ask.given(each.name)
        try:
            wanted[each.name] = _value(each, texts[each.name])
        except ValueError as error:
            wrong[each.name] = str(error)
    if wrong:
        return _page(house, ask, texts, wrong)
    defaults = {each.name: each.default for each in BOOK}
    kept = {name: value for name, value in wanted.items() if name not in defaults or value != defaults[name]}
    house.org.settings.clear()
    house.org.settings.update(kept)
    settings_changed(house.org)
    return go(house, m.path("setup", "settings"), f"The settings were saved: {len(kept)} differ from the defaults.")


def _page(house: House, ask: Ask, texts: dict[str, str], wrong: dict[str, str]) -> Response:
    controls = [_control(each, texts[each.name], wrong.get(each.name)) for each in _book(house)]
    labels = {each.name: each.label for each in _book(house)}
    listed = [m.tag("li", m.link(f"#s-{name}", labels[name]), ": ", problem) for name, problem in wrong.items()]
    words = m.tag("p", m.tag("strong", "This was not saved."))
    summary = m.tag("div", words, m.tag("ul", listed), class_="wrong", role="alert", tabindex=-1) if wrong else None
    note = m.tag(
        "p", "Settings last until the org is reset or seeded anew. Each has its help below it.", class_="muted"
    )
    buttons = m.tag("div", m.button("Save", kind="main"), class_="form-end")
    form = m.tag(
        "form",
        summary,
        note,
        m.tag("div", controls, class_="stack"),
        buttons,
        method="post",
        novalidate=True,
        class_="card form",
    )
    return frame.page(house, ask, "Settings", form, here="settings", over="This emulator", status=422 if wrong else 200)


def _control(setting: Setting, text: str, problem: str | None) -> m.Markup:
    name = setting.name
    about: dict[str, m.Attribute] = {"id": f"s-{name}", "name": name, "aria_describedby": f"h-{name}"}
    if problem:
        about |= {"aria_invalid": "true", "aria_describedby": f"e-{name} h-{name}"}
    label = m.tag("label", setting.label, for_=f"s-{name}")
    default = (
        ""
        if setting.kind not in ("whole", "text") or setting.default in (None, "")
        else f" Default: {setting.default:,}."
    )
    hint = m.tag("p", setting.help, default, " Name: ", m.tag("code", name), id=f"h-{name}", class_="muted small")
    error = m.tag("p", problem, id=f"e-{name}", class_="error") if problem else None
    if setting.kind in ("switch", "refuse"):
        box = m.tag("input", type="checkbox", value="on", checked=bool(text), **about)
        return m.tag("div", m.tag("div", box, label, class_="check"), error, hint, class_="field")
    if setting.kind in ("names", "text", *_JSON):
        built = m.tag("textarea", text, rows=2 if setting.kind in _JSON else 5, spellcheck="false", **about)
    else:
        built = m.tag("input", value=text, inputmode="numeric", **about)
    return m.tag("div", label, built, error, hint, class_="field bad" if problem else "field")


ROUTES: Routes = [("GET", "/_explorer/setup/settings", settings), ("POST", "/_explorer/setup/settings", save)]
