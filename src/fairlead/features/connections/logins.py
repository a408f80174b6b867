"""Logins from kept credentials. What a refresh gives is sealed before it is used; one refresh serves all processes."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass

import msgspec
from asgiref.sync import sync_to_async

from fairlead.campaignmonitor import login as campaign_monitor
from fairlead.domain.failure import WaitAndRetry
from fairlead.features.connections import credentials
from fairlead.features.connections.credentials import (
    AccountCredentials,
    AccountGrant,
    AccountKey,
    OrgApp,
    OrgCredentials,
    OrgGrant,
    OrgStatement,
)
from fairlead.salesforce import kept_login
from fairlead.salesforce import login as salesforce
from fairlead.store.locks import only_one
from fairlead.store.models import Org


def to_account(org: Org, kept: AccountCredentials) -> campaign_monitor.Login:
    """The login to Campaign Monitor."""
    if isinstance(kept, AccountKey):
        return campaign_monitor.ApiKey(kept.api_key)
    return campaign_monitor.KeptOAuth(SealedTokens(org))


def to_org(org: Org, login_url: str, kept: OrgCredentials) -> salesforce.Login:
    """The login to Salesforce."""
    if isinstance(kept, OrgApp):
        return salesforce.ClientCredentials(login_url, kept.client_id, kept.client_secret)
    if isinstance(kept, OrgStatement):
        key = kept.private_key.encode()
        return salesforce.JwtBearer(login_url, kept.client_id, kept.username, key, kept.audience)
    return kept_login.KeptRefresh(login_url, kept.client_id, kept.client_secret, SealedSession(org))


class ConnectedAnew(WaitAndRetry):
    """A side was connected in another way, or disconnected, while it was in use."""

    code = "FL-112"
    next_step = "Nothing need be done: the next try signs in the new way, or says that the side is not connected."

    def __init__(self, side: str) -> None:
        super().__init__(f"{side} was connected in another way, or disconnected, meanwhile.")


@dataclass(frozen=True, slots=True)
class SealedTokens:
    """Campaign Monitor's tokens in the database, for one holder at a time; see `TokenKeeper`."""

    org: Org

    @asynccontextmanager
    async def hold(self) -> AsyncIterator["HeldGrant"]:
        """The newest tokens. Raises ConnectedAnew, CannotOpenSecret, psycopg.OperationalError."""
        async with only_one(credentials.lock_name(self.org, credentials.CAMPAIGN_MONITOR)):
            kept = await sync_to_async(credentials.account)(self.org)
            if not isinstance(kept, AccountGrant):
                raise ConnectedAnew("Campaign Monitor")
            yield HeldGrant(self.org, kept.tokens)


@dataclass(slots=True)
class HeldGrant:
    """Tokens while nobody else may replace them."""

    org: Org
    tokens: campaign_monitor.Tokens

    async def keep(self, tokens: campaign_monitor.Tokens) -> None:
        """Seal these in place of the former. Raises ConnectedAnew where the side was disconnected meanwhile."""
        grant = AccountGrant.of(tokens)
        if not await sync_to_async(credentials.renew)(self.org, credentials.CAMPAIGN_MONITOR, grant):
            raise ConnectedAnew("Campaign Monitor")
        self.tokens = tokens


@dataclass(frozen=True, slots=True)
class SealedSession:
    """Salesforce's refresh token and last session in the database; see `Keeper`."""

    org: Org

    def lock(self) -> AbstractAsyncContextManager[None]:
        """Held by one holder at a time, among all processes."""
        return only_one(credentials.lock_name(self.org, credentials.SALESFORCE))

    async def load(self) -> kept_login.Kept:
        """What was sealed last. Raises ConnectedAnew, CannotOpenSecret."""
        kept = await self._grant()
        return kept_login.Kept(kept.refresh_token, kept.token)

    async def store(self, kept: kept_login.Kept) -> None:
        """Seal these in place of the former. Raises ConnectedAnew where the side was disconnected meanwhile."""
        fresh = {"refresh_token": kept.refresh_token}
        if kept.token is not None:
            fresh |= {
                "access_token": kept.token.access_token,
                "instance_url": kept.token.instance_url,
                "identity_path": kept.token.identity_path,
            }
        grant = msgspec.structs.replace(await self._grant(), **fresh)
        if not await sync_to_async(credentials.renew)(self.org, credentials.SALESFORCE, grant):
            raise ConnectedAnew("Salesforce")

    async def _grant(self) -> OrgGrant:
        kept = await sync_to_async(credentials.salesforce)(self.org)
        if not isinstance(kept, OrgGrant):
            raise ConnectedAnew("Salesforce")
        return kept
