"""The log of requests, newest first, filtered by method, path and status."""

from typing import Final

from starlette.responses import Response

from fairlead_emulators.salesforce.explorer import layout
from fairlead_emulators.salesforce.explorer import markup as m
from fairlead_emulators.salesforce.explorer.house import Ask, House, Routes
from fairlead_emulators.salesforce.explorer.usage.calls import frame

_PAGE: Final = 100
_STATUSES: Final = (
    ("", "Any"),
    ("2", "2xx done"),
    ("3", "3xx elsewhere"),
    ("4", "4xx refused"),
    ("5", "5xx failed"),
    ("0", "cut"),
)


def requests(house: House, ask: Ask) -> Response:
    """The last requests of programs. What this explorer asks is not among them."""
    words, status = ask.query.get("q", "").strip().lower(), ask.query.get("status", "")
    every = house.requests.entries()[::-1]
    fits = [e for e in every if words in f"{e.method} {e.path}?{e.query}".lower() and str(e.status).startswith(status)]
    number = ask.page()
    start = (number - 1) * _PAGE
    rows = [
        (
            m.tag("code", f"{e.path}{'?' + e.query if e.query else ''}", class_="wrap"),
            e.method,
            m.badge(str(e.status) if e.status else "cut", _kind(e.status)),
            f"{e.ms:,.1f}",
            e.fault,
        )
        for e in fits[start : start + _PAGE]
    ]
    search = m.tag(
        "form",
        m.tag("label", "Method or path", for_="q"),
        m.tag("input", type="search", id="q", name="q", value=ask.query.get("q", "")),
        m.tag("label", "Status", for_="status"),
        m.tag(
            "select",
            [m.tag("option", label, value=value, selected=value == status) for value, label in _STATUSES],
            id="status",
            name="status",
        ),
        m.button("Show"),
        class_="filter",
    )
    table = (
        m.table("Requests", ("Path", "Method", "Status", "ms", "Fault"), rows) if rows else _nothing(ask, len(every))
    )
    query: dict[str, str | int | None] = {"q": ask.query.get("q"), "status": status}
    pages = layout.pager(["usage", "requests"], query, number, more=len(fits) > start + _PAGE)
    card = m.card("Requests", search if every else None, table, pages, name="requests", count=f"{len(fits):,}")
    return frame(house, ask, "Requests", card, here="requests")


def _kind(status: int) -> str:
    return "good" if 200 <= status < 300 else "bad" if status == 0 or status >= 400 else ""


def _nothing(ask: Ask, known: int) -> m.Markup:
    if known:
        return m.empty("No request fits.", tools=m.link(m.path("usage", "requests"), "Show all"))
    return m.empty("No program has called yet. Try: ", m.tag("code", f"curl {ask.site}/services/data", class_="wrap"))


ROUTES: Routes = [("GET", "/_explorer/usage/requests", requests)]
