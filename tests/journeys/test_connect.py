"""An admin at the terminal connects each side through the browser."""

import json

from playwright.sync_api import Page, expect

from tests.faults.person import connect, link_of
from tests.journeys.browser import Admin, free_port

SALESFORCE = ("salesforce", "--flow", "browser")
CAMPAIGN_MONITOR = ("campaign-monitor", "--browser")


def app_of(fairlead: Admin, words: tuple[str, ...]) -> dict[str, str]:
    """The application's credentials, as the command takes them from the environment."""
    assert fairlead.fairlead.emulators is not None
    line = fairlead.fairlead.emulators.line
    if words is SALESFORCE:
        of = line["salesforce"]
        return {"FAIRLEAD_SF_CLIENT_ID": of["client_id"], "FAIRLEAD_SF_CLIENT_SECRET": of["client_secret"]}
    of = line["campaign_monitor"]
    return {"FAIRLEAD_CM_CLIENT_ID": of["oauth_client_id"], "FAIRLEAD_CM_CLIENT_SECRET": of["oauth_client_secret"]}


def sign_in(fairlead: Admin, words: tuple[str, ...], button: str) -> tuple[Page, int, dict[str, object]]:
    """Runs the command, opens its link, presses the button: the page they end at, exit code and document."""
    back = f"http://127.0.0.1:{free_port()}/callback"
    process = connect(fairlead.fairlead, *words, "--callback", back, **app_of(fairlead, words))
    page = fairlead.stranger(link_of(process))
    page.get_by_role("button", name=button).click()
    expect(page.get_by_role("heading")).to_contain_text("sign")
    out, err = process.communicate(timeout=60)
    assert out, err
    return page, process.returncode, json.loads(out)


def test_an_admin_lets_fairlead_in_to_salesforce(fairlead: Admin) -> None:
    """The command prints a link, waits, and is done when Allow was pressed; the page says to go back to it."""
    page, code, told = sign_in(fairlead, SALESFORCE, "Allow")
    expect(page.get_by_role("heading")).to_have_text("You are signed in.")
    assert (code, str(told["org"])[:3]) == (0, "00D")
    fairlead.fairlead.sync()
    fairlead.fairlead.check()


def test_an_admin_lets_fairlead_in_to_campaign_monitor(fairlead: Admin) -> None:
    """The screen names what is asked for; afterwards syncs run with what was granted."""
    page, code, told = sign_in(fairlead, CAMPAIGN_MONITOR, "Allow access")
    expect(page.get_by_role("heading")).to_have_text("You are signed in.")
    assert code == 0
    assert told["clients"]
    fairlead.fairlead.sync()
    fairlead.fairlead.check()


def test_an_admin_who_denies_is_told_so_and_stays_connected(fairlead: Admin) -> None:
    """Page and terminal say what happened; syncs go on with what was there."""
    page, code, told = sign_in(fairlead, SALESFORCE, "Deny")
    expect(page.get_by_role("heading")).to_contain_text("The sign-in was refused")
    assert code == 1
    assert "denied" in json.dumps(told["error"])
    fairlead.fairlead.sync()
