"""A walk through every page: for people who go by headings and keyboard, at a desk and on a phone. For axe see `test_accessibility.py`."""

import pytest
from playwright.sync_api import Page

from tests.journeys import every_page
from tests.journeys.browser import Admin

pytestmark = pytest.mark.slow

WIDE, PHONE = {"width": 1200, "height": 900}, {"width": 375, "height": 812}
FOCUS = """() => {
  const it = document.activeElement, look = getComputedStyle(it);
  return [it.tagName, (it.innerText || it.getAttribute('aria-label') || it.id || '').trim().slice(0, 60),
          look.outlineStyle !== 'none' && parseFloat(look.outlineWidth) >= 2];
}"""
HEADINGS = """() => [...document.querySelectorAll('h1,h2,h3,h4,h5,h6')]
  .filter(each => each.getClientRects().length && each.closest('main')).map(each => Number(each.tagName[1]))"""
TABS = 40


def without_a_ring(page: Page) -> list[str]:
    """What takes the focus by Tab and does not show it; the first stop must be the link past the menu."""
    found, stops = [], []
    page.evaluate("document.activeElement.blur()")
    for _ in range(TABS):
        page.keyboard.press("Tab")
        tag, words, visible = page.evaluate(FOCUS)
        if tag == "BODY" or [tag, words] in stops[:1]:
            break
        stops.append([tag, words])
        if not visible:
            found.append(f"{tag} {words}")
    assert stops[0] == ["A", "Skip to the content"]
    return found


@pytest.mark.parametrize("name", every_page.names())
def test_nothing_of_a_page_stands_in_anybodys_way(fairlead: Admin, name: str) -> None:
    """A title, one first heading and none skipped, focus that is seen, and no scrolling sideways on a phone."""
    page = fairlead.look(every_page.address(fairlead, name), WIDE, "light")
    page.wait_for_load_state("networkidle")
    assert page.title().endswith(" · Fairlead")
    levels = page.evaluate(HEADINGS)
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in zip(levels, levels[1:], strict=False)), levels
    assert without_a_ring(page) == []
    page.set_viewport_size(PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
