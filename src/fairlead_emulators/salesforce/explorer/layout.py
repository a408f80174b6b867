"""The frame of every page: header with search, tabs of objects, page header, what was just done."""

from collections.abc import Iterable, Sequence
from typing import Final

from starlette.responses import HTMLResponse, Response

from fairlead_emulators.salesforce.explorer import markup as m
from fairlead_emulators.salesforce.explorer.house import Ask, House
from fairlead_emulators.salesforce.metadata import package as metadata
from fairlead_emulators.salesforce.model.schema import SObject

HEADERS: Final = {
    "content-security-policy": (
        "default-src 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'; form-action 'self'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cache-control": "no-store",
}
_STANDARD_TABS: Final = ("Account", "Contact", "Lead", "Campaign")
_ICONS: Final = frozenset({"Account", "Contact", "Lead", "Campaign", "User", "Task", "CampaignMember", "PermissionSet"})


def icon_of(sobject: SObject) -> m.Markup:
    """The object's picture on its colour."""
    name = sobject.name if sobject.name in _ICONS else "Custom" if sobject.custom else "Standard"
    return m.tag("span", m.icon(name), class_=f"tile {name}", aria_hidden="true")


def tabs(house: House) -> list[SObject]:
    """The objects that have a tab: the well-known ones, then those whose tab was deployed."""
    schema = house.org.storage.schema
    with house.org.storage.lock:
        deployed = [c.full_name for c in metadata.deployed(house.org.storage.connection) if c.type == "CustomTab"]
    found = [schema.object(name) for name in (*_STANDARD_TABS, *deployed)]
    return [each for each in found if each is not None]


def page(
    house: House,
    ask: Ask,
    title: str,
    *content: m.Child,
    tab: str = "",
    status: int = 200,
    wide: bool = False,
) -> Response:
    """A whole page. `tab`: the API name of the object, or `home`, `setup`, `usage`, `bin`."""
    said = house.news.say(ask.query.get("said", ""))
    head = m.tag(
        "head",
        m.tag("meta", charset="utf-8"),
        m.tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        m.tag("title", title, " · Local Salesforce org"),
        m.tag("link", rel="icon", href="/_explorer/files/icon.svg", type="image/svg+xml"),
        m.tag("link", rel="stylesheet", href="/_explorer/files/style.css"),
        m.tag("link", rel="stylesheet", href="/_explorer/files/parts.css"),
        m.tag("script", src="/_explorer/files/page.js", defer=True),
    )
    body = m.tag(
        "body",
        m.link("#main", "Skip to the page", class_="skip"),
        _header(house, ask, tab),
        _navigation(house, tab),
        m.tag(
            "main",
            m.tag("div", said, class_="said", role="status", tabindex=-1) if said else None,
            *content,
            id="main",
            tabindex=-1,
            class_="wide" if wide else None,
        ),
        _footer(house),
    )
    return HTMLResponse(m.document(head, body), status, dict(HEADERS))


def _header(house: House, ask: Ask, tab: str) -> m.Markup:
    search = m.tag(
        "form",
        m.tag("label", "Search all records", for_="everywhere", class_="hidden"),
        m.tag(
            "input",
            id="everywhere",
            name="everywhere",
            type="search",
            value=ask.query.get("everywhere", ""),
            placeholder="Search names, e-mails, ids…",
        ),
        m.button([m.icon("search"), m.tag("span", "Search", class_="hidden")], kind="plain"),
        action=m.path("search"),
        role="search",
        class_="everywhere",
    )
    now = house.org.now()
    clock = m.link(
        m.path("setup", "clock"),
        m.icon("clock"),
        m.tag("span", "The org's clock: ", class_="hidden"),
        m.tag("time", f"{now[:10]} {now[11:16]} UTC", datetime=now),
        class_="now",
    )
    doors = [
        m.tag("li", m.link(where, m.icon(picture), m.tag("span", label), aria_current="page" if tab == name else None))
        for name, where, picture, label in (
            ("usage", m.path("usage"), "chart", "API usage"),
            ("bin", m.path("bin"), "bin", "Recycle bin"),
            ("setup", m.path("setup"), "gear", "Setup"),
        )
    ]
    tools = m.tag("nav", m.tag("ul", m.tag("li", clock), doors), class_="doors", aria_label="The org")
    return m.tag("header", m.link("/", m.icon("cloud"), "Local org", class_="brand"), search, tools, class_="top")


def _navigation(house: House, tab: str) -> m.Markup:
    items = [("home", "/", "Home"), *((o.name, m.path("o", o.name), o.label_plural) for o in tabs(house))]
    links = [
        m.tag("li", m.link(where, label, aria_current="page" if name == tab else None)) for name, where, label in items
    ]
    return m.tag("nav", m.tag("ul", links), class_="tabs", aria_label="Objects")


def _footer(house: House) -> m.Markup:
    mine = house.org.identity
    words = ("A local Salesforce org for trying things out. ", "Nothing here reaches Salesforce. Org ", mine.org_id)
    return m.tag("footer", m.tag("p", *words))


def crumbs(*steps: tuple[str, str]) -> m.Markup:
    """The way back: address and label of each step."""
    links = [m.tag("li", m.link(where, label)) for where, label in steps]
    return m.tag("nav", m.tag("ol", links), class_="crumbs", aria_label="Breadcrumb")


def header(
    title: m.Child,
    *,
    tile: m.Child = None,
    over: m.Child = None,
    under: m.Child = None,
    tools: m.Child = None,
    panel: Iterable[tuple[m.Child, m.Child]] = (),
) -> m.Markup:
    """The page header: picture, kind, name, buttons, and a panel of what matters most."""
    words = m.tag(
        "div",
        m.tag("p", over, class_="over") if over else None,
        m.tag("h1", title),
        m.tag("p", under, class_="under") if under else None,
    )
    parts = [m.tag("div", tile, words, class_="head-title")]
    if tools:
        parts.append(m.tag("div", tools, class_="tools"))
    shown = list(panel)
    return m.tag(
        "div",
        m.tag("div", *parts, class_="head-row"),
        m.tag("div", m.facts(shown, columns=False), class_="panel") if shown else None,
        class_="card page-head",
    )


def missing(house: House, ask: Ask, what: str) -> Response:
    """The page for what does not exist."""
    words = m.empty(
        f"{what} does not exist in this org. It may have been removed, or the org was reset since.",
        tools=m.link("/", "See all objects"),
    )
    return page(house, ask, "Not found", header("Not found"), m.tag("section", words, class_="card"), status=404)


def pager(where: Sequence[str], query: dict[str, str | int | None], number: int, *, more: bool) -> m.Markup | None:
    """Links to the page before and after, when there are such."""
    if number == 1 and not more:
        return None
    before = m.link(m.path(*where, **query | {"page": number - 1}), "Previous", rel="prev") if number > 1 else None
    after = m.link(m.path(*where, **query | {"page": number + 1}), "Next", rel="next") if more else None
    return m.tag("nav", before, m.tag("span", f"Page {number:,}"), after, class_="pager", aria_label="Pages")
