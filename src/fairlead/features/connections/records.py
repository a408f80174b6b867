"""The stored connections: which account and org, which clients are synced, and what is noted of them."""

from collections.abc import Sequence
from typing import Final

from django.db.models import QuerySet
from django.utils import timezone

from fairlead.domain.failure import FixTheSettings
from fairlead.features.connections.models import CampaignMonitorAccount, Client, SalesforceOrg, State
from fairlead.store.models import Org
from fairlead.sync.stage import ClientScope

BY_HAND: Final = "Disconnected by hand."
"""What stands beside a client that people disconnected, rather than one that the account no longer shows."""


class NoSuchClient(FixTheSettings):
    """No client of that id is selected, or none at all."""

    code = "FL-313"
    next_step = "`fairlead clients list` shows the account's clients, `fairlead clients select` selects those to sync."

    def __init__(self, client_id: str) -> None:
        super().__init__(f"No client {client_id} is selected." if client_id else "No client is selected.")


class UnknownClient(FixTheSettings):
    """The account has no client of that id, as far as it was asked."""

    code = "FL-372"
    status = 404
    next_step = "`fairlead clients list` shows those there are; connecting again looks for new ones."

    def __init__(self, client_id: str) -> None:
        super().__init__(f"There is no client {client_id}.")


def account(org: Org) -> CampaignMonitorAccount | None:
    """The connected account, if there is one."""
    return CampaignMonitorAccount.objects.filter(org=org).first()


def salesforce_org(org: Org) -> SalesforceOrg | None:
    """The connected Salesforce org, if there is one."""
    return SalesforceOrg.objects.filter(org=org).first()


def client(org: Org, client_id: str) -> Client:
    """One client, selected or not. Raises UnknownClient."""
    found = Client.objects.filter(org=org, client_id=client_id).first()
    if found is None:
        raise UnknownClient(client_id)
    return found


def clients_to_sync(org: Org, client_id: str = "") -> list[Client]:
    """The selected clients that are connected, or the one named. Raises NoSuchClient where that leaves none."""
    clients = Client.objects.filter(org=org, selected=True, removing_since=None).exclude(state=State.DISCONNECTED)
    found = list(clients.filter(client_id=client_id) if client_id else clients)
    if not found:
        raise NoSuchClient(client_id)
    return found


def scopes_to_sync(org: Org) -> list[ClientScope]:
    """`clients_to_sync` for runs that make nothing which somebody would own. Raises NoSuchClient."""
    return [ClientScope(one.client_id, one.name, one.time_zone) for one in clients_to_sync(org)]


def selected(org: Org) -> set[str]:
    """Ids of the selected clients, connected or not."""
    return set(Client.objects.filter(org=org, selected=True).values_list("client_id", flat=True))


def note_synced(org: Org, client_ids: Sequence[str]) -> None:
    """These clients were just synced to their end."""
    _living(org, client_ids).update(last_synced_at=timezone.now(), last_message="", state=State.CONNECTED)


def note_settings(org: Org, client_id: str, name: str, time_zone: str) -> None:
    """What a client is called now, and the time zone that its dates are told in."""
    Client.objects.filter(org=org, client_id=client_id).update(name=name, time_zone=time_zone)


def note_failure(org: Org, client_ids: Sequence[str], message: str) -> None:
    """The last run of these clients failed; `message` holds no personal data."""
    _living(org, client_ids).update(last_message=message, state=State.FAILING)


def _living(org: Org, client_ids: Sequence[str]) -> QuerySet[Client]:
    """Those that nobody disconnected meanwhile."""
    return Client.objects.filter(org=org, client_id__in=client_ids).exclude(state=State.DISCONNECTED)
