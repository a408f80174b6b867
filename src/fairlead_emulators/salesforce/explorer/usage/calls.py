"""How much of the org's limits is used, and when the calls came."""

from collections import Counter
from datetime import datetime, timedelta
from typing import Final

from starlette.responses import Response

from fairlead_emulators.salesforce.explorer import layout
from fairlead_emulators.salesforce.explorer import markup as m
from fairlead_emulators.salesforce.explorer.house import Ask, House, Routes
from fairlead_emulators.salesforce.state.limits import limits_body

_HOURS: Final = 24
_WIDTH, _HEIGHT, _STEP = 480, 120, 20
_PAGES: Final = (
    ("", "Limits"),
    ("jobs", "Bulk Jobs"),
    ("events", "Events"),
    ("notifications", "Notifications"),
    ("requests", "Requests"),
)


def frame(house: House, ask: Ask, title: str, *content: m.Child, here: str, over: m.Child = "API Usage") -> Response:
    """A page of API usage, with the links to its neighbours."""
    links = [
        m.tag(
            "li",
            m.link(m.path("usage", *([name] if name else [])), label, aria_current="page" if name == here else None),
        )
        for name, label in _PAGES
    ]
    menu = m.tag("nav", m.tag("ul", links), class_="subtabs", aria_label="API usage")
    tile = m.tag("span", m.icon("chart"), class_="tile Standard", aria_hidden="true")
    return layout.page(
        house, ask, f"{title} | API Usage", layout.header(title, tile=tile, over=over), menu, *content, tab="usage"
    )


def usage(house: House, ask: Ask) -> Response:
    """Calls of the last 24 hours and all limits."""
    now = house.org.clock.now()
    hours = by_hour(house, now)
    rows = [
        (name, f"{used:,}", f"{item['Max']:,}", m.meter(used, item["Max"], name))
        for name, item in limits_body(house.org, house.usage).items()
        for used in [item["Max"] - item["Remaining"]]
    ]
    limits = m.table("Limits", ("Limit", "Used", "Of", "Share"), rows)
    totals = house.requests.totals()
    answers = [(m.badge(status, _kind(status)), f"{count:,}") for status, count in totals["by_status"].items()]
    seen = m.table("Answers by status", ("Status", "Requests"), answers) if answers else _silent(ask)
    cards = [
        m.card(
            "API calls in the last 24 hours",
            _chart(hours),
            _figures(hours),
            name="hours",
            count=sum(c for _, c in hours),
        ),
        m.card("Limits", limits, name="limits", tools=m.link(m.path("setup", "settings"), "Change limits")),
        m.card(
            "Answers",
            seen,
            name="answers",
            count=totals["count"],
            tools=m.link(m.path("usage", "requests"), "View all"),
        ),
    ]
    return frame(house, ask, "Limits", *cards, here="")


def _silent(ask: Ask) -> m.Markup:
    return m.empty("No program has called yet. Try: ", m.tag("code", f"curl {ask.site}/services/data", class_="wrap"))


def _kind(status: str) -> str:
    return "good" if status.startswith("2") else "bad" if status.startswith(("4", "5")) or status == "0" else ""


def by_hour(house: House, now: datetime) -> list[tuple[datetime, int]]:
    """Calls by hour of the org's clock, oldest first; the last hour is the one that runs."""
    start = now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=_HOURS - 1)
    counts: Counter[datetime] = Counter()
    for minute, (calls, _) in list(house.usage.minutes):
        counts[minute.replace(minute=0)] += calls
    return [(hour, counts[hour]) for hour in (start + timedelta(hours=n) for n in range(_HOURS))]


def _chart(hours: list[tuple[datetime, int]]) -> m.Markup:
    """A bar an hour. The figures stand in the table below it."""
    most = max((count for _, count in hours), default=0)
    bars = [
        m.tag(
            "rect",
            x=n * _STEP + 3,
            y=_HEIGHT - height,
            width=_STEP - 6,
            height=height,
            rx=2,
            class_="bar" if count else "bar none",
        )
        for n, (_, count) in enumerate(hours)
        for height in [max(round(count / most * (_HEIGHT - 10)), 2) if most else 2]
    ]
    marks = [
        m.tag("text", f"{hour:%H}", x=n * _STEP + _STEP // 2, y=_HEIGHT + 16, text_anchor="middle")
        for n, (hour, _) in enumerate(hours)
        if n % 3 == 2
    ]
    peak = max(hours, key=lambda each: each[1])
    words = f"Most calls came at {peak[0]:%H}:00 UTC: {peak[1]:,}." if most else "No calls in the last 24 hours."
    picture = m.tag(
        "svg", bars, marks, viewBox=f"0 0 {_WIDTH} {_HEIGHT + 22}", role="img", aria_label=f"Calls by hour. {words}"
    )
    return m.tag("figure", picture, m.tag("figcaption", words, class_="muted"), class_="chart")


def _figures(hours: list[tuple[datetime, int]]) -> m.Markup | None:
    rows = [(f"{hour:%Y-%m-%d %H}:00", f"{count:,}") for hour, count in reversed(hours) if count]
    if not rows:
        return None
    return m.tag("details", m.tag("summary", "The figures"), m.table("Calls by hour", ("Hour (UTC)", "Calls"), rows))


ROUTES: Routes = [("GET", "/_explorer/usage", usage)]
