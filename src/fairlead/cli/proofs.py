"""Credentials that a person proves in the browser, and the first call that proves them to us."""

import asyncio
import sys
import webbrowser
from collections.abc import Mapping
from urllib.parse import urlsplit

from fairlead.campaignmonitor import web_login as account_login
from fairlead.cli import callback as browser
from fairlead.features.connections import proving
from fairlead.features.connections.credentials import AccountGrant, OrgGrant
from fairlead.salesforce import web_login as org_login


async def of_account(base_url: str, client_id: str, client_secret: str, callback: str, *, paste: bool) -> AccountGrant:
    """What a person grants on Campaign Monitor's screen. Raises CampaignMonitorError, BadCallback, NobodyCame."""
    app, state = account_login.App(client_id, client_secret, callback), account_login.new_state()
    returned = await _signed_in(account_login.address(base_url, app, proving.SCOPES, state), callback, paste=paste)
    return await proving.redeemed_account(base_url, app, state, returned)


async def of_org(login_url: str, client_id: str, client_secret: str, callback: str, *, paste: bool) -> OrgGrant:
    """What a person grants on Salesforce's screen. Raises SalesforceError, BadCallback, NobodyCame."""
    app, pending = org_login.App(login_url, client_id, client_secret, callback), org_login.Pending()
    returned = await _signed_in(org_login.address(app, pending), callback, paste=paste)
    return await proving.redeemed(app, pending, returned)


def audience_of(login_url: str) -> str:
    """Whom a signed statement addresses: the login host, by whether the org is a sandbox; others say it themselves."""
    host = urlsplit(login_url).hostname or ""
    if not host.endswith(".salesforce.com"):
        return login_url
    sandbox = host == "test.salesforce.com" or ".sandbox." in host
    return "https://test.salesforce.com" if sandbox else "https://login.salesforce.com"


async def _signed_in(address: str, callback: str, *, paste: bool) -> Mapping[str, str]:
    """Sends the person there, and gives what they came back with."""
    if paste:
        _show(address)
        return await asyncio.to_thread(browser.pasted)
    async with browser.listening(callback) as came:
        _show(address)
        if sys.stdout.isatty():
            webbrowser.open(address)
        return await came()


def _show(address: str) -> None:
    print(f"Sign in here, then press Allow:\n{address}", file=sys.stderr, flush=True)
