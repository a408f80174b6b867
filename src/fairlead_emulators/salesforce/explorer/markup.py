"""HTML that is escaped unless it was built here: `tag("a", text, href=…)`."""

import html
from collections.abc import Iterable, Sequence
from typing import Final, TypeAlias
from urllib.parse import quote, urlencode


class Markup(str):
    """Text that is HTML already. Only this file makes it."""

    __slots__ = ()


Child: TypeAlias = str | int | float | Iterable["Child"] | None
Attribute: TypeAlias = str | int | float | bool | None

NOTHING: Final = Markup()
_VOID: Final = frozenset({"input", "link", "meta", "hr", "br"})


def markup(*children: Child) -> Markup:
    """The children one after another; texts are escaped, None is nothing."""
    return Markup("".join(map(_child, children)))


def _child(child: Child) -> str:
    if child is None:
        return ""
    if isinstance(child, Markup):
        return child
    if isinstance(child, str | int | float):
        return html.escape(str(child))
    return "".join(map(_child, child))


def tag(name: str, /, *children: Child, **attributes: Attribute) -> Markup:
    """An element. `class_` and `for_` lose their last underscore; others become hyphens.

    True gives an attribute without a value; None and False leave it out.
    """
    given = "".join(
        f" {_name(key)}" if value is True else f' {_name(key)}="{html.escape(str(value))}"'
        for key, value in attributes.items()
        if value is not None and value is not False
    )
    if name in _VOID:
        return Markup(f"<{name}{given}>")
    return Markup(f"<{name}{given}>{markup(*children)}</{name}>")


def _name(key: str) -> str:
    return key.rstrip("_").replace("_", "-")


def document(*children: Child) -> str:
    """A whole HTML document around the children of `html`."""
    return "<!doctype html>" + tag("html", *children, lang="en")


def path(*parts: str, **query: str | int | None) -> str:
    """An address of this site: `path("o", "Contact", q="x")`. Empty values are left out."""
    asked = {key: value for key, value in query.items() if value not in (None, "")}
    where = "/_explorer/" + "/".join(quote(part, safe="") for part in parts)
    return where + ("?" + urlencode(asked) if asked else "")


def link(where: str, /, *label: Child, **attributes: Attribute) -> Markup:
    """A link."""
    return tag("a", *label, href=where, **attributes)


def icon(name: str) -> Markup:
    """A picture of the sprite, silent for screen readers."""
    return tag("svg", tag("use", href=f"/_explorer/files/icons.svg#{name}"), class_="icon", aria_hidden="true")


def table(caption: str, heads: Sequence[Child], rows: Iterable[Sequence[Child]], *, shown: bool = False) -> Markup:
    """A table that scrolls within itself; the first cell of each row names it. `shown`: the caption is seen."""
    top = tag("tr", [tag("th", head, scope="col") for head in heads])
    lines = [
        tag(
            "tr",
            [tag("th", row[0], scope="row"), *(tag("td", cell) for _, cell in zip(heads[1:], row[1:], strict=True))],
        )
        for row in rows
    ]
    named = tag("caption", caption, class_=None if shown else "hidden")
    built = tag("table", named, tag("thead", top), tag("tbody", lines))
    return tag("div", built, class_="scroll", tabindex=0, role="region", aria_label=caption)


def card(title: Child, *content: Child, name: str = "", count: Child = None, tools: Child = None) -> Markup:
    """A card with a heading, a count in brackets and links or buttons beside it."""
    counted = tag("span", " (", count, ")", class_="count") if count is not None else None
    heading = tag("h2", title, counted, id=name or None)
    top = tag("div", heading, tag("div", tools, class_="tools") if tools else None, class_="card-top")
    return tag("section", top, *content, class_="card")


def facts(pairs: Iterable[tuple[Child, Child]], *, columns: bool = True) -> Markup:
    """Terms and what they are, in two columns where there is room."""
    rows = [
        tag("div", tag("dt", term), tag("dd", value if value not in (None, "") else _none())) for term, value in pairs
    ]
    return tag("dl", rows, class_="facts columns" if columns else "facts")


def _none() -> Markup:
    return tag("span", "—", class_="muted", aria_label="empty")


def empty(*words: Child, tools: Child = None) -> Markup:
    """What is said where nothing is, and what to do next."""
    return tag("div", tag("p", *words), tag("p", tools) if tools else None, class_="empty")


def badge(words: str, kind: str = "") -> Markup:
    """A word in a pill. `kind`: good, bad, warn or nothing."""
    return tag("span", words, class_=f"badge {kind}".strip())


def button(label: Child, /, *, kind: str = "", **attributes: Attribute) -> Markup:
    """A button of a form. `kind`: main, danger, plain or nothing."""
    return tag("button", label, class_=f"button {kind}".strip(), **attributes)


def press(where: str, label: Child, /, *, kind: str = "", about: str | None = None, **values: str) -> Markup:
    """A form that is one button: it posts `values`. `about` is what a screen reader adds to the label."""
    hidden = [tag("input", type="hidden", name=name, value=value) for name, value in values.items()]
    more = tag("span", " ", about, class_="hidden") if about else None
    return tag("form", hidden, button([label, more], kind=kind), method="post", action=where, class_="press")


def meter(used: float, of: float, label: str) -> Markup:
    """A bar of a part in a whole."""
    share = min(used / of, 1.0) if of else 0.0
    level = "full" if share >= 0.9 else "high" if share >= 0.7 else ""
    return tag("meter", f"{share:.0%}", value=f"{share:.4f}", min=0, max=1, aria_label=label, class_=level or None)
