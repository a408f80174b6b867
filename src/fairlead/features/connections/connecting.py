"""Connecting a side: prove the credentials by a real call first, then store them sealed, with what the call told."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from fairlead.campaignmonitor import account as campaign_monitor
from fairlead.campaignmonitor.clients import ClientDetails
from fairlead.campaignmonitor.login import Login as AccountLogin
from fairlead.domain.failure import FixTheSettings
from fairlead.features.connections import credentials
from fairlead.features.connections.credentials import AccountCredentials, OrgCredentials
from fairlead.features.connections.models import CampaignMonitorAccount, Client, SalesforceOrg, State
from fairlead.features.connections.records import NoSuchClient
from fairlead.salesforce import client as salesforce
from fairlead.salesforce.login import Login as OrgLogin
from fairlead.store import audit, locks
from fairlead.store.models import Org


class NoClients(FixTheSettings):
    """The credentials are good, and there is nothing to sync."""

    code = "FL-314"
    next_step = "Sign in to the account rather than a client, or create a client in Campaign Monitor."


@dataclass(frozen=True, slots=True)
class FoundOrg:
    """What the org told of itself."""

    instance_url: str
    org_id: str
    api_version: str


async def read_clients(base_url: str, login: AccountLogin) -> list[ClientDetails]:
    """The clients that the login reaches, with their settings. Raises CampaignMonitorError, or NoClients."""
    async with campaign_monitor.connect(base_url, login) as account:
        found = [await account.client(client.client_id) for client in await account.clients()]
    if not found:
        raise NoClients("This sign-in reaches no client.")
    return found


def store_campaign_monitor(
    org: Org,
    base_url: str,
    kept: AccountCredentials,
    clients: Sequence[ClientDetails],
    selected: Collection[str],
    by: str,
) -> None:
    """Keep the credentials and the account's clients; `selected` holds the ids to sync, empty for all.

    Raises NoSuchClient for an id that is none of the clients'.
    """
    known = {client.client_id for client in clients}
    for wanted in selected:
        if wanted not in known:
            raise NoSuchClient(wanted)
    with transaction.atomic():
        account, _ = CampaignMonitorAccount.objects.update_or_create(
            org=org,
            defaults={"base_url": base_url, "state": State.CONNECTED, "message": "", "checked_at": timezone.now()},
        )
        for client in clients:
            Client.objects.update_or_create(
                org=org,
                client_id=client.client_id,
                defaults={
                    "account": account,
                    "name": client.name,
                    "time_zone": client.time_zone,
                    "selected": not selected or client.client_id in selected,
                    "state": State.CONNECTED,
                },
            )
        Client.objects.filter(org=org).exclude(client_id__in=known).update(selected=False, state=State.DISCONNECTED)
        _replace(org, credentials.CAMPAIGN_MONITOR, kept)
        audit.record(org, by, "connect", "Campaign Monitor", after={"clients": sorted(selected or known)})


async def read_org(login: OrgLogin) -> FoundOrg:
    """Sign in and ask who the org is. Raises SalesforceError."""
    async with salesforce.connect(login) as crm:
        identity = await crm.identity()
        return FoundOrg(await crm.instance_url(), identity.organization_id, crm.api_version)


def store_salesforce(org: Org, login_url: str, kept: OrgCredentials, found: FoundOrg, by: str) -> None:
    """Keep the credentials and what the org told. The integration user's name is not kept."""
    with transaction.atomic():
        SalesforceOrg.objects.update_or_create(
            org=org,
            defaults={
                "login_url": login_url,
                "instance_url": found.instance_url,
                "org_id_18": found.org_id,
                "api_version": found.api_version,
                "state": State.CONNECTED,
                "message": "",
                "checked_at": timezone.now(),
            },
        )
        _replace(org, credentials.SALESFORCE, kept)
        audit.record(org, by, "connect", "Salesforce", after={"org": found.org_id})


def _replace(org: Org, name: str, kept: credentials.Credentials) -> None:
    """After a renewal that is under way, which would else put the former ones back."""
    locks.take(credentials.lock_name(org, name))
    credentials.put(org, name, kept)
