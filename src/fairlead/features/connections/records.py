"""The stored connections: which account and org, which clients are synced, and what is noted of them."""

from collections.abc import Sequence

from django.utils import timezone

from fairlead.domain.failure import FixTheSettings
from fairlead.features.connections.models import CampaignMonitorAccount, Client, SalesforceOrg, State
from fairlead.store.models import Org


class NoSuchClient(FixTheSettings):
    """No client of that id is selected, or none at all."""

    code = "FL-313"
    next_step = "`fairlead connect campaign-monitor` lists the account's clients and selects those to sync."

    def __init__(self, client_id: str) -> None:
        super().__init__(f"No client {client_id} is selected." if client_id else "No client is selected.")


def account(org: Org) -> CampaignMonitorAccount | None:
    """The connected account, if there is one."""
    return CampaignMonitorAccount.objects.filter(org=org).first()


def salesforce_org(org: Org) -> SalesforceOrg | None:
    """The connected Salesforce org, if there is one."""
    return SalesforceOrg.objects.filter(org=org).first()


def clients_to_sync(org: Org, client_id: str = "") -> list[Client]:
    """The selected clients, or the one named. Raises NoSuchClient where that leaves none."""
    clients = Client.objects.filter(org=org, selected=True)
    found = list(clients.filter(client_id=client_id) if client_id else clients)
    if not found:
        raise NoSuchClient(client_id)
    return found


def note_synced(org: Org, client_ids: Sequence[str]) -> None:
    """These clients were just synced to their end."""
    Client.objects.filter(org=org, client_id__in=client_ids).update(
        last_synced_at=timezone.now(), last_message="", state=State.CONNECTED
    )


def note_failure(org: Org, client_ids: Sequence[str], message: str) -> None:
    """The last run of these clients failed; `message` holds no personal data."""
    Client.objects.filter(org=org, client_id__in=client_ids).update(last_message=message, state=State.FAILING)
