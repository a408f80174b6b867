"""Questions to the sides from pages and the API: each a plain call that raises Failures only."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from asgiref.sync import async_to_sync
from django.conf import settings

from fairlead.campaignmonitor import web_login as account_login
from fairlead.features.connections import acts, connecting, owners, proving, records, sync_user
from fairlead.features.connections.acts import Removal
from fairlead.features.connections.credentials import AccountCredentials, OrgCredentials
from fairlead.features.connections.opening import open_campaign_monitor, open_salesforce
from fairlead.features.connections.owners import User
from fairlead.features.connections.sync_user import SyncUser
from fairlead.salesforce import web_login
from fairlead.salesforce.client import Salesforce
from fairlead.store.models import Org
from fairlead.sync.failures import campaign_monitor_failures, salesforce_failures

T = TypeVar("T")
MOST_COUNTED: Final = 200
"""Lists of a client whose subscribers are counted while a person waits."""


def users(org: Org, text: str) -> list[User]:
    """Active users whose name holds the text."""
    return _ask(org, lambda crm: owners.search(crm, text))


def user(org: Org, user_id: str) -> User | None:
    """One active user by id of 18 characters; None where there is none."""
    return _ask(org, lambda crm: owners.active(crm, [user_id])).get(user_id)


def choose_owner(org: Org, client_id: str, user_id: str, by: str) -> str:
    """See `owners.choose`."""
    return _ask(org, lambda crm: owners.choose(crm, org, client_id, user_id, by))


def removal(org: Org, client_id: str) -> Removal:
    """See `acts.removal`."""
    return _ask(org, lambda crm: acts.removal(crm, org, client_id))


def who(org: Org) -> SyncUser:
    """The sync user, without a look at rights."""
    return _ask(org, sync_user.who)


def who_and_rights(org: Org) -> SyncUser:
    """The sync user and the rights that are missing."""
    return _ask(org, sync_user.look)


def connect_account(org: Org, credentials: AccountCredentials, by: str) -> None:
    """Prove the credentials, then connect the account, or replace those of the connected one. Raises OtherAccount."""
    url = settings.FAIRLEAD_CAMPAIGN_MONITOR_URL
    with campaign_monitor_failures("sign in"):
        kept, clients = async_to_sync(proving.tried_on_account)(url, credentials)
    connecting.store_campaign_monitor(org, url, kept, clients, (), by)


def connect_org(org: Org, login_url: str, kept: OrgCredentials, by: str) -> None:
    """Prove the credentials, then connect the org, or replace those of the connected one. Raises OtherOrg."""
    with salesforce_failures("sign in"):
        found = async_to_sync(proving.tried_on_org)(org, login_url, kept)
    connecting.store_salesforce(org, login_url, kept, found, by)


def redeem(app: web_login.App, pending: web_login.Pending, returned: dict[str, str]) -> OrgCredentials:
    """What a person granted in the browser."""
    with salesforce_failures("sign in"):
        return async_to_sync(proving.redeemed)(app, pending, returned)


def sign_in_address(app: web_login.App, pending: web_login.Pending) -> str:
    """Where the person grants it."""
    with salesforce_failures("sign in"):
        return web_login.address(app, pending)


def _ask(org: Org, question: Callable[[Salesforce], Awaitable[T]]) -> T:
    async def work() -> T:
        async with open_salesforce(org) as crm:
            return await question(crm)

    return async_to_sync(work)()


def account_sign_in_address(app: account_login.App, state: str) -> str:
    """Where a person lets Fairlead in to Campaign Monitor."""
    return account_login.address(settings.FAIRLEAD_CAMPAIGN_MONITOR_URL, app, proving.SCOPES, state)


def redeem_account(app: account_login.App, state: str, returned: dict[str, str]) -> AccountCredentials:
    """What a person granted on Campaign Monitor's screen."""
    with campaign_monitor_failures("sign in"):
        return async_to_sync(proving.redeemed_account)(settings.FAIRLEAD_CAMPAIGN_MONITOR_URL, app, state, returned)


@dataclass(frozen=True, slots=True)
class Counted:
    """How many lists a client has, and how many active subscribers; `counted` lists of them were asked."""

    lists: int
    subscribers: int
    counted: int


def count_client(org: Org, client_id: str) -> Counted:
    """Lists and active subscribers of a client, from Campaign Monitor's own counters. Raises a Failure.

    Beyond `MOST_COUNTED` lists the subscribers of the others are left out: `counted` then is less than `lists`.
    """
    records.client(org, client_id)

    async def work() -> Counted:
        async with open_campaign_monitor(org) as account:
            with campaign_monitor_failures("count the subscribers of a client"):
                lists = await account.lists(client_id)
                asked = [account.list_stats(each.list_id) for each in lists[:MOST_COUNTED]]
                stats = await asyncio.gather(*asked)
        return Counted(len(lists), sum(each.active for each in stats), len(stats))

    return async_to_sync(work)()
