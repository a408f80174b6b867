"""A payment fails and is mended: an admin subscribes at Stripe, schedules pause when the card is refused, and resume when it is not.

Stripe is localstripe with a front (`stripe_world`), which posts what happens, signed, to the installation.
"""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, Playwright, expect

from tests.conformance.stripe_world import BAD, KEY, SECRET, World, stripe_world
from tests.faults.installation import wait_until
from tests.journeys.browser import Admin, admin, keep_screenshot
from tests.journeys.test_accessibility import grave

PAUSED = "Schedules are paused: payment is due since"


@pytest.fixture(scope="module")
def stripe() -> Iterator[World]:
    with stripe_world() as world:
        yield world


@pytest.fixture(scope="module")
def hosted(playwright: Playwright, stripe: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Admin]:
    """An installation of somebody who bills, without days of grace: there is no waiting for them."""
    settings = {
        "FAIRLEAD_STRIPE_SECRET_KEY": KEY,
        "FAIRLEAD_STRIPE_WEBHOOK_SECRET": SECRET,
        "FAIRLEAD_STRIPE_PLANS": "2500=price_small,5000=price_large",
        "FAIRLEAD_STRIPE_URL": stripe.url,
        "FAIRLEAD_BILLING_TRIAL_DAYS": "0",
        "FAIRLEAD_BILLING_GRACE_DAYS": "0",
    }
    with admin(playwright, tmp_path_factory.mktemp("hosted") / "home", settings=settings) as opened:
        stripe.post_to(f"{opened.url}/billing/stripe/")
        yield opened


@pytest.fixture
def fairlead(hosted: Admin) -> Iterator[Admin]:
    """The admin of one journey. The browser must have had nothing to complain of."""
    hosted.wrong.clear()
    yield hosted
    hosted.tidy()
    assert hosted.wrong == []


def phase(fairlead: Admin, wanted: str) -> None:
    """Wait until the installation knows where it stands."""
    wait_until(lambda: fairlead.fairlead.run("billing", "status")["phase"] == wanted, 60)


def shown(page: Page, heading: str = "Billing") -> None:
    expect(page.get_by_role("heading", name=heading, level=1)).to_be_visible()
    assert grave(page) == []


@pytest.mark.slow
def test_a_payment_fails_and_is_mended(fairlead: Admin, stripe: World) -> None:
    """Subscribed at Stripe, counted, refused, paused with a banner and a message, mended at Stripe, resumed by itself."""
    assert fairlead.fairlead.run("billing", "count")["people"] > 0
    page = fairlead.page("/billing/")
    shown(page)
    expect(page.get_by_text("One address counts once")).to_be_visible()
    expect(page.get_by_text("8.00 EUR / month")).to_be_visible()
    keep_screenshot(page, "billing-trial")
    page.get_by_role("button", name="Subscribe").click()
    page.get_by_role("button", name="Pay and subscribe").click()
    shown(page)
    phase(fairlead, "paid")
    page.goto("/billing/")
    expect(page.get_by_text("Everything is paid.")).to_be_visible()
    expect(page.get_by_role("link", name="Download")).to_be_visible()
    assert grave(page) == []
    keep_screenshot(page, "billing-paid")

    customer = stripe.customers()[0]["id"]
    stripe.pay_by(customer, BAD)
    stripe.next_month(customer, stripe.call("GET", f"/v1/subscriptions?customer={customer}")["data"][0]["id"])
    phase(fairlead, "paused")
    page.goto("/sync/")
    expect(page.get_by_text(PAUSED)).to_be_visible()
    keep_screenshot(page, "billing-paused")
    page.goto("/maintenance/")
    expect(page.get_by_text(PAUSED).nth(1)).to_be_visible()
    page.get_by_role("link", name="Open billing").click()
    shown(page)
    page.get_by_role("button", name="Card, address and payments at Stripe").click()
    page.get_by_role("button", name="Put the card right").click()
    shown(page)
    phase(fairlead, "paid")
    page.goto("/billing/")
    expect(page.get_by_text("Everything is paid.")).to_be_visible()
    expect(page.get_by_text(PAUSED)).to_have_count(0)
    page.get_by_role("button", name="Send again").first.click()
    expect(page.get_by_text("Stripe sends the invoice")).to_be_visible()
    assert len(stripe.sent) == 1
    open_ones = fairlead.fairlead.run("messages", "list")["messages"]
    assert [one for one in open_ones if one["code"] == "FL-667" and one["state"] == "open"] == []
