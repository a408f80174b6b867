"""An admin at the terminal connects each side through the browser."""

import json
import subprocess
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.faults.person import connect, link_of
from tests.journeys.browser import Admin, free_port

pytestmark = pytest.mark.timeout(120)


def visit(fairlead: Admin, process: "subprocess.Popen[str]", press: Callable[[Page], None]) -> Page:
    page = fairlead.stranger(link_of(process))
    press(page)
    return page


def test_an_admin_lets_fairlead_in_to_salesforce(fairlead: Admin) -> None:
    """The command prints a link, waits, and is done when Allow was pressed; the page says to go back to it."""
    assert fairlead.fairlead.emulators is not None
    line = fairlead.fairlead.emulators.line["salesforce"]
    app = {"FAIRLEAD_SF_CLIENT_ID": line["client_id"], "FAIRLEAD_SF_CLIENT_SECRET": line["client_secret"]}
    back = f"http://127.0.0.1:{free_port()}/callback"
    process = connect(fairlead.fairlead, "salesforce", "--flow", "browser", "--callback", back, **app)
    page = visit(fairlead, process, lambda page: page.get_by_role("button", name="Allow").click())
    expect(page.get_by_role("heading")).to_have_text("You are signed in.")
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert json.loads(out)["org"].startswith("00D")
    fairlead.fairlead.sync()
    fairlead.fairlead.check()


def test_an_admin_lets_fairlead_in_to_campaign_monitor(fairlead: Admin) -> None:
    """The screen names what is asked for; afterwards syncs run with what was granted."""
    assert fairlead.fairlead.emulators is not None
    line = fairlead.fairlead.emulators.line["campaign_monitor"]
    app = {
        "FAIRLEAD_CM_CLIENT_ID": line["oauth_client_id"],
        "FAIRLEAD_CM_CLIENT_SECRET": line["oauth_client_secret"],
    }
    back = f"http://127.0.0.1:{free_port()}/callback"
    process = connect(fairlead.fairlead, "campaign-monitor", "--browser", "--callback", back, **app)
    page = visit(fairlead, process, lambda page: page.get_by_role("button", name="Allow access").click())
    expect(page.get_by_role("heading")).to_have_text("You are signed in.")
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert json.loads(out)["clients"]
    fairlead.fairlead.sync()
    fairlead.fairlead.check()


def test_an_admin_who_denies_is_told_so_and_stays_connected(fairlead: Admin) -> None:
    """Page and terminal say what happened; syncs go on with what was there."""
    assert fairlead.fairlead.emulators is not None
    line = fairlead.fairlead.emulators.line["salesforce"]
    app = {"FAIRLEAD_SF_CLIENT_ID": line["client_id"], "FAIRLEAD_SF_CLIENT_SECRET": line["client_secret"]}
    back = f"http://127.0.0.1:{free_port()}/callback"
    process = connect(fairlead.fairlead, "salesforce", "--flow", "browser", "--callback", back, **app)
    page = visit(fairlead, process, lambda page: page.get_by_role("button", name="Deny").click())
    expect(page.get_by_role("heading")).to_contain_text("The sign-in was refused")
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "denied" in json.loads(out)["error"]["text"]
    fairlead.fairlead.sync()
