"""The org's clock, moved by buttons, and the seeds: whole made-up orgs."""

from datetime import UTC, datetime
from typing import Final

from starlette.responses import Response

from fairlead_emulators import seeds
from fairlead_emulators.salesforce.explorer import markup as m
from fairlead_emulators.salesforce.explorer.house import Ask, House, Routes, go
from fairlead_emulators.salesforce.explorer.setup import frame

_STEPS: Final = (
    (60, "+ 1 minute"),
    (3_600, "+ 1 hour"),
    (86_400, "+ 1 day"),
    (7 * 86_400, "+ 1 week"),
    (30 * 86_400, "+ 30 days"),
)
_SEEDS: Final = (
    ("small", "Small", "600 contacts and 300 leads, quickly looked through."),
    ("demo", "Demo", "12,000 contacts and 6,000 leads, as for a demonstration. Takes a few seconds."),
    ("empty", "Empty", "No people at all, and nothing deployed."),
)


def clock(house: House, ask: Ask) -> Response:
    """What time it is in the org, and what it can be filled with."""
    where, now = m.path("setup", "clock"), house.org.now()
    steps = [m.button(label, name="advance", value=seconds) for seconds, label in _STEPS]
    forward = m.tag("form", steps, method="post", action=where, class_="filter")
    exact = m.tag(
        "form",
        m.tag("label", "Set to (UTC)", for_="set"),
        m.tag("input", type="datetime-local", id="set", name="set", value=now[:16]),
        m.button("Set"),
        m.button("Back to real time", name="real", value="on", kind="plain"),
        method="post",
        action=where,
        class_="filter",
    )
    shown = m.tag("p", m.tag("time", f"{now[:10]} {now[11:19]} UTC", datetime=now, class_="large"))
    note = m.tag("p", "Sessions time out, limits renew and events grow old by this clock.", class_="muted")
    rows = [
        (label, words, m.press(where, "Lay out", about=label, seed=name))
        for name, label, words in _SEEDS
        if _known(name)
    ]
    warning = m.tag("p", "This empties the org first: records, deployments, settings and events go.", class_="muted")
    cards = [
        m.card("Clock", shown, note, forward, exact, name="now"),
        m.card("Seeds", warning, m.table("Seeds", ("Seed", "What it holds", "Action"), rows), name="seeds"),
    ]
    return frame.page(house, ask, "Clock and Seeds", *cards, here="clock", over="This emulator")


def _known(name: str) -> bool:
    try:
        seeds.spec(name, "salesforce")
    except (ValueError, LookupError):
        return False
    return True


def change(house: House, ask: Ask) -> Response:
    """Moves the clock, or lays a seed."""
    where = m.path("setup", "clock")
    seed = ask.given("seed")
    if seed:
        if not _known(seed):
            return go(house, where, f"Nothing was done: there is no seed “{seed}”.")
        laid = house.lay(seeds.spec(seed, "salesforce"))
        counts = ", ".join(f"{count:,} {name}" for name, count in laid.items() if name in ("Contact", "Lead"))
        return go(house, "/", f"The org was laid out anew: {counts or 'no people'}.")
    try:
        now = _moved(house, ask)
    except (ValueError, OverflowError):
        return go(house, where, "Nothing was done: choose a date and a time between the years 1970 and 9000.")
    return go(house, where, f"It is now {now:%Y-%m-%d %H:%M} UTC.")


def _moved(house: House, ask: Ask) -> datetime:
    """Moves the clock. Raises ValueError or OverflowError for a moment that cannot be."""
    if ask.given("real"):
        return house.org.clock.set(datetime.now(UTC))
    wanted = ask.given("advance")
    moment = house.org.clock.now().timestamp() + float(wanted) if wanted else None
    set_to = (
        datetime.fromisoformat(ask.given("set")).replace(tzinfo=UTC)
        if moment is None
        else datetime.fromtimestamp(moment, UTC)
    )
    if not 1970 <= set_to.year <= 9000:
        raise ValueError("out of range")
    return house.org.clock.set(set_to)


ROUTES: Routes = [("GET", "/_explorer/setup/clock", clock), ("POST", "/_explorer/setup/clock", change)]
