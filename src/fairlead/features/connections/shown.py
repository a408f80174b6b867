"""The connections as pages, command line and API show them: ids, states and times of our own; nothing is asked of a side."""

from typing import Any

from fairlead.features.connections import records, rules
from fairlead.features.connections.models import CampaignMonitorAccount, Client, SalesforceOrg, State
from fairlead.store import setting_rows
from fairlead.store.models import Org


def clients(org: Org) -> list[dict[str, Any]]:
    """Every client that is known, with its owner's id (blank: the sync user)."""
    values = setting_rows.values(org)
    return [
        {
            "id": client.client_id,
            "name": client.name,
            "standing": client.standing,
            "selected": client.selected,
            "synced": client.synced,
            "live": client.synced and client.state == State.CONNECTED,
            "state": client.state,
            "last_synced_at": client.last_synced_at,
            "time_zone": client.time_zone,
            "owner": values.of(rules.OWNER, client.client_id),
            "message": client.last_message,
            "removing": client.removing_since is not None,
        }
        for client in Client.objects.filter(org=org)
    ]


def connections(org: Org) -> dict[str, Any]:
    """Both sides and the clients."""
    account, crm = records.account(org), records.salesforce_org(org)
    return {
        "campaign_monitor": account and {**_side(account), "address": account.base_url},
        "salesforce": crm
        and {
            **_side(crm),
            "address": crm.instance_url or crm.login_url,
            "org": crm.org_id_18,
            "user": crm.user_id,
            "api_version": crm.api_version,
        },
        "clients": clients(org),
    }


def _side(side: CampaignMonitorAccount | SalesforceOrg) -> dict[str, Any]:
    return {"state": side.state, "message": side.message, "checked_at": side.checked_at}
