"""Home: what the org holds, and the search over everything."""

from typing import Final

from starlette.responses import Response

from fairlead_emulators.salesforce.explorer import layout, reads
from fairlead_emulators.salesforce.explorer import markup as m
from fairlead_emulators.salesforce.explorer.house import Ask, House, Routes
from fairlead_emulators.salesforce.explorer.records.lists import lines
from fairlead_emulators.salesforce.explorer.setup.faults import switched_on
from fairlead_emulators.salesforce.explorer.values import listed
from fairlead_emulators.salesforce.model.schema import SObject
from fairlead_emulators.salesforce.state.limits import daily_limit, storage_limit_kb, storage_used_kb

_FOUND: Final = 5
_SETUP_PREFIXES: Final = frozenset({"00D", "00e", "0PS", "0Pa", "110", "01k", "012", "01p", "0ML", "017"})
_FIRST: Final = ("Account", "Contact", "Lead", "Campaign", "CampaignMember", "Task")


def home(house: House, ask: Ask) -> Response:
    """Objects with counts, how much of the limits is used, what to do next in an empty org."""
    wanted = ask.query.get("q", "").strip()
    counts = house.org.storage.counts()
    objects = [o for o in _in_order(house) if wanted.lower() in f"{o.label} {o.label_plural} {o.name}".lower()]
    rows = [
        (
            m.tag("span", layout.icon_of(o), m.link(m.path("o", o.name), o.label_plural), class_="with-icon"),
            f"{counts[o.name]:,}",
            m.tag("code", o.name),
            "Custom" if o.custom else "Setup" if o.key_prefix in _SETUP_PREFIXES else "Standard",
        )
        for o in objects
    ]
    search = m.tag(
        "form",
        m.tag("label", "Find an object", for_="q"),
        m.tag("input", id="q", name="q", type="search", value=wanted),
        m.button("Show"),
        class_="filter",
    )
    table = m.table("Objects", ("Object", "Records", "API name", "Kind"), rows) if rows else _no_object(wanted)
    people = sum(counts.get(name, 0) for name in ("Contact", "Lead", "Account"))
    content = m.tag(
        "div",
        m.card("Objects", search, table, name="objects", count=len(objects)),
        m.tag("div", _welcome() if not people else None, _usage(house), _doors(house), class_="column"),
        class_="split",
    )
    return layout.page(house, ask, "Home", layout.header("Home", tile=_tile("home")), content, tab="home")


def _tile(name: str) -> m.Markup:
    return m.tag("span", m.icon(name), class_="tile Standard", aria_hidden="true")


def _in_order(house: House) -> list[SObject]:
    def place(o: SObject) -> tuple[int, int, str]:
        well_known = _FIRST.index(o.name) if o.name in _FIRST else len(_FIRST)
        return (2 if o.key_prefix in _SETUP_PREFIXES else 1 if o.custom else 0, well_known, o.label)

    return sorted(house.org.storage.schema.objects.values(), key=place)


def _no_object(wanted: str) -> m.Markup:
    return m.empty(f"No object is called anything like “{wanted}”.", tools=m.link("/", "Show all objects"))


def _welcome() -> m.Markup:
    """What to do in an org without people."""
    words = "This org has no people yet. Make the first by hand, or lay out a whole made-up org at once."
    new = m.link(m.path("o", "Contact", "new"), "New contact", class_="button main")
    demo = m.link(m.path("setup", "clock") + "#seeds", "Fill the org with made-up people", class_="button")
    return m.card("Start here", m.empty(words, tools=[new, " ", demo]), name="start")


def _usage(house: House) -> m.Markup:
    calls, _ = house.usage.totals(house.org.clock.now())
    limit, used, room = daily_limit(house.org), storage_used_kb(house.org), storage_limit_kb(house.org)
    rows = [
        ("API calls in 24 hours", [f"{calls:,} of {limit:,}", m.meter(calls, limit, "API calls used")]),
        ("Data storage", [f"{used // 1024:,} of {room // 1024:,} MB", m.meter(used, room, "Data storage used")]),
        ("Requests since the log was cleared", f"{house.requests.count:,}"),
    ]
    return m.card("Usage", m.facts(rows, columns=False), name="use", tools=m.link(m.path("usage"), "Details"))


def _doors(house: House) -> m.Markup:
    mine = house.org.identity
    rows: list[tuple[m.Child, m.Child]] = [
        ("Username", m.tag("code", mine.username)),
        ("Org id", m.tag("code", mine.org_id)),
        ("Faults switched on", switched_on(house)),
    ]
    return m.card(
        "This org", m.facts(rows, columns=False), name="org", tools=m.link(m.path("setup", "apps"), "How to sign in")
    )


def search(house: House, ask: Ask) -> Response:
    """The records of any object whose name, e-mail, phone, key or id fits."""
    wanted = ask.query.get("everywhere", "").strip()
    cards = []
    for sobject in _in_order(house) if wanted else ():
        where, values = reads.holding(sobject, wanted)
        fits = reads.Wanted().also(where, *values)
        columns = listed(sobject)[:4]
        found = reads.rows(house, sobject, fits, [f.name for f in columns], _FOUND + 1)
        if not found:
            continue
        every = m.link(m.path("o", sobject.name, q=wanted), "View all") if len(found) > _FOUND else None
        count = f"{_FOUND}+" if len(found) > _FOUND else len(found)
        cards.append(
            m.card(
                [layout.icon_of(sobject), sobject.label_plural],
                lines(house, sobject.label_plural, columns, found[:_FOUND]),
                name=f"found-{sobject.name}",
                count=count,
                tools=every,
            )
        )
    if not cards:
        words = (
            f"Nothing in the org fits “{wanted}”. Names, e-mails, phones, keys and ids are searched."
            if wanted
            else "Type a name, an e-mail address, a phone number or an id into the search field above."
        )
        cards.append(m.tag("section", m.empty(words, tools=m.link("/", "See all objects")), class_="card"))
    title = f"Search: {wanted}" if wanted else "Search"
    return layout.page(house, ask, title, layout.header(title, tile=_tile("search")), *cards, tab="search")


ROUTES: Routes = [("GET", "/", home), ("GET", "/_explorer/search", search)]
