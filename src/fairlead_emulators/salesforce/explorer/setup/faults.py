"""Faults: what is switched on, common ones to add by a press, and any one by its JSON."""

import json
from dataclasses import dataclass
from typing import Any, Final

from starlette.responses import Response

from fairlead_emulators.salesforce.explorer import markup as m
from fairlead_emulators.salesforce.explorer.house import Ask, House, Routes, go, number
from fairlead_emulators.salesforce.explorer.setup import frame


@dataclass(frozen=True, slots=True)
class Common:
    """A fault that is worth a button. `rule` is what the control route would be posted."""

    name: str
    label: str
    help: str
    rule: dict[str, Any]


COMMON: Final = (
    Common(
        "row_lock", "Row lock", "The next write finds its first row locked: UNABLE_TO_LOCK_ROW.", {"fault": "row_lock"}
    ),
    Common(
        "storage_full",
        "Storage full",
        "The next new records are refused: STORAGE_LIMIT_EXCEEDED.",
        {"fault": "storage_full"},
    ),
    Common(
        "expired_session",
        "Expired session",
        "The next call's token is void: 401 INVALID_SESSION_ID.",
        {"fault": "expired_session"},
    ),
    Common(
        "request_limit",
        "Request limit",
        "The next call is over the day's limit: 403 REQUEST_LIMIT_EXCEEDED.",
        {"fault": "request_limit"},
    ),
    Common(
        "slow_job",
        "Slow job",
        "The next Bulk job or deployment takes ten seconds longer.",
        {"fault": "slow_job", "seconds": 10},
    ),
    Common("job_failed", "Failed job", "The next ingest job ends as Failed.", {"fault": "job_failed"}),
    Common("unavailable", "Server unavailable", "The next call is answered 503.", {"fault": "status", "status": 503}),
    Common("slow", "Slow answer", "The next call is answered after five seconds.", {"fault": "delay", "seconds": 5}),
    Common("cut", "Cut answer", "The next answer breaks off in the middle.", {"fault": "cut"}),
    Common(
        "lost", "Lost answer", "The next call is carried out, and its answer never arrives.", {"fault": "lost_answer"}
    ),
    Common(
        "automation",
        "Failing automation",
        "A trigger or flow of the org refuses the next write.",
        {"fault": "automation"},
    ),
    Common(
        "busy", "Too many at once", "The next call meets too many long ones: 403.", {"fault": "concurrent_requests"}
    ),
    Common("gap", "Gap event", "The next change is told as a gap: clients must read the records.", {"fault": "gap"}),
    Common("stream_cut", "Cut stream", "The next stream of events breaks off.", {"fault": "stream_cut"}),
)


def switched_on(house: House) -> int:
    """How many faults may still happen."""
    return sum(each["times"] is None or each["taken"] < each["times"] for each in house.org.faults.as_json())


def faults(house: House, ask: Ask) -> Response:
    """What is switched on, and what can be."""
    return _page(house, ask)


def _page(house: House, ask: Ask, text: str = "", problem: str = "") -> Response:
    where = m.path("setup", "faults")
    on = house.org.faults.as_json()
    rows = [
        (
            m.tag("code", each["fault"]),
            ", ".join(f"{name} ~ {pattern}" for name, pattern in each["match"].items()) or "anything",
            "until taken back" if each["times"] is None else each["times"],
            each["taken"],
            m.badge("Over") if each["times"] is not None and each["taken"] >= each["times"] else m.badge("On", "warn"),
        )
        for each in on
    ]
    heads = ("Fault", "Where", "Times", "Happened", "State")
    table = (
        m.table("Faults", heads, rows)
        if rows
        else m.empty("Nothing is out of order. Switch on a fault below and watch your client.")
    )
    clear = m.press(where, "Take back all", about="faults", do="clear") if rows else None
    cards = [
        m.card("Switched on", table, name="on", count=switched_on(house), tools=clear),
        m.card("Common faults", _common(house, where), name="common"),
        m.card("Any other", _other(house, where, text, problem), name="other"),
    ]
    return frame.page(house, ask, "Faults", *cards, here="faults", over="This emulator", status=422 if problem else 200)


def _common(house: House, where: str) -> m.Markup:
    rows = []
    for each in COMMON:
        if each.rule["fault"] not in house.org.faults.known:
            continue
        times = m.tag("input", id=f"t-{each.name}", name="times", value=1, inputmode="numeric", class_="narrow")
        form = m.tag(
            "form",
            m.tag("input", type="hidden", name="common", value=each.name),
            m.tag("label", "Times", m.tag("span", f" for {each.label}", class_="hidden"), for_=f"t-{each.name}"),
            times,
            m.button(["Switch on", m.tag("span", f" {each.label}", class_="hidden")]),
            method="post",
            action=where,
            class_="press",
        )
        rows.append((each.label, each.help, form))
    return m.table("Common faults", ("Fault", "What happens", "Switch on"), rows)


def _other(house: House, where: str, text: str, problem: str) -> m.Markup:
    known = ", ".join(sorted(house.org.faults.known))
    example = '{"fault": "row_lock", "match": {"object": "Contact"}, "times": 3}'
    wrong = m.tag("p", problem, id="e-rule", class_="error", role="alert") if problem else None
    control = m.tag(
        "textarea",
        text or example,
        id="rule",
        name="rule",
        rows=3,
        spellcheck="false",
        aria_invalid="true" if problem else None,
        aria_describedby="e-rule h-rule" if problem else "h-rule",
    )
    hint = m.tag(
        "p", "As for ", m.tag("code", "POST /_control/faults"), f". Known: {known}.", id="h-rule", class_="muted small"
    )
    label = m.tag("label", "Fault as JSON", for_="rule")
    field = m.tag("div", label, control, wrong, hint, class_="field bad" if problem else "field")
    return m.tag(
        "form",
        field,
        m.tag("div", m.button("Switch on"), class_="form-end"),
        method="post",
        action=where,
        class_="form",
    )


def change(house: House, ask: Ask) -> Response:
    """Adds a fault, or takes back all."""
    where, text = m.path("setup", "faults"), ask.given("rule")
    if ask.given("do") == "clear":
        house.org.faults.clear()
        return go(house, where, "All faults were taken back.")
    common = next((each for each in COMMON if each.name == ask.given("common")), None)
    try:
        rule = common.rule | {"times": number(ask.given("times"), 1)} if common else json.loads(text)
        house.org.faults.add(rule if isinstance(rule, list) else [rule])
    except (ValueError, TypeError, AttributeError) as error:
        return _page(house, ask, text, f"This is no fault: {error}")
    return go(house, where, f"Switched on: {common.label if common else 'the fault'}.")


ROUTES: Routes = [("GET", "/_explorer/setup/faults", faults), ("POST", "/_explorer/setup/faults", change)]
