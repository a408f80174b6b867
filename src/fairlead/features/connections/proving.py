"""Credentials proved by a first real call, and what people grant in the browser made into credentials that can be kept."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Final

import aiohttp

from fairlead.campaignmonitor import web_login as account_login
from fairlead.campaignmonitor.clients import ClientDetails
from fairlead.campaignmonitor.login import ApiKey, KeptOAuth, MemoryKeeper
from fairlead.campaignmonitor.login import Login as AccountLogin
from fairlead.features.connections import connecting, logins
from fairlead.features.connections.connecting import FoundOrg
from fairlead.features.connections.credentials import (
    AccountCredentials,
    AccountGrant,
    AccountKey,
    OrgCredentials,
    OrgGrant,
)
from fairlead.salesforce import web_login
from fairlead.salesforce.login import AccessToken
from fairlead.salesforce.login import Login as OrgLogin
from fairlead.store.models import Org

SCOPES: Final[tuple[account_login.Scope, ...]] = (
    "ViewReports", "ManageLists", "ImportSubscribers", "ViewSubscribersInReports", "AdministerAccount",
    "ViewTransactional", "SendTransactional", "Automation",
)  # fmt: skip
"""What the features need of an account: no campaign is made or sent, no template or person changed."""


async def tried_on_account(base_url: str, kept: AccountCredentials) -> tuple[AccountCredentials, list[ClientDetails]]:
    """The clients that the credentials reach, and the credentials as they are after that. Raises CampaignMonitorError."""
    if isinstance(kept, AccountKey):
        return kept, await connecting.read_clients(base_url, ApiKey(kept.api_key))
    keeper = MemoryKeeper(kept.tokens)
    login: AccountLogin = KeptOAuth(keeper)
    clients = await connecting.read_clients(base_url, login)
    return AccountGrant.of(keeper.tokens), clients


async def tried_on_org(here: Org, login_url: str, kept: OrgCredentials) -> FoundOrg:
    """What the org tells to who signs in with these. Raises SalesforceError."""
    return await connecting.read_org(_login_of(here, login_url, kept))


async def redeemed(app: web_login.App, pending: web_login.Pending, returned: Mapping[str, str]) -> OrgGrant:
    """What a person granted on Salesforce's screen, from the query they came back with. Raises SalesforceError."""
    async with session() as http:
        granted = await web_login.redeem(http, app, pending, returned)
    token = granted.token
    return OrgGrant(
        app.client_id,
        app.client_secret,
        granted.refresh_token,
        token.access_token,
        token.instance_url,
        token.identity_path,
    )


async def redeemed_account(
    base_url: str, app: account_login.App, state: str, returned: Mapping[str, str]
) -> AccountGrant:
    """What a person granted on Campaign Monitor's screen. Raises CampaignMonitorError."""
    async with session() as http:
        return AccountGrant.of(await account_login.redeem(http, base_url, app, state, returned))


@asynccontextmanager
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    """For the calls of a sign-in."""
    timeout = aiohttp.ClientTimeout(total=120, sock_connect=15)
    async with aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar(), trust_env=True) as http:
        yield http


def _login_of(here: Org, login_url: str, kept: OrgCredentials) -> OrgLogin:
    """The login for the first call, before the credentials are kept: a granted session cannot be renewed yet."""
    if isinstance(kept, OrgGrant):
        return AccessToken(kept.instance_url, kept.access_token)
    return logins.to_org(here, login_url, kept)
