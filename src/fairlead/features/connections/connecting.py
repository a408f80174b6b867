"""Connecting a side: prove the credentials by a real call first, then store them sealed, with what the call told.

Connecting what is connected replaces credentials only: another account or org is refused, and nothing that was chosen is
forgotten (C14).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from fairlead.campaignmonitor import account as campaign_monitor
from fairlead.campaignmonitor.clients import ClientDetails
from fairlead.campaignmonitor.login import Login as AccountLogin
from fairlead.domain import record_id
from fairlead.domain.failure import FixTheSettings
from fairlead.features.connections import credentials, forgetting, rules
from fairlead.features.connections.credentials import AccountCredentials, OrgCredentials
from fairlead.features.connections.models import CampaignMonitorAccount, Client, SalesforceOrg, State
from fairlead.features.connections.records import BY_HAND, NoSuchClient
from fairlead.salesforce import client as salesforce
from fairlead.salesforce.login import Login as OrgLogin
from fairlead.store import audit, locks, orgs
from fairlead.store.models import Org


class NoClients(FixTheSettings):
    """The credentials are good, and there is nothing to sync."""

    code = "FL-314"
    next_step = "Sign in to the account rather than a client, or create a client in Campaign Monitor."


class OtherAccount(FixTheSettings):
    """The credentials are good, and those of another account than the connected one."""

    code = "FL-370"
    next_step = (
        "Sign in to the connected account, or run `fairlead disconnect campaign-monitor` first: "
        "records and settings of the former stay."
    )

    def __init__(self, known: int, found: int) -> None:
        super().__init__(
            f"This sign-in reaches {found} clients, none of them among the {known} of the connected account. "
            "Nothing was changed."
        )


class OtherOrg(FixTheSettings):
    """The credentials are good, and those of another org than the connected one."""

    code = "FL-371"
    next_step = (
        "Sign in to the connected org, or run `fairlead disconnect salesforce` first: "
        "records in the former org stay there."
    )

    def __init__(self, known: str, found: str) -> None:
        super().__init__(f"This sign-in leads to the org {found}; connected is {known}. Nothing was changed.")


class ConnectedElsewhere(FixTheSettings):
    """Two orgs of this installation would write to one Salesforce org."""

    code = "FL-653"
    next_step = "Change to the org that it is connected in, or disconnect it there first. Nothing was changed."

    def __init__(self) -> None:
        super().__init__("This Salesforce org is connected already, in another org of this installation.")


@dataclass(frozen=True, slots=True)
class FoundOrg:
    """What the org told of itself, and the id of the user who signed in."""

    instance_url: str
    org_id: str
    api_version: str
    user_id: str = ""


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
    """Keep the credentials and the account's clients; `selected` holds the ids to sync, empty for those of before.

    At first all are selected; later, new clients are not, and vanished ones stand as disconnected, selected as before.
    Raises NoSuchClient for an id that is none of the clients', OtherAccount.
    """
    found = {client.client_id for client in clients}
    for wanted in selected:
        if wanted not in found:
            raise NoSuchClient(wanted)
    with transaction.atomic():
        orgs.lock(org.pk)
        known = _known_clients(org, found)
        _write_account(org, base_url, clients, rules.selection(known, found, selected))
        _replace(org, credentials.CAMPAIGN_MONITOR, kept)
        after = Client.objects.filter(org=org, selected=True).values_list("client_id", flat=True)
        before = {"clients": sorted(client for client, chosen in known.items() if chosen)} if known else None
        act = "reconnect" if known else "connect"
        audit.record(org, by, act, "Campaign Monitor", before=before, after={"clients": sorted(after)})


def _known_clients(org: Org, found: Collection[str]) -> dict[str, bool]:
    """Whether each client of this account was selected; empty where the account is none that was connected before."""
    known = dict(Client.objects.filter(org=org).values_list("client_id", "selected"))
    if rules.same_account(known, found):
        return known
    account = CampaignMonitorAccount.objects.filter(org=org).first()
    if known and account is not None and account.state != State.DISCONNECTED:
        raise OtherAccount(len(known), len(found))
    return {}


def _write_account(org: Org, base_url: str, clients: Sequence[ClientDetails], selected: Mapping[str, bool]) -> None:
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
                "selected": selected[client.client_id],
                "state": State.CONNECTED,
            },
        )
    Client.objects.filter(org=org, last_message=BY_HAND).update(last_message="")
    Client.objects.filter(org=org).exclude(client_id__in=selected).update(state=State.DISCONNECTED)


async def read_org(login: OrgLogin) -> FoundOrg:
    """Sign in and ask who the org is. Raises SalesforceError."""
    async with salesforce.connect(login) as crm:
        identity = await crm.identity()
        return FoundOrg(await crm.instance_url(), identity.organization_id, crm.api_version, identity.user_id)


def store_salesforce(org: Org, login_url: str, kept: OrgCredentials, found: FoundOrg, by: str) -> None:
    """Keep the credentials and what the org told. The sync user's id is kept, the name is not. Raises OtherOrg,
    ConnectedElsewhere.

    Connecting another org than one that was disconnected forgets what was remembered of the records there.
    """
    with transaction.atomic():
        orgs.lock(org.pk)
        former = SalesforceOrg.objects.filter(org=org).first()
        act = _check_org(org, former, found, by)
        SalesforceOrg.objects.update_or_create(
            org=org,
            defaults={
                "login_url": login_url,
                "instance_url": found.instance_url,
                "org_id_18": record_id.to_18(found.org_id),
                "user_id": record_id.to_18(found.user_id),
                "api_version": found.api_version,
                "state": State.CONNECTED,
                "message": "",
                "checked_at": timezone.now(),
            },
        )
        _replace(org, credentials.SALESFORCE, kept)
        before = {"org": former.org_id_18, "user": former.user_id} if former else None
        audit.record(org, by, act, "Salesforce", before=before, after={"org": found.org_id, "user": found.user_id})


def _check_org(org: Org, former: SalesforceOrg | None, found: FoundOrg, by: str) -> str:
    """What connecting this org is called in the audit. Raises OtherOrg, ConnectedElsewhere."""
    elsewhere = SalesforceOrg.objects.exclude(org=org).exclude(state=State.DISCONNECTED)
    if elsewhere.filter(org_id_18=record_id.to_18(found.org_id)).exists():
        raise ConnectedElsewhere
    if former is None or not former.org_id_18:
        return "connect"
    if record_id.same_org(former.org_id_18, found.org_id):
        moved = former.user_id and not record_id.same_org(former.user_id, found.user_id)
        return "move sync user" if moved else "reconnect"
    if former.state != State.DISCONNECTED:
        raise OtherOrg(former.org_id_18, found.org_id)
    forgetting.forget_org(org, by)
    return "connect"


def _replace(org: Org, name: str, kept: credentials.Credentials) -> None:
    """After a renewal that is under way, which would else put the former ones back."""
    locks.take(credentials.lock_name(org, name))
    credentials.put(org, name, kept)
