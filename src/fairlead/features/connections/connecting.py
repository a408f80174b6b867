"""Connecting a side: prove the credentials by a real call first, then store them sealed, with what the call told."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from fairlead.campaignmonitor import account as campaign_monitor
from fairlead.campaignmonitor.clients import ClientDetails
from fairlead.campaignmonitor.login import ApiKey
from fairlead.domain.failure import FixTheSettings
from fairlead.features.connections.models import CampaignMonitorAccount, Client, SalesforceOrg, State
from fairlead.features.connections.records import NoSuchClient
from fairlead.salesforce import client as salesforce
from fairlead.salesforce.login import ClientCredentials
from fairlead.store import audit, secrets
from fairlead.store.models import Org


class NoClients(FixTheSettings):
    """The credentials are good, and there is nothing to sync."""

    code = "FL-314"
    next_step = "Use an API key of the account, or create a client in Campaign Monitor."


@dataclass(frozen=True, slots=True)
class FoundOrg:
    """What the org told of itself."""

    instance_url: str
    org_id: str
    api_version: str


async def read_clients(base_url: str, api_key: str) -> list[ClientDetails]:
    """The clients that the key reaches, with their settings. Raises CampaignMonitorError, or NoClients."""
    async with campaign_monitor.connect(base_url, ApiKey(api_key)) as account:
        found = [await account.client(client.client_id) for client in await account.clients()]
    if not found:
        raise NoClients("This API key reaches no client.")
    return found


def store_campaign_monitor(
    org: Org, base_url: str, api_key: str, clients: Sequence[ClientDetails], selected: Collection[str], by: str
) -> None:
    """Keep the key and the account's clients; `selected` holds the ids to sync, empty for all.

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
        secrets.put(org, "campaign_monitor", json.dumps({"api_key": api_key.strip()}))
        audit.record(org, by, "connect", "Campaign Monitor", after={"clients": sorted(selected or known)})


async def read_org(login_url: str, client_id: str, client_secret: str) -> FoundOrg:
    """Sign in with client credentials and ask who the org is. Raises SalesforceError."""
    async with salesforce.connect(ClientCredentials(login_url, client_id, client_secret)) as crm:
        identity = await crm.identity()
        return FoundOrg(await crm.instance_url(), identity.organization_id, crm.api_version)


def store_salesforce(org: Org, login_url: str, client_id: str, client_secret: str, found: FoundOrg, by: str) -> None:
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
        stored = {"flow": "client_credentials", "client_id": client_id, "client_secret": client_secret}
        secrets.put(org, "salesforce", json.dumps(stored))
        audit.record(org, by, "connect", "Salesforce", after={"org": found.org_id})
