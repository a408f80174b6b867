"""Credentials that a person proves in the browser, and the first call that proves them to us."""

import asyncio
import sys
import webbrowser
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

import aiohttp

from fairlead.campaignmonitor import web_login as account_login
from fairlead.campaignmonitor.clients import ClientDetails
from fairlead.campaignmonitor.login import ApiKey, KeptOAuth, MemoryKeeper
from fairlead.campaignmonitor.login import Login as AccountLogin
from fairlead.cli import callback as browser
from fairlead.features.connections import connecting, logins
from fairlead.features.connections.credentials import (
    AccountCredentials,
    AccountGrant,
    AccountKey,
    OrgCredentials,
    OrgGrant,
)
from fairlead.salesforce import web_login as org_login
from fairlead.salesforce.login import AccessToken
from fairlead.salesforce.login import Login as OrgLogin
from fairlead.store.models import Org

SCOPES: Final[tuple[account_login.Scope, ...]] = (
    "ViewReports", "ManageLists", "ImportSubscribers", "ViewSubscribersInReports", "AdministerAccount",
    "ViewTransactional", "SendTransactional", "Automation",
)  # fmt: skip
"""What the features need: no campaign is made or sent, no template or person changed."""


async def of_account(base_url: str, client_id: str, client_secret: str, callback: str, *, paste: bool) -> AccountGrant:
    """What a person grants on Campaign Monitor's screen. Raises CampaignMonitorError, BadCallback, NobodyCame."""
    app, state = account_login.App(client_id, client_secret, callback), account_login.new_state()
    returned = await _signed_in(account_login.address(base_url, app, SCOPES, state), callback, paste=paste)
    async with _session() as http:
        return AccountGrant.of(await account_login.redeem(http, base_url, app, state, returned))


async def of_org(login_url: str, client_id: str, client_secret: str, callback: str, *, paste: bool) -> OrgGrant:
    """What a person grants on Salesforce's screen. Raises SalesforceError, BadCallback, NobodyCame."""
    app, pending = org_login.App(login_url, client_id, client_secret, callback), org_login.Pending()
    returned = await _signed_in(org_login.address(app, pending), callback, paste=paste)
    async with _session() as http:
        granted = await org_login.redeem(http, app, pending, returned)
    session = granted.token
    return OrgGrant(
        client_id,
        client_secret,
        granted.refresh_token,
        session.access_token,
        session.instance_url,
        session.identity_path,
    )


async def tried_on_account(base_url: str, kept: AccountCredentials) -> tuple[AccountCredentials, list[ClientDetails]]:
    """The clients that the credentials reach, and the credentials as they are after that."""
    if isinstance(kept, AccountKey):
        return kept, await connecting.read_clients(base_url, ApiKey(kept.api_key))
    keeper = MemoryKeeper(kept.tokens)
    login: AccountLogin = KeptOAuth(keeper)
    clients = await connecting.read_clients(base_url, login)
    return AccountGrant.of(keeper.tokens), clients


def login_of(here: Org, login_url: str, kept: OrgCredentials) -> OrgLogin:
    """The login for the first call, before the credentials are kept: a granted session cannot be renewed yet."""
    if isinstance(kept, OrgGrant):
        return AccessToken(kept.instance_url, kept.access_token)
    return logins.to_org(here, login_url, kept)


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


def _session() -> aiohttp.ClientSession:
    timeout = aiohttp.ClientTimeout(total=120, sock_connect=15)
    return aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar(), trust_env=True)
