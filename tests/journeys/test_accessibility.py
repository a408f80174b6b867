"""Every page, in light and dark, wide and on a phone, for people who see, hear or point differently."""

from typing import Any, Final, Literal

import pytest
from playwright.sync_api import Page, ViewportSize

from tests.journeys.browser import Admin, axe

WIDE: Final[ViewportSize] = {"width": 1200, "height": 900}
PHONE: Final[ViewportSize] = {"width": 375, "height": 812}
SIGNED_IN = {
    "home": "/",
    "sync settings": "/sync/",
    "full sync": "/sync/full/",
    "changes in Salesforce": "/changes/",
    "set-up": "/setup/",
    "set-up, signing in": "/setup/salesforce/",
    "set-up, what to sync": "/setup/what/",
    "set-up, what there is": "/setup/ready/?look=1",
    "orgs": "/orgs/",
    "an org": "/orgs/1/",
    "connections": "/connections/",
    "select clients": "/connections/clients/",
    "sync user": "/connections/sync-user/",
    "connect Campaign Monitor": "/connections/campaign-monitor/",
    "connect Salesforce": "/connections/salesforce/",
    "disconnect": "/connections/disconnect/salesforce/",
    "find a person": "/people/",
    "moving in": "/moving-in/?read=1",
    "transactional e-mail": "/transactional/",
    "a new smart e-mail mapping": "/transactional/new/",
    "opt status": "/opt-status/",
    "opt status, review": "/opt-status/review/",
    "opt status, a consent": "/opt-status/consent/",
    "opt status, an address": "/opt-status/history/",
    "opt status, differences": "/opt-status/report/?read=1",
    "options": "/settings/",
    "options of a room": "/settings/primary_sync/",
    "jobs": "/jobs/",
    "job": "/jobs/{refused}/",
    "messages": "/maintenance/?state=all",
    "audit log": "/maintenance/audit/",
    "page layouts": "/maintenance/layouts/?read=1",
    "notifications": "/maintenance/notifications/",
    "internal limits": "/maintenance/limits/",
    "workers": "/maintenance/workers/",
    "support codes": "/help/codes/",
    "support code": "/help/codes/FL-211/",
    "codes of a service": "/help/codes/SF/",
    "account": "/account/",
    "sessions": "/account/sessions/",
    "user security": "/user-security/",
    "charts": "/glance/charts/",
    "lists": "/lists/",
    "new list": "/lists/new/",
    "list": "/lists/{list}/",
    "statistics of a list": "/lists/{list}/statistics/",
    "members of a list": "/lists/{list}/people/",
    "segments of a list": "/lists/{list}/segments/",
    "options of a list": "/lists/{list}/options/",
    "change a list": "/lists/{list}/edit/",
    "field mappings": "/mappings/",
    "field mappings of a list": "/mappings/{list}/",
    "copy field mappings": "/mappings/{list}/copy/",
    "what mappings wrote": "/mappings/changes/",
    "undo what mappings wrote": "/mappings/changes/1/undo/",
    "changed addresses": "/mappings/addresses/",
    "sms": "/sms/?look=1",
    "subscriber rules": "/rules/",
    "new subscriber rule": "/rules/new/",
    "imports": "/imports/",
    "new import": "/imports/new/?kind=report",
    "new import of a query": "/imports/new/?kind=soql",
    "campaigns": "/campaigns/",
    "general options": "/general/",
    "billing": "/billing/",
    "help": "/help/",
    "help page": "/help/reference/error-codes/",
    "help, questions": "/help/faq/syncing/",
    "help, what was found": "/help/search/?find=webhooks",
    "help, nothing found": "/help/search/?find=xyzzy",
    "help, ask": "/help/ask/",
    "help, every option": "/help/options/",
    "help, an option": "/help/options/webhooks.use/",
    "help, language model": "/help/model/",
}
OPEN = {**SIGNED_IN, "sign-in": "/sign-in/"}

ALIKE = ("home", "sync settings", "list", "messages", "new import", "sign-in")
"""Pages that have between them what the others are made of: charts, tables, tabs, forms, badges, no menu."""

COLOURS_CHANGED = """async () => {
    await new Promise(requestAnimationFrame);
    const changes = document.getAnimations().filter(each => each instanceof CSSTransition);
    await Promise.all(changes.map(each => each.finished));
}"""
"""Colours pass from one to the other: in between, nothing can be said of contrast."""


OF_COLOUR = ("color-contrast", "link-in-text-block")
OF_PLACE = (*OF_COLOUR, "scrollable-region-focusable", "target-size", "aria-hidden-focus", "button-name", "link-name")
"""What may differ in the dark, and on a phone, of a page that was looked at wide and in light."""


def grave(page: Page, *rules: str) -> list[tuple[str, str, list[str]]]:
    """What axe-core finds serious or critical, by all of its rules or some: impact, rule, and what it found."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(axe())
    options = {"resultTypes": ["violations"]} | ({"runOnly": {"type": "rule", "values": rules}} if rules else {})
    found: dict[str, Any] = page.evaluate("options => axe.run(options)", options)
    assert found["passes"], "axe looked at nothing"
    return [
        (
            each["impact"],
            each["id"],
            [node["html"][:160] + " " + node["failureSummary"][:250] for node in each["nodes"]],
        )
        for each in found["violations"]
        if each["impact"] in ("serious", "critical")
    ]


def opened(fairlead: Admin, name: str, viewport: ViewportSize, color_scheme: Literal["dark", "light"]) -> Page:
    if name not in SIGNED_IN:
        return fairlead.stranger(OPEN[name], viewport=viewport, color_scheme=color_scheme)
    with_refused_rows = fairlead.fairlead.rows("SELECT max(job_id) FROM store_rowrefusal")[0][0]
    one_list = fairlead.fairlead.rows("SELECT list_id FROM members_listreading ORDER BY name LIMIT 1")[0][0]
    return fairlead.look(SIGNED_IN[name].format(refused=with_refused_rows, list=one_list), viewport, color_scheme)


def fits(page: Page) -> bool:
    """Whether a phone scrolls it down only: no page is wider than the screen, wide tables scroll inside themselves."""
    widths = page.evaluate("[document.documentElement.scrollWidth, document.body.scrollWidth]")
    return bool(max(widths) <= PHONE["width"])


@pytest.mark.parametrize("name", OPEN)
def test_nothing_grave_stands_in_anybodys_way(fairlead: Admin, name: str) -> None:
    """axe-core finds nothing serious or critical, wide and in light, and in the dark on a phone, which scrolls down only."""
    page = opened(fairlead, name, viewport=WIDE, color_scheme="light")
    assert grave(page) == []
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size(PHONE)
    page.evaluate(COLOURS_CHANGED)
    assert grave(page, *OF_PLACE) == []
    assert fits(page)


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name in ALIKE else pytest.mark.slow, id=name) for name in OPEN]
)
def test_nor_wide_in_the_dark_nor_on_a_phone_in_light(fairlead: Admin, name: str) -> None:
    """The other two ways of looking: of a few pages, since what is hidden on a phone is the menu that they all have."""
    page = opened(fairlead, name, viewport=WIDE, color_scheme="dark")
    assert grave(page, *OF_COLOUR) == []
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(PHONE)
    page.evaluate(COLOURS_CHANGED)
    assert grave(page, *OF_PLACE) == []
    assert fits(page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_open_menus_and_hints_are_readable_and_on_the_screen(fairlead: Admin, scheme: str) -> None:
    """What opens by focus or press is as readable as the rest, and does not make a phone scroll sideways."""
    page = fairlead.page("/sync/", viewport=PHONE, color_scheme=scheme)
    page.get_by_text("More actions").click()
    assert grave(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    for hint in page.get_by_role("button", name="Help").all():
        hint.focus()
        text = page.locator(".fl-hint__button:focus + .fl-hint__text")
        box = text.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= PHONE["width"]
        assert grave(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_run_that_goes_on_is_readable(fairlead: Admin, scheme: str) -> None:
    """Bars, badge and the button to cancel are there for everybody while a run goes on."""
    fairlead.fairlead.fault("campaign_monitor", fault="delay", times=None, seconds=2, match={"path": "/active.json"})
    page = fairlead.page("/sync/", viewport=WIDE, color_scheme=scheme)
    page.get_by_role("button", name="Sync now").click()
    page.locator("progress.fl-bar_running").first.wait_for(timeout=20_000)
    assert grave(page) == []
    with page.expect_navigation():  # a browser that closes a tab on its way may hang
        page.get_by_role("button", name="Cancel").click()


def test_the_way_in_by_a_link_is_open_to_everybody(fairlead: Admin) -> None:
    """The page of a one-time link is like any other: nothing grave, no scrolling sideways."""
    page = fairlead.stranger(fairlead.link(), viewport=PHONE, color_scheme="dark")
    assert grave(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_pages_work_for_those_who_need_larger_letters(fairlead: Admin) -> None:
    """Twice the size of letters on a small screen loses nothing to the side."""
    page = fairlead.page("/sync/", viewport={"width": 640, "height": 800})
    page.evaluate("document.documentElement.style.setProperty('font-size', '200%')")
    assert page.evaluate("document.documentElement.scrollWidth") <= 640
