"""An admin whose people say stop, on either side: what they see, and why."""

import base64
import json
import urllib.request
from collections.abc import Iterator
from typing import Any, Final

import pytest
from playwright.sync_api import Page, Playwright, expect

from tests.conformance.opt_world import seed
from tests.faults.installation import wait_until
from tests.journeys.browser import ACTIVE, Admin, admin

ANN: Final = "ann@example.com"
BOX: Final = "HasOptedOutOfEmail"


@pytest.fixture(scope="module")
def small(playwright: Playwright, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Admin]:
    """An installation with one client, of which nobody has decided anything yet."""
    sides = {"campaign_monitor": seed("First"), "salesforce": {}}
    with admin(playwright, tmp_path_factory.mktemp("opt status") / "home", sides) as opened:
        opened.fairlead.sync()
        yield opened


def account(opened: Admin, method: str, path: str, body: Any = None) -> Any:
    """A call of the account's own API."""
    assert opened.fairlead.emulators is not None
    line = opened.fairlead.emulators.line["campaign_monitor"]
    key = base64.b64encode(f"{line['api_key']}:x".encode()).decode()
    headers = {"Authorization": f"Basic {key}", "Content-Type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{line['url']}/api/v3.3/{path}.json", data, headers, method=method)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.loads(answer.read() or b"null")


def act(opened: Admin, **what: Any) -> Any:
    """What a person does in the org."""
    assert opened.fairlead.emulators is not None
    return opened.fairlead.emulators.post("salesforce", "/_control/act", what)


def ticked(opened: Admin, record: str) -> bool:
    assert opened.fairlead.emulators is not None
    rows = opened.fairlead.emulators.get("salesforce", f"/_control/records?object=Contact&fields=Id,{BOX}")
    return next(bool(row[BOX]) for row in rows if row["Id"] == record)


def click_and_wait(opened: Admin, page: Page, button: str) -> None:
    """A button of the overview, and the end of its job."""
    page.get_by_role("button", name=button, exact=True).first.click()
    expect(page.get_by_text("was asked for.")).to_be_visible()
    wait_until(lambda: not opened.fairlead.rows(ACTIVE), 60)
    page.goto("/opt-status/")


def test_somebody_leaves_is_ticked_and_a_cleared_tick_comes_back_with_the_reason(small: Admin) -> None:
    """Preview, baseline; unsubscribed there is ticked here; cleared here is ticked again, and the page says why."""
    client = account(small, "GET", "clients")[0]["ClientID"]
    first = account(small, "GET", f"clients/{client}/lists")[0]["ListID"]
    person = {"EmailAddress": ANN, "Name": "Ann", "ConsentToTrack": "Yes"}
    account(small, "POST", f"subscribers/{first}", person)
    record = act(small, act="create", object="Contact", fields={"LastName": "Ann", "Email": ANN})["id"]

    page = small.page("/opt-status/")
    expect(page.get_by_text("The first run is your decision.")).to_be_visible()
    click_and_wait(small, page, "Preview")
    expect(page.get_by_text("Addresses looked at")).to_be_visible()
    click_and_wait(small, page, "Confirm the baseline")
    expect(page.get_by_text("Last run:")).to_be_visible()

    account(small, "POST", f"subscribers/{first}/unsubscribe", {"EmailAddress": ANN})
    assert not ticked(small, record)
    click_and_wait(small, page, "Run now")
    assert ticked(small, record)

    act(small, act="edit", object="Contact", id=record, fields={BOX: False})
    click_and_wait(small, page, "Run now")
    assert ticked(small, record)

    page.get_by_role("link", name="Explain an address").click()
    page.get_by_label("E-mail address").fill(ANN)
    page.keyboard.press("Enter")
    lines = page.get_by_role("region", name="History").get_by_role("row")
    expect(lines.nth(1)).to_contain_text("Salesforce shows in without a consent: out again.")
    expect(page.get_by_role("heading", name="First: out")).to_be_visible()
    assert "@" not in page.url

    page.goto("/opt-status/report/")
    page.get_by_role("link", name="Read both sides now").click()
    expect(page.get_by_text("Both sides agree about everybody.")).to_be_visible()
    small.tidy()
    assert small.wrong == []
